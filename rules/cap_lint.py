"""What is worth a look in the caps of a flow: those that never fill, and those that let nothing through."""

from collections.abc import Iterator, Sequence

from rules.caps import Cap
from rules.findings import finding
from rules.flow import DOOR, Flow
from rules.problems import Problem
from rules.road import Spot
from rules.steps import Buyer, CapStep, Group, LookUp
from rules.windows import PERIODS

Listed = tuple[str, Sequence[Cap]]
"""Caps that stand together on one thing, with the address of their list."""


def find_wide_caps(flow: Flow) -> Iterator[Problem]:
    """Find caps that are never reached, because a smaller one stands around them or beside them."""
    for address, caps in _lists(flow):
        for number, cap in enumerate(caps):
            smaller = next((other for other in caps if other is not cap and _is_inside(cap, other)), None)
            if smaller:
                lets, gets = cap.say(flow.currency), smaller.say(flow.currency)
                message = f"{lets} is never reached: beside it at most {gets} are allowed."
                yield finding(f"{address}[{number}].limit", "cap_never_reached", message)
    passed = tuple(_caps_that_all_pass(flow))
    for position, spot in enumerate(flow.spots):
        around = [*flow.door.caps, *_caps_before(flow, position, passed)]
        for address, cap in _caps_at(spot):
            smaller = next((other for other in around if _is_inside(cap, other)), None)
            if smaller:
                lets, gets = cap.say(flow.currency), smaller.say(flow.currency)
                message = f"{lets} is never reached: at most {gets} get here."
                yield finding(f"{address}.limit", "cap_never_reached", message)


def find_caps_of_zero(flow: Flow) -> Iterator[Problem]:
    """Find caps of no lead, or of no money."""
    door = [(f"{DOOR}.caps[{number}]", cap) for number, cap in enumerate(flow.door.caps)]
    for address, cap in (*door, *(one for spot in flow.spots for one in _caps_at(spot)), *_caps_at_the_end(flow)):
        if cap.limit == 0:
            whose = "so that nothing comes in" if cap.owner == DOOR else "so that this buyer never gets a lead"
            step = flow.step(cap.owner)
            told = "so that no lead gets past it" if isinstance(step, CapStep) else whose
            message = f"This cap is 0, {told}. Raise it, or remove it."
            yield finding(f"{address}.{'spend' if cap.spends else 'limit'}", "limit_of_zero", message)


def _lists(flow: Flow) -> Iterator[Listed]:
    yield f"{DOOR}.caps", flow.door.caps
    for spot in flow.spots:
        if isinstance(spot.step, Buyer):
            yield f"{spot.address}.caps", spot.step.caps
        for number, row in enumerate(spot.step.rows if isinstance(spot.step, Group) else ()):
            yield f"{spot.address}.buyers[{number}].caps", row.buyer.caps
    if flow.fallback.buyer:
        yield "fallback.buyer.caps", flow.fallback.buyer.caps


def _caps_at_the_end(flow: Flow) -> Iterator[tuple[str, Cap]]:
    for number, cap in enumerate(flow.fallback.buyer.caps if flow.fallback.buyer else ()):
        yield f"fallback.buyer.caps[{number}]", cap


def _caps_that_all_pass(flow: Flow) -> Iterator[tuple[int, CapStep]]:
    """Yield the steps with caps, by their positions, that no way of a step leads past."""
    for position, spot in enumerate(flow.spots):
        if isinstance(spot.step, CapStep) and not spot.step.common.off and not _is_passed_by(flow, position):
            yield position, spot.step


def _caps_before(flow: Flow, position: int, passed: Sequence[tuple[int, CapStep]]) -> Iterator[Cap]:
    """Yield those of the caps that all leads pass which every lead has passed that comes to a position."""
    own = flow.spots[position].lane
    for earlier, step in passed:
        lane = flow.spots[earlier].lane
        if earlier < position and lane == own[: len(lane)]:
            yield step.cap


def _is_passed_by(flow: Flow, position: int) -> bool:
    """Return whether some way of this step, or of one before it, leads to a step behind it."""
    for spot in flow.spots[: position + 1]:
        ways = [getattr(spot.step, "otherwise", None), getattr(spot.step, "when_full", None)]
        ways += spot.step.other_ways if isinstance(spot.step, LookUp) else ()
        if any(way and way.kind == "go_to" and flow.positions.get(way.target, 0) > position for way in ways):
            return True
    return False


def _caps_at(spot: Spot) -> Iterator[tuple[str, Cap]]:
    step = spot.step
    if isinstance(step, CapStep):
        yield spot.address, step.cap
    if isinstance(step, Buyer):
        yield from ((f"{spot.address}.caps[{i}]", cap) for i, cap in enumerate(step.caps))
    for number, row in enumerate(step.rows if isinstance(step, Group) else ()):
        for i, cap in enumerate(row.buyer.caps):
            yield f"{spot.address}.buyers[{number}].caps[{i}]", cap


def _is_inside(cap: Cap, around: Cap) -> bool:
    """Return whether a cap lets more through than another that stands around it, in the same or a longer time.

    What is received can be more than what is sold, so that a cap on sales says nothing of one on what is received.
    """
    if cap.spends or around.spends or around.count_by or (cap.received and not around.received):
        return False
    return PERIODS.index(around.per) >= PERIODS.index(cap.per) and around.limit < cap.limit
