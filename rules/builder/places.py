"""What a rule can ask about at one step of a flow: the fields of the lead, what is worked out, what happened so far."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.fields import JOURNEY, Field, readable, type_of
from rules.naming import field_at, label_of

OUTCOMES = ("passed", "stopped", "accepted", "declined", "timed_out", "full", "skipped", "error")
"""How steps end, as later steps can read it."""
IN_RUNS = ("run.now", "run.attempt", "run.random", "source.name", "source.is_test")
"""What a run knows of the lead's journey and rules can compare, in the order in which it is offered."""
JOURNEY_LABELS: Mapping[str, str] = {"run.attempt": "Round"}


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to ask about: its path, what it is called, and the field that says how it is compared."""

    path: str
    label: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Places of one kind, under one heading."""

    title: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class EarlierStep:
    """A step that leads may have passed before: its id and what it is called."""

    id: str
    name: str


def steps_before(document: Mapping[str, Any], step: str) -> tuple[EarlierStep, ...]:
    """Return the steps that stand before one in a document, those in other lanes of its own splits left out.

    Nothing in the document need be right; of a step that is not there, as the fallback, all steps stand before.
    """
    found = list(_numbered(document.get("steps"), ()))
    at = next((number for number, (identifier, _) in enumerate(found) if identifier == step), len(found))
    own = found[at][1] if at < len(found) else ()
    return tuple(
        EarlierStep(identifier, f"step {number + 1}")
        for number, (identifier, lane) in enumerate(found[:at])
        if identifier and _may_come_before(lane, own)
    )


def _may_come_before(lane: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Return whether a lead in one lane can have passed another: not one beside it in the same split."""
    lanes = dict(zip(own[::2], own[1::2], strict=True))
    return all(lanes.get(split, number) == number for split, number in zip(lane[::2], lane[1::2], strict=True))


def _numbered(steps: object, lane: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every step by its id with the lane that it stands in, as splits and numbers, in the document's order."""
    for step in steps if isinstance(steps, list) else []:
        for settings in step.values() if isinstance(step, dict) else []:
            if not isinstance(settings, dict):
                continue
            identifier = str(settings.get("id", ""))
            yield identifier, lane
            for number, inner in enumerate(_lanes(settings)):
                yield from _numbered(inner, (*lane, identifier, str(number)))


def _lanes(settings: Mapping[str, Any]) -> Iterator[object]:
    for key in ("cases", "percent"):
        lanes = settings.get(key)
        yield from (lane.get("steps") for lane in (lanes if isinstance(lanes, list) else []) if isinstance(lane, dict))
    if "else" in settings:
        yield settings["else"]


class Places:
    """Everything that can be asked about at one step, on its shelves and by path."""

    def __init__(self, shelves: Iterable[Shelf], fields: Mapping[str, Field]) -> None:
        self.shelves = tuple(shelf for shelf in shelves if shelf.places)
        self.fields = fields
        self._by_path = {place.path: place for shelf in self.shelves for place in shelf.places}

    def knows(self, path: str) -> bool:
        """Say whether a path is one of those offered."""
        return path in self._by_path

    def field(self, path: str) -> Field | None:
        """Return the field that says how a path is compared, None when its type is not known."""
        place = self._by_path.get(path)
        return place.field if place else field_at(path, self.fields)

    def label(self, path: str) -> str:
        """Return what a path is called; one that is not offered here too."""
        place = self._by_path.get(path)
        return place.label if place else label_of(path, self.fields, {})

    @property
    def names(self) -> dict[str, str]:
        """Return words for the paths that no field of the lead describes, for sentences."""
        own = ("step.", "flow.")
        return {path: place.label for path, place in self._by_path.items() if path.startswith(own)}


def places_at(
    fields: Mapping[str, Field],
    *,
    own: Iterable[str],
    steps: Iterable[EarlierStep] = (),
    values: Mapping[str, Any] | None = None,
) -> Places:
    """Return what can be asked about where these fields exist; those whose keys are in `own` are posted with the lead.

    `steps` are the steps before, `values` the values that the flow names.
    """
    written = set(own)
    posted = [field for key, field in fields.items() if key in written]
    made = [field for key, field in fields.items() if key not in written]
    shelves = (
        Shelf("Lead fields", tuple(map(_of_lead, posted))),
        Shelf("Worked out", tuple(place for field in [*posted, *made] for place in _worked_out(field, fields))),
        Shelf("Added by earlier steps", tuple(map(_of_lead, made))),
        Shelf("This lead's journey", (*_journey(), *(place for step in steps for place in _of_step(step)))),
        Shelf("Flow values", tuple(_of_flow(values or {}))),
    )
    return Places(shelves, fields)


def _of_lead(field: Field) -> Place:
    return Place(f"lead.{field.key}", field.label, field)


def _worked_out(field: Field, fields: Mapping[str, Field]) -> Iterator[Place]:
    for part in type_of(field).part_names:
        path = f"parts.{field.key}.{part}"
        found = field_at(path, fields)
        if found is not None:
            yield Place(path, found.label[:1].upper() + found.label[1:], found)


def _journey() -> Iterator[Place]:
    for path in IN_RUNS:
        yield Place(path, JOURNEY_LABELS.get(path, JOURNEY[path].label), JOURNEY[path])


def _of_step(step: EarlierStep) -> Iterator[Place]:
    outcome = Field("outcome", "choice", f"Outcome of {step.name}", options=OUTCOMES)
    yield Place(f"step.{step.id}.outcome", outcome.label, outcome)
    reason = Field("reason", "text", f"Reason of {step.name}")
    yield Place(f"step.{step.id}.reason", reason.label, reason)


def _of_flow(values: Mapping[str, Any]) -> Iterator[Place]:
    for key, value in values.items():
        kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        yield Place(f"flow.{key}", readable(key), Field(key, kind))
