"""Which stops of the rail are drawn for a page that is open: those that it shows otherwise than they are now.

Every stop carries a mark, made of all that it is drawn of. A page sends the marks that it has along with what it asks,
in the order in which it shows them. Where it has the same stops in the same places, those whose marks are others now
are drawn for it, and else the whole rail.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from flowbuilder.flows.rails import Lane, Stop
from flowbuilder.models import Connection
from rules.places import END

PLACE, LOOKS = 3, 6
"""Of how many bytes the two parts of a mark are: where a stop stands, and how it looks there."""


def marks_of(view: Mapping[str, Any]) -> dict[str, str]:
    """Return the mark of each stop by its id, in the order of the page; `view` is what the editor's page shows."""
    return {
        stop.card.id: f"{_digest((stop.card.id, lane), PLACE)}-{_digest(_drawn_of(stop, view), LOOKS)}"
        for stop, lane in _with_lanes(view["rail"].stops)
    }


def redrawn(stops: Iterable[Stop], marks: Mapping[str, str], shown: Sequence[str]) -> dict[str, Stop] | None:
    """Return the stops, by id, that differ from those that a page shows; None where all of the rail is to be drawn.

    `shown` are the marks of the page, in its order. With a split come the stops in its lanes.
    """
    if list(map(_place_in, shown)) != list(map(_place_in, marks.values())):
        return None
    changed = {step for (step, mark), before in zip(marks.items(), shown, strict=True) if mark != before}
    return {stop.card.id: stop for stop in _outermost(stops, changed)}


def _with_lanes(stops: Iterable[Stop], lane: str = "") -> Iterator[tuple[Stop, str]]:
    """Yield all stops, each with the lane that it stands in, in the order of the page."""
    for stop in stops:
        yield stop, lane
        for number, inner in enumerate(stop.lanes, 1):
            yield from _with_lanes(inner.stops, f"{stop.card.id}.{number}")


def _outermost(stops: Iterable[Stop], wanted: set[str]) -> Iterator[Stop]:
    for stop in stops:
        if stop.card.id in wanted:
            yield stop
        else:
            for lane in stop.lanes:
                yield from _outermost(lane.stops, wanted)


def _drawn_of(stop: Stop, view: Mapping[str, Any]) -> list[Any]:
    """Return everything that a stop is drawn of, but the stops in its lanes: what templates use of the view is here."""
    key = stop.card.id
    keys = (key, *(row.card.id for row in stop.rows))
    drawn = [
        _alone(stop),
        [bool(lane.stops) for lane in stop.lanes],
        [view["standing"].get(one) for one in keys],
        [view["by_step"].get(one) for one in keys],
        view["currency"],
        view["is_new"],
    ]
    if view["remark"] and view["remark"]["step"] == key:
        drawn += [view["remark"], view["history"].undo]
    return [*drawn, view["waiting"]] if stop.card.kind == END else drawn


def _alone(stop: Stop) -> Stop:
    """Return a stop without the stops in its lanes."""
    if not stop.lanes:
        return stop
    lanes = tuple(Lane(lane.label, ()) for lane in stop.lanes)
    return replace(stop, card=replace(stop.card, lanes=()), lanes=lanes)


def _digest(parts: object, length: int) -> str:
    return hashlib.blake2b(orjson.dumps(parts, default=_written), digest_size=length).hexdigest()


def _written(value: object) -> object:
    """Return what JSON has no way to say: of a connection, what a card shows of it."""
    return [str(value.id), value.name] if isinstance(value, Connection) else str(value)


def _place_in(mark: str) -> str:
    return mark.partition("-")[0]
