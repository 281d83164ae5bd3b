"""Reviewing a draft before it goes live, its impact on leads that came already, and publishing at a time."""
