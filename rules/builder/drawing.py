"""From a rule to what can be built, and back: both ways nothing is lost."""

from collections.abc import Mapping

from rules.builder.comparisons import COMPARISONS, comparison_of
from rules.builder.model import DEEPEST, Group, How, Opaque, Part, Row
from rules.builder.shapes import has_editor
from rules.fields import Field
from rules.naming import field_at
from rules.turned_off import inside_turned_off, turned_off

NO_RULE: Mapping[str, object] = {"and": []}
"""A rule that nothing has been added to yet."""


def draw(rule: object, fields: Mapping[str, Field]) -> Group | None:
    """Return a rule as it can be built, None when it cannot be drawn at all; no rule (None) is a group without parts.

    Inside of groups a part that cannot be drawn stays as it is written.
    """
    if rule is None:
        return Group()
    drawn = _draw_part(rule, fields, 0)
    if isinstance(drawn, Row):
        return Group("all", (drawn,), bare=True)
    return drawn if isinstance(drawn, Group) else None


def write(group: Group) -> object:
    """Return the rule that a group stands for, as JSON-logic."""
    alone = only_row(group) if group.bare else None
    return _write_row(alone) if alone else _write_group(group)


def only_row(group: Group) -> Row | None:
    """Return the row that a rule is made of when it needs no group around it, None when it does."""
    match group:
        case Group("all", (Row(off=False) as row,)):
            return row
    return None


def _draw_part(document: object, fields: Mapping[str, Field], depth: int) -> Part:
    found = _group_in(document)
    if found is not None:
        how, entries = found
        return _draw_group(how, entries, fields, depth) if depth <= DEEPEST else Opaque(document)
    return _draw_row(document, fields) or Opaque(document)


def _group_in(document: object) -> tuple[How, list[object]] | None:
    """Return how a group joins, and what; None for what is no group in the form that `write` gives it."""
    match document:
        case {"and": list(entries), **more} if not more:
            return "all", entries
        case {"or": list(entries), **more} if not more:
            return "any", entries
        case {"!": {"or": list(entries), **inner}, **more} if not more and not inner:
            return "none", entries
    return None


def _draw_group(how: How, entries: list[object], fields: Mapping[str, Field], depth: int) -> Group:
    return Group(how, tuple(_draw_entry(entry, fields, depth + 1, either=how != "all") for entry in entries))


def _draw_entry(entry: object, fields: Mapping[str, Field], depth: int, *, either: bool) -> Part:
    inside = inside_turned_off(entry, either=either)
    if inside is None:
        return _draw_part(entry, fields, depth)
    match _draw_part(inside[0], fields, depth):
        case Row() as row:
            return Row(row.field, row.comparison, row.values, off=True, unlisted=row.unlisted)
        case Group() as group:
            return Group(group.how, group.parts, off=True)
        case Opaque() as opaque:
            return Opaque(opaque.rule, off=True)


def _draw_row(document: object, fields: Mapping[str, Field]) -> Row | None:
    denied = isinstance(document, dict) and len(document) == 1 and isinstance(document.get("!"), dict)
    inner = document["!"] if denied and isinstance(document, dict) else document
    if not isinstance(inner, dict) or len(inner) != 1:
        return None
    [(operator, written)] = inner.items()
    comparison = comparison_of(operator, denied=denied)
    unlisted = isinstance(written, dict)
    left, *values = written if isinstance(written, list) and written else [written]
    match left:
        case {"var": str(path), **more} if not more:
            pass
        case _:
            return None
    if comparison is None or not has_editor(comparison, values, field_at(path, fields)):
        return None
    return Row(path, comparison.key, tuple(values), unlisted=unlisted)


def _write_part(part: Part) -> object:
    match part:
        case Row():
            return _write_row(part)
        case Group():
            return _write_group(part)
        case Opaque():
            return part.rule


def _write_group(group: Group) -> dict[str, object]:
    entries = [
        turned_off(_write_part(part), either=group.either) if part.off else _write_part(part) for part in group.parts
    ]
    if group.how == "none":
        return {"!": {"or": entries}}
    return {"and" if group.how == "all" else "or": entries}


def _write_row(row: Row) -> dict[str, object]:
    comparison, left = COMPARISONS[row.comparison], {"var": row.field}
    document: dict[str, object] = {comparison.operator: left if row.unlisted else [left, *row.values]}
    return {"!": document} if comparison.denied else document
