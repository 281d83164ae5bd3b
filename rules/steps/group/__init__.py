"""Group: offers the lead to several buyers by a mode, until enough of them have bought it."""

from rules.steps.group.deal import Deal
from rules.steps.group.group import Group
from rules.steps.group.reading import read_group
from rules.steps.group.rows import Row

__all__ = ["Deal", "Group", "Row", "read_group"]
