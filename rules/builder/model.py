"""A rule as it is built: groups of conditions, each a row with a field, a comparison and what stands beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as field_setting
from typing import Literal, get_args

How = Literal["all", "any", "none"]
HOWS: tuple[How, ...] = get_args(How)
DEEPEST = 2
"""How deep a group can stand in the rule; the rule itself is a group at depth 0."""

Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One condition: the path of its field, the key of its comparison, and what stands beside, as the rule has it.

    A field or a value that is not chosen yet is "". `unlisted` notes that the field stands there without a list.
    """

    field: str = ""
    comparison: str = "filled"
    values: tuple[object, ...] = ()
    off: bool = False
    unlisted: bool = field_setting(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A part of a rule that cannot be drawn, as it is written."""

    rule: object
    off: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of which all, any or none have to be true.

    `bare` notes that a rule is its only row, without a group around it.
    """

    how: How = "all"
    parts: "tuple[Part, ...]" = ()
    off: bool = False
    bare: bool = field_setting(default=False, compare=False)

    @property
    def either(self) -> bool:
        """Return whether its parts are joined by "or" as the rule is written."""
        return self.how != "all"


Part = Row | Opaque | Group


def part_at(group: Group, path: Path) -> Part | None:
    """Return the part at a path, () for the group itself; None when there is none."""
    found: Part = group
    for number in path:
        if not isinstance(found, Group) or not 0 <= number < len(found.parts):
            return None
        found = found.parts[number]
    return found


def parts_within(group: Group, path: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Yield every part within a group with its path, each group before what is in it."""
    for number, part in enumerate(group.parts):
        at = (*path, number)
        yield at, part
        if isinstance(part, Group):
            yield from parts_within(part, at)
