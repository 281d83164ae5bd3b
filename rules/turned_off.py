"""Conditions that are turned off: they stay in the rule as JSON-logic that changes nothing, whatever the lead.

In a group of which all have to be true, `{"or": [true, condition]}`; in one of which any is enough,
`{"and": [false, condition]}`.
"""

from typing import Any


def turned_off(part: object, *, either: bool) -> dict[str, Any]:
    """Return a part of a group as it stands there turned off; `either` says that any of the group's parts is enough."""
    return {"and": [False, part]} if either else {"or": [True, part]}


def inside_turned_off(part: object, *, either: bool) -> tuple[object] | None:
    """Return what is turned off in a part of a group, None when the part counts."""
    key, neutral = ("and", False) if either else ("or", True)
    entries = part.get(key) if isinstance(part, dict) and len(part) == 1 else None
    return (entries[1],) if isinstance(entries, list) and len(entries) == 2 and entries[0] is neutral else None


def counting(rule: object) -> tuple[object, int]:
    """Return a rule without what is turned off in it, and how many parts that are; one that has none stays the same.

    A group of which nothing is left is true where all have to be true, and not true where any is enough.
    """
    match rule:
        case {"and": list(entries), **more} if not more:
            return _counting_group("and", entries, rule)
        case {"or": list(entries), **more} if not more:
            return _counting_group("or", entries, rule)
        case {"!": inner, **more} if not more:
            kept, off = counting(inner)
            return ({"!": kept} if off else rule), off
    return rule, 0


def _counting_group(key: str, entries: list[object], rule: object) -> tuple[object, int]:
    either = key == "or"
    on = [entry for entry in entries if inside_turned_off(entry, either=either) is None]
    kept = [counting(entry) for entry in on]
    off = len(entries) - len(on) + sum(inner for _, inner in kept)
    if not off:
        return rule, 0
    # What became a constant comes last: as the first of two it would turn the other one off.
    parts = sorted((part for part, _ in kept), key=lambda part: isinstance(part, bool))
    return ({key: parts} if kept else not either), off
