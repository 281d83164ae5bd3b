"""Accounts and the people in them: signing in and out, sessions, and who may open which route."""
