"""Where the rules of a draft stand, by the step and by the name of the inputs that they are built in."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.places import DOOR

POLARITY = ("continue_if", "stop_if")
OF_A_FILTER = "rule"
"""How the inputs of a filter's rule are named, whichever of the two settings it stands in."""


def rule_at(document: Mapping[str, Any], step: str, name: str) -> object:
    """Return the rule that inputs of a name are for, on a step's panel; None when there is none.

    Nothing in the document need be right.
    """
    found: object = document if name.startswith(f"{DOOR}.") else settings_of(document, step)
    for part in name.split(".") if name else []:
        found = _inside(found, part)
    return found


def stops_at(document: Mapping[str, Any], step: str, name: str) -> bool | None:
    """Return whether the step stops the leads that a rule is true for; None where the rule is not that of a filter."""
    settings = settings_of(document, step)
    if name not in (OF_A_FILTER, *POLARITY) or not isinstance(settings, Mapping):
        return None
    return next((key == "stop_if" for key in POLARITY if key in settings), None)


def settings_of(document: Mapping[str, Any], step: str) -> object:
    """Return the settings of a step or of a row, found by its id wherever it stands; None when there is none."""
    if step == DOOR:
        return document.get(DOOR)
    return next((part for part in _objects(document) if part.get("id") == step), None)


def _objects(part: object) -> Iterator[Mapping[str, Any]]:
    pending: list[object] = [part]
    while pending:
        found = pending.pop()
        if isinstance(found, Mapping):
            yield found
            pending += found.values()
        elif isinstance(found, list):
            pending += found


def _inside(part: object, name: str) -> object:
    if isinstance(part, Mapping):
        if name == OF_A_FILTER and name not in part:
            return next((part[key] for key in POLARITY if key in part), None)
        return part.get(name)
    if not isinstance(part, list):
        return None
    if name.isdecimal():
        return part[int(name)] if int(name) < len(part) else None
    # The settings of an entry that is a list, as those of a transform are, stand at its end.
    return next((entry[name] for entry in part if isinstance(entry, Mapping) and name in entry), None)
