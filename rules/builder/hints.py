"""What a rule says beyond its words: a negative comparison is true of leads that do not have the field at all."""

from rules.builder import edits
from rules.builder.comparisons import COMPARISONS
from rules.builder.model import DEEPEST, Group, Path, Row, part_at

FILLED = "filled"


def lets_blank_in(group: Group, path: Path) -> bool:
    """Say whether a row also lets in leads that have no value there, and nothing beside it asks for one."""
    row = part_at(group, path)
    if not isinstance(row, Row) or row.off or not row.field or not COMPARISONS[row.comparison].is_negative:
        return False
    above = [part_at(group, path[:length]) for length in range(len(path))]
    groups = [part for part in above if isinstance(part, Group)]
    if any(one.how == "none" or one.off for one in groups):
        return False
    return not any(_asks_for(one, row.field) for one in groups if one.how == "all")


def add_filled(group: Group, path: Path) -> Group:
    """Return the rule with “is filled in” beside a row: next to it, or in a group with it where any is enough."""
    row, above = part_at(group, path), part_at(group, path[:-1])
    if not isinstance(row, Row) or not isinstance(above, Group):
        return group
    asked = Row(row.field, FILLED)
    if above.how == "all":
        at = path[-1] + 1
        parts = (*above.parts[:at], asked, *above.parts[at:])
        return edits.replace_group(group, path[:-1], parts)
    if len(path) > DEEPEST:
        return group
    return edits.replace_part(group, path, Group("all", (row, asked)))


def may_add_filled(group: Group, path: Path) -> bool:
    """Say whether there is room for “is filled in” beside a row."""
    above = part_at(group, path[:-1])
    return isinstance(above, Group) and (above.how == "all" or len(path) <= DEEPEST)


def _asks_for(group: Group, field: str) -> bool:
    """Return whether a row of a group is only true of leads that have a field."""
    rows = (part for part in group.parts if isinstance(part, Row) and not part.off and part.field == field)
    return any(not COMPARISONS[row.comparison].is_negative and row.comparison != "blank" for row in rows)
