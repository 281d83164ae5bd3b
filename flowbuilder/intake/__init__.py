"""Intake: posts from suppliers become leads, each stored before it is answered."""
