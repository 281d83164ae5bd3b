"""What changed of a document's fields, and of the door where leads arrive."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.differences.base import MISSING, Difference, leaves, plain_differences, same, say_json
from rules.differences.telling import Told

FIELDS, DOOR = "Fields", "Leads arrive"
SAID = {"accept_if": "Leads come in if", "reason": "Reason", "caps": "Cap", "duplicates": "Duplicates"}
"""The settings of the door that are told by a part of their own."""


def field_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the fields that are new, gone, or not the same; then whether they stand in another order."""
    old, new = before.get("fields", []), after.get("fields", [])
    if same(old, new):
        return
    was, now = _by_key(old), _by_key(new)
    if was is None or now is None:
        yield from plain_differences({"fields": old}, {"fields": new}, where=FIELDS, step="intake", topic="fields")
        return
    for key, settings in now.items():
        if key not in was:
            yield Difference("added", FIELDS, "intake", "field", _say_field(settings))
        else:
            yield from _changed(was[key], settings)
    for key, settings in was.items():
        if key not in now:
            yield Difference("removed", FIELDS, "intake", "field", _say_field(settings))
    stayed = [key for key in was if key in now], [key for key in now if key in was]
    if stayed[0] != stayed[1]:
        yield Difference("moved", FIELDS, "intake", "fields", "Stand in another order")


def value_differences(before: object, after: object) -> Iterator[Difference]:
    """Yield the values that the seller named which are new, gone, or not the same, each by its name."""
    if same(before, after):
        return
    was, now = ({} if side is MISSING else side for side in (before, after))
    if same(was, now):
        said = ["not set" if side is MISSING else "none" for side in (before, after)]
        yield Difference("changed", "Values", "", "values", "Named values", *said)
    yield from plain_differences(was, now, where="Values", step="", topic="values")


def door_differences(before: object, after: object, was: Told, now: Told) -> Iterator[Difference]:
    """Yield what changed of what is asked at the door, given in words on both sides."""
    if same(before, after):
        return
    said = {key for key, text in was.parts.items() if now.parts.get(key, text) != text}
    for key, text in was.parts.items():
        if key in said:
            yield Difference("changed", DOOR, "intake", "leads arrive", key, text, now.parts[key])
    asked: list[Any] = [{} if side is MISSING else side for side in (before, after)]
    if not all(isinstance(side, dict) for side in asked) or same(*asked):
        if not said:
            sides = [{} if side is MISSING else {"intake": side} for side in (before, after)]
            yield from plain_differences(*sides, where=DOOR, step="intake", topic="leads arrive")
        return
    sides = [{key: value for key, value in side.items() if SAID.get(key) not in said} for side in asked]
    yield from plain_differences(*sides, where=DOOR, step="intake", topic="leads arrive")


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    label = new.get("label") or new["key"]
    for path, was, now in leaves(old, new):
        name = path.replace("_", " ")
        what = "renamed" if path == "label" else "changed"
        text = f"{label}: {name}"
        yield Difference(what, FIELDS, "intake", "field", text, say_json(was), say_json(now))  # type: ignore[arg-type]


def _by_key(fields: object) -> dict[str, Mapping[str, Any]] | None:
    """Return fields by their keys, None where they are not such a list."""
    if not isinstance(fields, list):
        return None
    found: dict[str, Mapping[str, Any]] = {}
    for settings in fields:
        key = settings.get("key") if isinstance(settings, dict) else None
        if not isinstance(key, str) or key in found:
            return None
        found[key] = settings
    return found


def _say_field(settings: Mapping[str, Any]) -> str:
    label, key = settings.get("label"), settings["key"]
    needed = ", required" if settings.get("required") is True else ""
    return f"{label or key} ({key if label else settings.get('type', 'text')}){needed}"
