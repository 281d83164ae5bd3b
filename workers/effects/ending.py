"""Holding a lead, waking it, and closing its run."""

from datetime import datetime
from typing import Any

from rules.effects import Close, Hold
from workers.carrying import Carried
from workers.effects import by_hand, door
from workers.rows import LeadChange
from workers.turn import FAR, Turn


def hold(turn: Turn, carried: Carried, effect: Hold) -> None:
    """Give back what the lead holds at the door and in cap steps unless it keeps it, and let it wait."""
    turn.open_event(carried)
    if not effect.keeps:
        _give_back(turn, carried)
    until = datetime.fromisoformat(effect.until) if effect.until else FAR
    turn.wait(carried, until, effect.waiting_for)


def wake(turn: Turn, carried: Carried) -> dict[str, Any]:
    """Return when the lead woke, by whose clock and its buyers' its run goes on, and what a person told meanwhile."""
    return {"now": turn.now.isoformat()} | door.zones(turn, carried) | by_hand.told(carried)


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


def _give_back(turn: Turn, carried: Carried) -> None:
    turn.returned.extend(place for place in carried.places if not place[2])
    carried.places = [place for place in carried.places if place[2]]
