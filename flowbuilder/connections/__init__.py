"""Connections to buyers: destinations, their secrets, test calls; and their pages."""
