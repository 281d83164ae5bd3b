"""After a group: why each buyer that was asked did not get the lead, written into its rows."""

from typing import Any

from rules.effects import Settle
from workers.carrying import Carried
from workers.rows import LossRow, OfferRow
from workers.turn import Turn


def settle(turn: Turn, carried: Carried, effect: Settle) -> dict[str, Any]:
    """Write the reasons and the winning bid into the rows of this round, those of pings and of offers."""
    lost = dict(effect.lost)
    for row in _rows(carried, {*lost, *effect.winners}):
        reason = lost.get(row.buyer, row.lost_reason)
        if (row.lost_reason, row.winning_bid) != (reason, effect.winning_bid):
            row.lost_reason, row.winning_bid = reason, effect.winning_bid
            # One statement writes a row once: what ended before this turn is written by itself.
            if not turn.changes.writes(row):
                turn.changes.touch(LossRow(row.lead_id, row.offer_no, reason, effect.winning_bid))
    return {}


def _rows(carried: Carried, buyers: set[str]) -> list[OfferRow]:
    now = carried.run, carried.known_walk.state.round
    return [row for row in carried.offers if (row.run, row.round) == now and row.buyer in buyers]
