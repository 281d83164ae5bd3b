"""After a group: why each buyer that was asked did not get the lead, written into its rows; losers are told later."""

from typing import Any

from flowbuilder import ids
from rules.delivery.feedback import FEEDBACK
from rules.effects import Settle
from workers.carrying import Carried
from workers.rows import CopyRow, LossRow, OfferRow
from workers.turn import Turn


def settle(turn: Turn, carried: Carried, effect: Settle) -> dict[str, Any]:
    """Write the reasons and the winning bid into the rows of this round, those of pings and of offers."""
    lost = dict(effect.lost)
    rows = _rows(carried, {*lost, *effect.winners})
    for row in rows:
        reason = lost.get(row.buyer, row.lost_reason)
        if (row.lost_reason, row.winning_bid) != (reason, effect.winning_bid):
            row.lost_reason, row.winning_bid = reason, effect.winning_bid
            # One statement writes a row once: what ended before this turn is written by itself.
            if not turn.changes.writes(row):
                turn.changes.touch(LossRow(row.lead_id, row.offer_no, reason, effect.winning_bid))
    newest = {row.buyer: row for row in rows}
    for buyer in lost:
        if buyer in newest:
            _have_told(turn, newest[buyer])
    return {}


def _have_told(turn: Turn, row: OfferRow) -> None:
    """Have a buyer told that bid and was offered nothing, where its connection says so; a job does it, not the lead."""
    if row.phase != "ping" or row.bid is None:
        return
    connection = turn.book.connection(turn.database, ids.show(row.connection_id, "con"))
    if connection and connection.destination.feedback:
        turn.changes.add(
            CopyRow(row.lead_id, row.offer_no, FEEDBACK, row.account_id, row.connection_id, turn.now, turn.now)
        )


def _rows(carried: Carried, buyers: set[str]) -> list[OfferRow]:
    now = carried.run, carried.known_walk.state.round
    return [row for row in carried.offers if (row.run, row.round) == now and row.buyer in buyers]
