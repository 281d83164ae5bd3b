"""Holding a lead, waking it, and closing its run."""

from datetime import datetime
from typing import Any

from rules.effects import Close, Hold
from workers.carrying import Carried
from workers.effects import by_hand, door
from workers.rows import FAR, LeadChange
from workers.turn import Turn


def hold(turn: Turn, carried: Carried, effect: Hold) -> None:
    """Give back what the lead holds at the door and in cap steps unless it keeps it, and let it wait."""
    turn.open_event(carried)
    if not effect.keeps:
        _give_back(turn, carried)
    turn.wait(carried, _until(effect), effect.waiting_for)


def wake(turn: Turn, carried: Carried, effect: Hold) -> dict[str, Any] | None:
    """Return when the lead woke, by whose clock and its buyers' its run goes on, and what a person told meanwhile.

    None where it goes on waiting: it was to start again in another version and cannot.
    """
    instruction = carried.instruction
    said = by_hand.told(turn, carried)
    until = _until(effect)
    if instruction and instruction["do"] == "start_again" and not said and until > turn.now:
        turn.wait(carried, until, effect.waiting_for)
        return None
    return {"now": turn.now.isoformat()} | door.zones(turn, carried) | said


def close(turn: Turn, carried: Carried, effect: Close) -> None:
    """Write the lead's outcome; a place counts sold leads, so that one that was not sold gives it back."""
    if effect.result != "sold":
        _give_back(turn, carried)
    turn.complete(carried, {})
    change = LeadChange(
        carried.id,
        carried.token,
        outcome=effect.result,
        reason_code=effect.code,
        reason=effect.reason,
        revenue=effect.revenue,
        cost=effect.cost,
    )
    turn.finish(carried, change)


def _until(effect: Hold) -> datetime:
    return datetime.fromisoformat(effect.until) if effect.until else FAR


def _give_back(turn: Turn, carried: Carried) -> None:
    turn.returned.extend(place for place in carried.places if not place[2])
    carried.places = [place for place in carried.places if place[2]]
