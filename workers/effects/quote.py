"""Quoting a price for a ping, and what came of it: the post with the whole lead, or nothing in time."""

from datetime import datetime
from typing import Any

from rules.effects import Quote
from workers.carrying import Carried
from workers.effects.offer import not_asked
from workers.eligibility import find_buyer
from workers.turn import Turn

Result = dict[str, Any]


def quote(turn: Turn, carried: Carried, effect: Quote) -> Result | None:
    """Have the ping wait for its post; return why there is no quote where its buyer could not be asked now.

    A run that begins again after the post does not wait for another one. None without a wait means that a window is not
    locked in this turn.
    """
    if not carried.is_ping:
        return answered(turn, carried)
    connection = find_buyer(turn, carried, effect.offer)
    if isinstance(connection, str):
        return not_asked(turn, connection)
    asks = turn.flow_asks(carried, effect.offer["caps"])
    if not turn.dealer.holds(asks):
        return None
    full = turn.dealer.first_full(asks)
    if full:
        return not_asked(turn, "cap_reached", full.own_key)
    turn.open_event(carried)
    turn.wait(carried, datetime.fromisoformat(effect.until), "post", effect.price)
    return None


def answered(turn: Turn, carried: Carried) -> Result:
    """Return what woke the ping: its row has become a post, or its time is over."""
    return {"at": turn.now.isoformat(), "answer": "expired" if carried.is_ping else "posted"}
