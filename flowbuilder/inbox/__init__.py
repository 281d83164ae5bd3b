"""Inboxes: the leads that buyers get inside the app; and their pages."""
