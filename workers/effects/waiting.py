"""What a lead has begun and is not done with: reading the answers, trying again, and waiting for the next of them."""

from collections.abc import Sequence
from typing import Any

from rules.effects import Await
from workers.begun import AnyBegun, BegunLookUp, BegunOffer
from workers.carrying import Carried
from workers.effects import by_hand, look_up, offer
from workers.turn import Turn

Result = dict[str, Any]


def hear(turn: Turn, carried: Carried) -> None:
    """Read every answer that arrived; what a buyer says of one offer changes nothing of the others."""
    for begun in carried.begun.values():
        sent = carried.answer(begun)
        if sent is not None:
            match begun:
                case BegunOffer():
                    offer.settle(turn, carried, begun, sent)
                case BegunLookUp():
                    look_up.settle(turn, begun, sent)


def go_on(turn: Turn, carried: Carried) -> Result | None:
    """Make the calls that are due; return what the waiting effect came to, None while it is out or goes on later.

    A lead that was woken before anything was due was sent on by a person, who has every buyer asked again at once.
    """
    is_told = carried.instruction is not None
    by_hand.settle(turn, carried)
    going_on = carried.going_on
    at_rest = [begun for begun in going_on if not carried.is_out(begun)]
    due = [begun for begun in at_rest if begun.attempt is not None or _is_due(turn, begun)]
    is_woken = carried.is_calling and len(at_rest) == len(going_on) and not (is_told or carried.arrived)
    for begun in _least_busy_first(turn, due or (at_rest if is_woken else [])):
        if carried.key in turn.left:  # It waits for a buyer that too many wait for.
            return None
        match begun:
            case BegunOffer():
                offer.resume(turn, carried, begun)
            case BegunLookUp():
                look_up.resume(turn, carried, begun)
    return _came_to(turn, carried) if carried.is_calling else None


def await_one(turn: Turn, carried: Carried, _effect: Await) -> Result | None:
    """Begin to wait for an open offer; return what one came to that has ended already, None while all are out."""
    turn.open_event(carried)
    return _came_to(turn, carried)


def _came_to(turn: Turn, carried: Carried) -> Result | None:
    """Return what the waiting effect came to; a lead of which no call is out waits for the next one."""
    result = _ended(carried) if isinstance(carried.effect, Await) else offer.taken_up(turn, carried)
    is_going = carried.has_calls_out or carried.key in turn.left or carried.key in turn.queued
    if result is None and not is_going:
        turn.wait(carried, next(iter(carried.next_tries), turn.now), carried.waits_for)
    return result


def _ended(carried: Carried) -> Result | None:
    """Return what the first offer came to that has ended, and whose it was."""
    begun = next((begun for begun in carried.begun.values() if begun.result is not None), None)
    if begun is None or begun.result is None:
        return None
    del carried.begun[begun.row.offer_no]
    return begun.result | {"buyer": begun.row.buyer}


def _least_busy_first(turn: Turn, due: Sequence[AnyBegun]) -> Sequence[AnyBegun]:
    """Return what is due in the order in which its buyers have room: one that many wait for keeps nobody waiting."""

    def busy(begun: AnyBegun) -> int:
        return turn.busy.get(begun.effect.connection, 0) if isinstance(begun, BegunOffer) else 0

    return sorted(due, key=busy) if len(due) > 1 else due


def _is_due(turn: Turn, begun: AnyBegun) -> bool:
    return begun.row.next_at is None or begun.row.next_at <= turn.now
