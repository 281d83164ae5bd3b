"""What a rule can ask about at one step of a flow: the fields of the lead, what is worked out, what happened so far."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.fields import JOURNEY, Field, readable, type_of
from rules.made_fields import fields_set_in
from rules.naming import field_at, label_of
from rules.places import DOOR

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
    """A step that leads may have passed before: its id, what it is called, and the fields that it sets."""

    id: str
    name: str
    makes: tuple[str, ...] = ()


def steps_before(document: Mapping[str, Any], step: str) -> tuple[EarlierStep, ...]:
    """Return the steps that stand before one in a document, those in other lanes of its own splits left out.

    Nothing in the document need be right; of a step that is not there, as the fallback, all steps stand before, and
    none before the door.
    """
    if step == DOOR:
        return ()
    found = list(_numbered(document.get("steps"), ()))
    at = next((number for number, (_, inside, _) in enumerate(found) if step in inside), len(found))
    own = found[at][2] if at < len(found) else ()
    return tuple(
        EarlierStep(inside[0], f"step {number + 1}", tuple(_made_by(written)))
        for number, (written, inside, lane) in enumerate(found[:at])
        if inside[0] and _may_come_before(lane, own)
    )


def _made_by(step: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields that a step sets itself; those that its lanes set are their own steps'."""
    if "split" not in step:
        yield from (key for key, _ in fields_set_in([step]))


def _may_come_before(lane: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Return whether a lead in one lane can have passed another: not one beside it in the same split."""
    lanes = dict(zip(own[::2], own[1::2], strict=True))
    return all(lanes.get(split, number) == number for split, number in zip(lane[::2], lane[1::2], strict=True))


def _numbered(steps: object, lane: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], list[str], tuple[str, ...]]]:
    """Yield every step in the document's order: as it is written, its id and those of its rows, and its lane."""
    for step in steps if isinstance(steps, list) else []:
        for kind, settings in step.items() if isinstance(step, dict) else []:
            if not isinstance(settings, dict):
                continue
            identifier, rows = str(settings.get("id", "")), settings.get("buyers")
            row_ids = [str(row.get("id")) for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)]
            yield {kind: settings}, [identifier, *row_ids], lane
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
    """Return what can be asked about at a step of a flow with these fields; leads come with those that are in `own`.

    `steps` are the steps before: of the other fields only those that one of them sets are there. `values` are the
    values that the flow names.
    """
    written, earlier = set(own), list(steps)
    set_before = {key for step in earlier for key in step.makes}
    posted = [field for key, field in fields.items() if key in written]
    made = [field for key, field in fields.items() if key not in written and key in set_before]
    shelves = (
        Shelf("Lead fields", tuple(map(_of_lead, posted))),
        Shelf("Worked out", tuple(place for field in [*posted, *made] for place in _worked_out(field, fields))),
        Shelf("Added by earlier steps", tuple(map(_of_lead, made))),
        Shelf("This lead's journey", (*_journey(), *(place for step in earlier for place in _of_step(step)))),
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
