"""Flows: make them, change the draft, publish, pause, go back; and their pages."""
