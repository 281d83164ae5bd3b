"""Drafts and their history: the one way in which a draft changes, undo and redo, conflicts, who else is there."""
