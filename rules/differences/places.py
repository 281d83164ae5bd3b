"""Where everything stands in a document: steps, rows of groups and lanes by their ids, whether it can run or not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LANES = ("cases", "percent")
NESTED = {"group": ("buyers",), "split": (*LANES, "else")}
"""The settings of a kind that hold other things with settings of their own."""


class CannotPlace(Exception):
    """The document is too odd to be told step by step."""


@dataclass(frozen=True, slots=True)
class Place:
    """One step, row or lane.

    `own` are its settings without the things in it; `parent` is what it stands in ("" for the rail itself), `card` the
    step on the rail or in a lane that shows it, `number` that step's; `address` is its place in the document.
    """

    id: str
    kind: str
    own: Mapping[str, Any]
    parent: str
    card: str
    number: int
    address: tuple[str | int, ...] = field(compare=False)


def places_of(document: Mapping[str, Any]) -> dict[str, Place]:
    """Return the steps, rows and lanes of a document by id, in order; raises CannotPlace."""
    found: dict[str, Place] = {}
    for place in _Walk().steps(document.get("steps", []), "", ("steps",)):
        if place.id in found:
            raise CannotPlace(place.id)
        found[place.id] = place
    return found


class _Walk:
    """Numbers steps as they stand in the document, lanes included."""

    def __init__(self) -> None:
        self._number = 0

    def steps(self, steps: object, parent: str, address: tuple[str | int, ...]) -> Iterator[Place]:
        """Yield the steps of a list with what is in them."""
        for at, step in enumerate(_list(steps)):
            if not isinstance(step, dict) or len(step) != 1:
                raise CannotPlace(address)
            [(kind, settings)] = step.items()
            yield from self._step(kind, _settings(settings), parent, (*address, at, kind))

    def _step(
        self, kind: str, settings: Mapping[str, Any], parent: str, address: tuple[str | int, ...]
    ) -> Iterator[Place]:
        self._number += 1
        identifier, number = _identifier(settings), self._number
        yield Place(identifier, kind, _own(settings, NESTED.get(kind, ())), parent, identifier, number, address)
        if kind == "group":
            for at, row in enumerate(_list(settings.get("buyers", []))):
                own = _settings(row)
                yield Place(_identifier(own), "row", own, identifier, identifier, number, (*address, "buyers", at))
        if kind == "split":
            yield from self._lanes(settings, identifier, number, address)

    def _lanes(
        self, settings: Mapping[str, Any], split: str, number: int, address: tuple[str | int, ...]
    ) -> Iterator[Place]:
        for key in LANES:
            for at, lane in enumerate(_list(settings.get(key, []))):
                own, here = _settings(lane), (*address, key, at)
                name = f"{split}/{own.get('name') or at + 1}"
                yield Place(name, "lane", _own(own, ("steps",)), split, split, number, here)
                yield from self.steps(own.get("steps", []), name, (*here, "steps"))
        yield from self.steps(settings.get("else", []), f"{split}/else", (*address, "else"))


def _own(settings: Mapping[str, Any], nested: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings of a thing itself; of what is in it only that there is some."""
    return {key: True if key in nested else value for key, value in settings.items()}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CannotPlace(value)
    return value


def _settings(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CannotPlace(value)
    return value


def _identifier(settings: Mapping[str, Any]) -> str:
    identifier = settings.get("id")
    if not isinstance(identifier, str) or "/" in identifier:
        raise CannotPlace(identifier)
    return identifier
