"""What is still ahead of a lead that waits, and whether another version of its flow changes that."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.asking_lists import within
from rules.differences.base import same
from rules.differences.places import Place, places_of
from rules.flow import DOOR, Flow
from rules.logic import Rule
from rules.questions import buyers_named, reachable
from rules.reach import buyers_on, reached
from rules.steps import CapStep, Step
from rules.steps.buyer import NEVER_AGAIN

SAID_ONLY = ("name", "note", "off")
"""Settings that change nothing of what a step does; one that is off is left out as a whole."""

EMPTY: tuple[object, ...] = (None, "", [], {})
NOBODY: Mapping[str, str] = {}
ASKED = ("accept_if", "reason", "duplicates", "caps")
"""What the door asks of a lead that was posted."""


def matters(before: Flow, after: Flow, waits_at: str) -> bool:
    """Return whether it makes a difference to a lead that waits at a step in which of two versions it goes on.

    It does where what the lead can still get to is not the same, and where somebody buys that does not in its own
    version. What it has passed already does not count, nor do names and notes.
    """
    if not _is_there(before, waits_at) or not _is_there(after, waits_at):
        return True
    return not same(_ahead(before, waits_at), _ahead(after, waits_at)) or bool(_buying(after) - _buying(before))


def answers_in(
    before: Flow, after: Flow, answers: Mapping[str, str], joined: Mapping[str, str] = NOBODY
) -> dict[str, str]:
    """Return what buyers answered by the ids that they have in another version, for what stands there too.

    A buyer that is new there has answered already where its connection has under another id; `joined` are those of rows
    that joined from campaigns.
    """
    told = {buyer: answer for buyer, answer in answers.items() if answer in NEVER_AGAIN}
    known_at = {one: buyer.connection for one, buyer in before.buyers.items()} | dict(joined)
    by_connection = {known_at[one]: told[one] for one in told if one in known_at}
    found = {one: answer for one, answer in told.items() if one not in after.buyers}
    for one, buyer in after.buyers.items():
        known = before.buyers.get(one)
        is_same = known is not None and known.connection == buyer.connection
        answer = told.get(one) if is_same or known is None else None
        if answer is None and not is_same:
            answer = by_connection.get(buyer.connection)
        if answer is not None:
            found[one] = answer
    return found


def _is_there(flow: Flow, step: str) -> bool:
    return step in (DOOR, flow.fallback.common.id) or step in flow.positions


def _ahead(flow: Flow, waits_at: str) -> list[Any]:
    """Return all that a lead still meets which goes on at a step, as it is written, in its order."""
    start = flow.resumes_at(waits_at)
    on = [flow.spots[at].step for at in sorted(reached(flow, start)) if not flow.spots[at].step.common.off]
    # A lead that wakes takes a place again in each cap that it has passed.
    passed = [spot.step for spot in flow.spots[:start] if isinstance(spot.step, CapStep) and not spot.step.common.off]
    steps = [*passed, *on]
    places = places_of(flow.document)
    written = [part for step in steps for part in _written(places, step.common.id)]
    also = _sent_to(flow, [*steps, flow.fallback]) - {step.common.id for step in steps}
    written += [_plain(places[buyer].own) for buyer in sorted(also & places.keys())]
    written.append(_plain(flow.document["fallback"]))
    parts = [*steps, flow.fallback, *(flow.buyers[buyer] for buyer in also if buyer in flow.buyers)]
    return [*written, _door(flow, waits_at), _values(flow, parts), flow.time_zone]


def _written(places: Mapping[str, Place], step: str) -> Iterator[list[Any]]:
    """Yield a step with its rows and lanes, and where it stands."""
    own = places[step]
    inside = [one for one in places.values() if one.parent == step and one.kind in ("row", "lane")]
    for place in (own, *inside):
        if not place.own.get("off"):
            yield [place.kind, place.parent, _plain(place.own)]


def _plain(written: Any) -> Any:
    """Return settings without those that say only what something is called, and without empty ones."""
    if not isinstance(written, dict):
        return written
    own = {key: _plain(value) for key, value in written.items() if key not in SAID_ONLY}
    return {key: value for key, value in own.items() if value not in EMPTY}


def _sent_to(flow: Flow, steps: list[Any]) -> set[str]:
    """Return the buyers that ways of some steps lead to, directly or by other buyers."""
    known: dict[str, Any] = {**flow.buyers, flow.fallback.common.id: flow.fallback}
    known |= {spot.step.common.id: spot.step for spot in flow.spots}
    ways = {one: set(buyers_named(part)) for one, part in known.items()}
    return {buyer for step in steps for buyer in reachable(step.common.id, ways)} & flow.buyers.keys()


def _door(flow: Flow, waits_at: str) -> Any:
    """Return what the door asks of a lead that goes on: all where it begins again there, else only places."""
    door = {key: value for key, value in flow.document.get("intake", {}).items() if key in ASKED}
    return _plain(door) if waits_at == DOOR else door.get("caps", [])


def _values(flow: Flow, parts: list[Step | Any]) -> dict[str, Any]:
    """Return the flow's own values that some parts of it read."""
    paths = {path for part in parts for rule in within(part, Rule) for path in rule.variables}
    return {key: value for key, value in flow.values.items() if f"flow.{key}" in paths}


def _buying(flow: Flow) -> set[tuple[str, str]]:
    return {(buyer.common.id, buyer.connection) for _, buyer in buyers_on(flow)}
