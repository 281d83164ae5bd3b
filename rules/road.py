"""Every step of a flow in the order of its document, lanes behind their split, each with what comes after it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.reading import Document
from rules.steps import Buyer, Fallback, Group, Split, Step
from rules.steps.group.deal import Deal
from rules.steps.split import REST, Lane
from rules.steps.ways import Way


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a step stands.

    `address` is its place in the document, `path` its place in the flow (`s6/solar/s8`), `after` the position of what
    comes next, and `lane` the one that it stands in, by numbers; () outside of lanes.
    """

    step: Step
    address: str
    path: str
    after: int
    lane: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _List:
    """A list of steps: its address in the document, what the paths of its steps begin with, and its lane."""

    address: str
    path: str
    lane: tuple[int, ...]


def lay_out(steps: Sequence[Step]) -> tuple[Spot, ...]:
    """Return every step in the order of the document; the position past the last one is the flow's end."""
    return tuple(_spots(steps, _List("steps", "", ()), 0, size_of(steps)))


def size_of(steps: Sequence[Step]) -> int:
    """Return how many steps there are, lanes included."""
    return sum(1 + sum(size_of(lane.steps) for lane in lanes_of(step)) for step in steps)


def lanes_of(step: Step) -> tuple[Lane, ...]:
    """Return the lanes of a split, none of any other step."""
    return step.lanes if isinstance(step, Split) else ()


def buyers_of(spots: Sequence[Spot], fallback: Fallback) -> Mapping[str, Buyer]:
    """Return every buyer that a way may name, by id: buyer steps, rows of groups, and the fallback's."""
    steps = [spot.step for spot in spots]
    direct = [step for step in steps if isinstance(step, Buyer)]
    rows = [row.buyer for step in steps if isinstance(step, Group) for row in step.rows]
    last = [fallback.buyer] if fallback.buyer else []
    return {buyer.common.id: buyer for buyer in (*direct, *rows, *last)}


def deals_of(spots: Sequence[Spot]) -> Mapping[str, Deal]:
    """Return what the group of every row agrees on, by the row's id."""
    groups = [spot.step for spot in spots if isinstance(spot.step, Group)]
    return {row.id: group.deal for group in groups for row in group.rows}


def paths_of(spots: Sequence[Spot]) -> Mapping[str, str]:
    """Return the paths of all steps in lanes and of all rows of groups, by id; of any other step it is the id."""
    rows = {row.id: f"{spot.path}/{row.id}" for spot in spots if isinstance(spot.step, Group) for row in spot.step.rows}
    return {spot.step.common.id: spot.path for spot in spots if "/" in spot.path} | rows


def check_ways(spots: Sequence[Spot], fallback: Fallback, buyers: Mapping[str, Buyer], document: Document) -> None:
    """Report ways that lead to no step, backwards, into a lane, or to no buyer."""
    for address, way in _all_ways(spots, fallback):
        if way.kind == "buyer" and way.target not in buyers:
            message = f"The buyer that leads are sent to, “{way.target}”, is not in this flow any more. Choose another."
            document.report(address, "unknown_buyer", message)
        elif way.kind == "buyer" and buyers[way.target].price is None:
            message = f"“{way.target}” makes bids: it can only be offered the lead by its own group."
            document.report(address, "makes_bids", message)
    positions = {spot.step.common.id: position for position, spot in enumerate(spots)}
    for position, spot in enumerate(spots):
        for address, way in _ways_at(spot):
            if way.kind == "go_to" and not _leads_on(spots, position, positions.get(way.target), way):
                document.report(address, "not_a_later_step", _why_not(positions.get(way.target), position, way))
    start = fallback.start
    if start and (start not in positions or spots[positions[start]].lane):
        message = f"The step at which waiting leads go on, “{start}”, is not there, or is in a lane. Choose another."
        document.report("fallback.from", "unknown_step", message)


def _all_ways(spots: Sequence[Spot], fallback: Fallback) -> Iterator[tuple[str, Way]]:
    for spot in spots:
        yield from _ways_at(spot)
    for key, way in _ways_of(fallback.buyer) if fallback.buyer else ():
        yield f"fallback.buyer.{key}", way


def _leads_on(spots: Sequence[Spot], position: int, aim: int | None, way: Way) -> bool:
    """Return whether a way leads forwards, in its own list or out of it, never into a lane."""
    if way.target == "fallback":
        return True
    if aim is None or aim <= position:
        return False
    return spots[aim].lane == spots[position].lane[: len(spots[aim].lane)]


def _why_not(aim: int | None, position: int, way: Way) -> str:
    """Return why a way cannot lead to a position."""
    if aim is None:
        return f"The step that leads are sent to, “{way.target}”, is not in this flow any more. Choose another."
    if aim <= position:
        return f"Leads can only be sent on to a later step: step {aim + 1} comes before this one. Choose another."
    return f"Leads cannot be sent into a lane, and step {aim + 1} is in one. Choose a step outside of it."


def _spots(steps: Sequence[Step], begins: _List, first: int, end: int) -> Iterator[Spot]:
    """Yield the spots of a list that begins at the position `first`; its last step leads to `end`."""
    for number, step in enumerate(steps):
        address, path = f"{begins.address}[{number}].{step.kind}", f"{begins.path}{step.common.id}"
        follows = first + size_of([step])
        after = follows if number + 1 < len(steps) else end
        yield Spot(step, address, path, after, begins.lane)
        inside = first + 1
        for lane_number, lane in enumerate(lanes_of(step)):
            below = _List(
                _lane_address(lane, address, lane_number), f"{path}/{lane.name}/", (*begins.lane, first, lane_number)
            )
            yield from _spots(lane.steps, below, inside, after)
            inside += size_of(lane.steps)
        first = follows


def _lane_address(lane: Lane, address: str, number: int) -> str:
    if lane.name == REST:
        return f"{address}.{REST}"
    return f"{address}.{'percent' if lane.share else 'cases'}[{number}].steps"


def _ways_at(spot: Spot) -> Iterator[tuple[str, Way]]:
    """Yield every way of a step, and of its rows, with its address."""
    for key, way in _ways_of(spot.step):
        yield f"{spot.address}.{key}", way
    for number, row in enumerate(spot.step.rows if isinstance(spot.step, Group) else ()):
        for key, way in _ways_of(row.buyer):
            yield f"{spot.address}.buyers[{number}].{key}", way


def _ways_of(step: object) -> Iterator[tuple[str, Way]]:
    """Yield every way of a step with the name of its setting."""
    ways = getattr(step, "ways", step)
    for key in getattr(ways, "__dataclass_fields__", ()):
        value = getattr(ways, key)
        if isinstance(value, Way):
            yield key, value
