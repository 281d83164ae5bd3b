"""Leads for people: the list, and everything that happened to one of them."""
