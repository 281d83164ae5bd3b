"""The rows that are kept of everybody whom an effect calls: what it is asked, and each call as an attempt."""

from typing import Any

from flowbuilder import ids
from rules.effects import LookUp, Offer, Ping
from workers.book import Connection
from workers.carrying import Carried
from workers.delivery.calls import CallKey
from workers.outgoing import attempt_of
from workers.rows import AttemptRow, OfferRow
from workers.turn import Turn


def row_of(
    turn: Turn, carried: Carried, effect: Offer | Ping | LookUp, connection: Connection, *, buyer: str, phase: str
) -> OfferRow:
    """Return a new row for one whom an effect calls, at no price; nothing is recorded yet."""
    return OfferRow(
        lead_id=carried.id,
        offer_no=len(carried.offers) + 1,
        id=ids.new_id(),
        account_id=carried.row["account_id"],
        connection_id=connection.id,
        run=carried.run,
        round=effect.round,
        step=effect.step,
        buyer=buyer,
        price=0,
        created_at=turn.now,
        phase=phase,
    )


def record(turn: Turn, carried: Carried, row: OfferRow) -> None:
    """Have a new row written."""
    turn.changes.add(row)
    carried.offers.append(row)


def begin_attempt(turn: Turn, carried: Carried, row: OfferRow, request: dict[str, Any]) -> tuple[AttemptRow, CallKey]:
    """Record the next call of a row as `sending`, with its request as it is kept; return it with the call's key.

    The call is handed over once this is committed.
    """
    row.attempts += 1
    turn.changes.touch(row)
    attempt = attempt_of(row, row.attempts, row.delivery_method, turn.now)
    attempt.request = request
    turn.changes.add(attempt)
    return attempt, CallKey(carried.key, carried.token, row.offer_no, row.attempts)


def end_attempt(turn: Turn, attempt: AttemptRow, state: str, error: str | None) -> None:
    """Record what a call came to."""
    attempt.state, attempt.error, attempt.finished_at = state, error, turn.now
    turn.changes.touch(attempt)
