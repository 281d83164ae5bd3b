"""What it would do to flows to take a field over from the catalogue as it is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowbuilder.models import Flow
from rules.fields import TYPES
from rules.flow import parse_flow
from rules.places import numbers, place_of


@dataclass(frozen=True)
class Differing:
    """A flow in whose draft a field has another type; `breaks` says what would have to be put right, in sentences."""

    flow: Flow
    type_label: str
    breaks: Sequence[str]


def differences(settings: Mapping[str, Any], flows: Iterable[Flow]) -> list[Differing]:
    """Return the flows in which a field has another type, and what taking the catalogue's over would break there."""
    found = []
    for flow in flows:
        own = _field_in(flow.draft, settings["key"])
        if own is not None and own.get("type") != settings["type"]:
            kind = str(own.get("type"))
            label = TYPES[kind].label if kind in TYPES else kind
            found.append(Differing(flow, label, breaks(flow.draft, settings)))
    return found


def breaks(document: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return the problems that a document would have with a field of the catalogue in the place of its own."""
    fields = [
        {**settings, "required": field.get("required") is True}
        if isinstance(field, dict) and field.get("key") == settings["key"]
        else field
        for field in document.get("fields", [])
    ]
    before = {(problem.path, problem.code) for problem in parse_flow(document)[1]}
    changed = {**document, "fields": fields}
    steps = numbers(changed)
    new = [problem for problem in parse_flow(changed)[1] if (problem.path, problem.code) not in before]
    return [f"{_where(place_of(changed, problem.path).step, steps)}{problem.message}" for problem in new]


def _where(step: str, steps: Mapping[str, int]) -> str:
    return f"Step {steps[step]}: " if step in steps else ""


def _field_in(document: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    fields = document.get("fields")
    listed = fields if isinstance(fields, list) else []
    return next((field for field in listed if isinstance(field, dict) and field.get("key") == key), None)
