"""Handing a lead to a buyer, and reading what the buyer said."""
