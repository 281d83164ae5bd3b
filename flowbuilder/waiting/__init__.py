"""Leads that wait: the list, and what people decide about many of them at once."""
