"""The first page: today's numbers and what needs a person."""
