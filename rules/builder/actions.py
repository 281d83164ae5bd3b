"""The buttons of the rule builder, each a pure change of the rule."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from rules.builder import edits
from rules.builder.comparisons import COMPARISONS
from rules.builder.editors import beside, is_recognised
from rules.builder.forms import settled
from rules.builder.hints import add_filled
from rules.builder.model import Group, Path, Row, part_at
from rules.builder.places import Places
from rules.builder.ready import ready_made
from rules.builder.regions import REGIONS
from rules.builder.shapes import entries_of, is_list
from rules.fields import Field
from rules.text import fold

Act = Callable[[Group, Path, str, Places], Group]


def act(group: Group, action: str, path: Path, extra: str, places: Places) -> Group:
    """Return the rule after a button was pressed at a path; an action that does not exist changes nothing.

    `extra` is what the button says beside its place: the number of a value, the key of a ready-made rule.
    """
    change = ACTIONS.get(action)
    return settled(change(group, path, extra, places)) if change else group


def read_path(text: str) -> Path:
    """Return the path that a button names, () for the rule itself."""
    numbers = text.split(".") if text else []
    return tuple(int(number) for number in numbers if number.isdecimal() and len(number) < 4)


def show_path(path: Path) -> str:
    """Return a path as buttons and inputs name it."""
    return ".".join(map(str, path))


def _at(change: Callable[[Group, Path], Group]) -> Act:
    return lambda group, path, _extra, _places: change(group, path)


def _drop(group: Group, path: Path, extra: str, places: Places) -> Group:
    """Return the rule without one value of a row's list."""
    number = int(extra) if extra.isdecimal() else -1
    return _with_entries(group, path, places, lambda entries, _: entries[:number] + entries[number + 1 :])


def _drop_unread(group: Group, path: Path, _extra: str, places: Places) -> Group:
    """Return the rule without those values of a row's list that say nothing of its field's type."""
    return _with_entries(
        group, path, places, lambda entries, kind: [entry for entry in entries if is_recognised(entry, kind)]
    )


def _side(group: Group, path: Path, extra: str, _places: Places) -> Group:
    """Return the rule with another field in place of a value beside a row's field, or a value in place of the field."""
    row, number = part_at(group, path), int(extra) - 1 if extra in ("1", "2") else -1
    if not isinstance(row, Row) or COMPARISONS[row.comparison].shape not in ("one", "two"):
        return group
    if not 0 <= number < len(row.values):
        return group
    other: object = "" if isinstance(row.values[number], dict) else {"var": ""}
    values = (*row.values[:number], other, *row.values[number + 1 :])
    return edits.replace_part(group, path, replace(row, values=values))


def _region(group: Group, path: Path, extra: str, places: Places) -> Group:
    """Return the rule with the states of a region in a row's list, those that it has already once."""

    def with_states(entries: list[object], _kind: Field | None) -> list[object]:
        known = {fold(str(entry)) for entry in entries}
        return [*entries, *(code for code in REGIONS.get(extra, ()) if fold(code) not in known)]

    return _with_entries(group, path, places, with_states)


def _with_entries(
    group: Group, path: Path, places: Places, change: Callable[[list[object], Field | None], list[object]]
) -> Group:
    """Return the rule with another list beside a row's field; unchanged where no list stands."""
    row = part_at(group, path)
    comparison = COMPARISONS[row.comparison] if isinstance(row, Row) else None
    if not isinstance(row, Row) or comparison is None or not is_list(comparison, places.field(row.field)):
        return group
    entries = change(entries_of(row.values), beside(comparison, places.field(row.field)))
    alone = comparison.shape == "parts" and len(entries) == 1
    return edits.replace_part(group, path, replace(row, values=(entries[0] if alone else entries,)))


def _ready(group: Group, path: Path, extra: str, places: Places) -> Group:
    """Return the rule with the rows of a ready-made rule at the end of a group."""
    found = next((ready for ready in ready_made(places) if ready.key == extra), None)
    for row in found.rows if found else ():
        group = edits.add_part(group, path, row)
    return group


ACTIONS: Mapping[str, Act] = {
    "add-rule": _at(edits.add_row),
    "add-group": _at(edits.add_group),
    "delete": _at(edits.delete),
    "duplicate": _at(edits.duplicate),
    "up": _at(lambda group, path: edits.move(group, path, -1)),
    "down": _at(lambda group, path: edits.move(group, path, 1)),
    "off": _at(lambda group, path: edits.turn(group, path, off=True)),
    "on": _at(lambda group, path: edits.turn(group, path, off=False)),
    "group": _at(edits.put_in_group),
    "filled": _at(add_filled),
    "drop": _drop,
    "drop-unread": _drop_unread,
    "region": _region,
    "side": _side,
    "ready": _ready,
}
