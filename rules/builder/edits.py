"""What people do with the rows and groups of a rule: add, delete, copy, move, turn off, put in a group."""

from collections.abc import Callable
from dataclasses import replace

from rules.builder.model import DEEPEST, Group, How, Part, Path, Row, part_at

Change = Callable[[Part], tuple[Part, ...]]


def may_hold_groups(path: Path) -> bool:
    """Say whether a group at a path may have groups in it."""
    return len(path) < DEEPEST


def add_part(group: Group, path: Path, part: Part) -> Group:
    """Return the rule with a part at the end of the group at a path; unchanged when no group is there."""
    within = part_at(group, path)
    return replace_group(group, path, (*within.parts, part)) if isinstance(within, Group) else group


def add_row(group: Group, path: Path) -> Group:
    """Return the rule with an empty row at the end of a group."""
    return add_part(group, path, Row())


def add_group(group: Group, path: Path) -> Group:
    """Return the rule with a new group of one empty row at the end of a group, joined the other way."""
    within = part_at(group, path)
    if not isinstance(within, Group) or not may_hold_groups(path):
        return group
    how: How = "any" if within.how == "all" else "all"
    return add_part(group, path, Group(how, (Row(),)))


def delete(group: Group, path: Path) -> Group:
    """Return the rule without a part; a group goes with its last part, the rule itself stays."""
    if not path:
        return group
    above = part_at(group, path[:-1])
    if len(path) > 1 and isinstance(above, Group) and len(above.parts) == 1:
        return delete(group, path[:-1])
    return _changed(group, path, lambda _: ())


def duplicate(group: Group, path: Path) -> Group:
    """Return the rule with a part twice, one behind the other."""
    return _changed(group, path, lambda part: (part, part)) if path else group


def turn(group: Group, path: Path, *, off: bool) -> Group:
    """Return the rule with a part turned off, or on again."""
    return _changed(group, path, lambda part: (replace(part, off=off),)) if path else group


def put_in_group(group: Group, path: Path) -> Group:
    """Return the rule with a part in a group of its own; unchanged where no group may stand."""
    above = part_at(group, path[:-1])
    part = part_at(group, path)
    if not path or not isinstance(above, Group) or isinstance(part, Group) or not may_hold_groups(path[:-1]):
        return group
    how: How = "any" if above.how == "all" else "all"
    return _changed(group, path, lambda part: (Group(how, (part,)),))


def move(group: Group, path: Path, by: int) -> Group:
    """Return the rule with a part moved up (-1) or down (1) among its neighbours, never out of its group."""
    above = part_at(group, path[:-1])
    target = path[-1] + by if path else -1
    if not path or not isinstance(above, Group) or part_at(group, path) is None or not 0 <= target < len(above.parts):
        return group
    parts = list(above.parts)
    parts[path[-1]], parts[target] = parts[target], parts[path[-1]]
    return replace_group(group, path[:-1], tuple(parts))


def replace_group(group: Group, path: Path, parts: tuple[Part, ...]) -> Group:
    """Return the rule with other parts in the group at a path; unchanged when no group is there."""
    return _changed(group, path, lambda found: (replace(found, parts=parts) if isinstance(found, Group) else found,))


def replace_part(group: Group, path: Path, part: Part) -> Group:
    """Return the rule with another part at a path."""
    return _changed(group, path, lambda _: (part,))


def _changed(group: Group, path: Path, change: Change) -> Group:
    """Return the rule with what a change makes of the part at a path; unchanged when there is none."""
    if not path:
        [changed] = change(group)
        return changed if isinstance(changed, Group) else group
    number, *rest = path
    if not 0 <= number < len(group.parts):
        return group
    part = group.parts[number]
    if rest:
        made: tuple[Part, ...] = (_changed(part, tuple(rest), change) if isinstance(part, Group) else part,)
    else:
        made = change(part)
    return replace(group, bare=False, parts=(*group.parts[:number], *made, *group.parts[number + 1 :]))
