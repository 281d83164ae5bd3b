"""Where the ways of a step can lead: the later steps, and the buyers, of a document as it is written. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.editing.naming import LABELS, buyer_called
from rules.editing.tree import Found, row_in, walk
from rules.places import END


@dataclass(frozen=True)
class Place:
    """A step, row or last buyer that can be named; `where` says where it stands."""

    id: str
    settings: Mapping[str, Any]
    where: str
    kind: str = "buyer"

    def name(self, connections: Mapping[str, str]) -> str:
        """Return what it is called where it can be chosen: `Sunrise Energy, step 3`."""
        own = self.settings.get("name")
        called = own if isinstance(own, str) and own else buyer_called(self.settings, connections)
        return f"{called or LABELS.get(self.kind, 'Buyer')}, {self.where}"


def later_steps(document: Mapping[str, Any], step: str) -> list[Place]:
    """Return the steps that a lead can jump to from a step: later ones of its own list, or of one around it."""
    steps = {found.key: found for found in walk(document)}
    at = steps.get(step)
    if at is None:
        return []
    around = set(_lanes_around(at, steps))
    return [_place(one) for one in steps.values() if one.number > at.number and one.lane in around and _has_id(one)]


def outer_steps(document: Mapping[str, Any]) -> list[Place]:
    """Return the steps outside of lanes."""
    return [_place(one) for one in walk(document) if not one.lane and _has_id(one)]


def buyers_to_offer(document: Mapping[str, Any]) -> list[Place]:
    """Return the buyers that a lead can be offered to by a way: those that do not make bids."""
    buyers = (place for place in _buyers(document) if place.id)
    return [place for place in buyers if "price" in place.settings or "max_bid" in place.settings]


def group_of(document: Mapping[str, Any], row: object) -> Mapping[str, Any]:
    """Return the settings of the group that a row is in, empty where it is in none."""
    found = row_in(document, row) if isinstance(row, str) else None
    return found[0].settings if found else {}


def _lanes_around(step: Found, steps: Mapping[str, Found]) -> Iterator[tuple[str, int] | tuple[()]]:
    """Yield the lanes that a step stands in, from its own to none."""
    lane = step.lane
    while lane:
        yield lane
        lane = steps[lane[0]].lane
    yield ()


def _buyers(document: Mapping[str, Any]) -> Iterator[Place]:
    for step in walk(document):
        if step.kind == "buyer":
            yield _place(step)
        rows = step.settings.get("buyers") if step.kind == "group" else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                yield Place(str(row.get("id", "")), row, f"in the group of step {step.number}")
    end = document.get(END)
    last = end.get("buyer") if isinstance(end, dict) else None
    if isinstance(last, dict):
        yield Place(str(last.get("id", "")), last, "the last buyer")


def _has_id(step: Found) -> bool:
    return step.settings.get("id") == step.key


def _place(step: Found) -> Place:
    return Place(step.key, step.settings, f"step {step.number}", step.kind)
