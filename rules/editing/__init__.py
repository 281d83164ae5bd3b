"""Editing a flow's document: each edit takes a document and returns another, and touches nothing that it does not know.

Pure: ids of new steps are handed in, names of buyers too.
"""

from rules.editing.adding import add_row, add_step, as_group, duplicate, paste
from rules.editing.edited import Edit, Edited, Gone, NotPossible, Overlap, Remark, Talk
from rules.editing.moving import arrange, move, move_to
from rules.editing.setting import replace_document, set_settings, settle, turn
from rules.editing.taking_out import delete
from rules.editing.tree import settings_of

__all__ = [
    "Edit",
    "Edited",
    "Gone",
    "NotPossible",
    "Overlap",
    "Remark",
    "Talk",
    "add_row",
    "add_step",
    "arrange",
    "as_group",
    "delete",
    "duplicate",
    "move",
    "move_to",
    "paste",
    "replace_document",
    "set_settings",
    "settings_of",
    "settle",
    "turn",
]
