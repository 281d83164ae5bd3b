"""Benchmarks: each module is one command that prints a table; none of them is a test."""
