"""What edits call steps and settings, in their names and in what is told."""

from collections.abc import Iterable, Mapping
from typing import Any

from rules.differences.base import same
from rules.editing.edited import Document
from rules.editing.tree import Found, end_of, row_in, walk
from rules.places import DOOR, END
from rules.steps import KINDS

LABELS: Mapping[str, str] = {kind.kind: kind.label for kind in KINDS}
MISSING = object()
SETTINGS: Mapping[str, str] = {
    "accept_if": "what is accepted",
    "cases": "lanes",
    "connection": "buyer",
    "continue_if": "rule",
    "duplicates": "check for duplicates",
    "for_up_to": "time to wait",
    "intake": "conditions",
    "off": "switch",
    "per": "period",
    "percent": "shares",
    "set": "changes",
    "stop_if": "rule",
    "when": "rule",
}
"""Settings whose keys are no words; of the others the key is read as words."""


def label_of(kind: str) -> str:
    """Return what a kind is called inside a sentence: “filter”, “buyer group”."""
    return LABELS.get(kind, kind.replace("_", " ")).lower()


def step_called(document: Document, key: str) -> str:
    """Return what a step is called: `step 3`, or the name of a card that has no number."""
    if key == DOOR:
        return "“Leads arrive”"
    if key in (END, end_of(document)):
        return "the last step"
    for step in walk(document):
        if step.key == key:
            return f"step {step.number}"
    found = row_in(document, key)
    return f"buyer {found[1] + 1} of step {found[0].number}" if found else "a step"


def person_called(step: Found, names: Mapping[str, str]) -> str:
    """Return what a step is called by people: its name, its buyer, else `Step 3`."""
    for called in (step.settings.get("name"), buyer_called(step.settings, names)):
        if isinstance(called, str) and called:
            return called
    return f"The {label_of(step.kind)}"


def buyer_called(settings: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the name of the connection that settings name, "" where there is none."""
    return names.get(str(settings.get("connection", "")), "")


def filter_called(step: Found) -> str:
    """Return what a step between others is called: `the filter “Not CA solar”`."""
    own = step.settings.get("name") or step.settings.get("reason")
    quoted = f" “{own}”" if isinstance(own, str) and own else ""
    return f"the {label_of(step.kind)}{quoted}"


def settings_called(keys: Iterable[str]) -> str:
    """Return settings in words, at most two of them."""
    words = list(dict.fromkeys(SETTINGS.get(key, key.replace("_", " ")) for key in keys))
    return " and ".join(words) if len(words) <= 2 else f"{len(words)} settings"


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the settings that are not the same, in the order in which they stand."""
    keys = dict.fromkeys((*before, *after))
    return [key for key in keys if not same(before.get(key, MISSING), after.get(key, MISSING))]
