"""Breakers in the database: what calls came to is noted in the turn that writes it, and one lead at most is the probe.

What fails is noted under a lock, before the turn locks windows. The probe is taken without waiting: a row that another
turn has locked is passed over, so that nobody ever waits in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flowbuilder import ids
from rules.breaker import CLOSED, Breaker, Failure, Limits
from rules.retry import Kind as Answer
from workers.book import Connection, read_breaker
from workers.documents import as_document
from workers.rows import OfferRow
from workers.statements import Statement
from workers.turn import BUSY_FOR, Heard, Turn

PROBE_GRACE = timedelta(seconds=10)
"""How much longer than its call a probe counts, should its worker never write what came of it: a turn at most."""

CREATE = Statement("""
    INSERT INTO breaker (connection_id)
    SELECT id FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid) ORDER BY id
        ON CONFLICT DO NOTHING
""")
_COLUMNS = "connection_id, failures, opened_at, recover_at, probe, probe_until"
LOCK = Statement(f"""
    SELECT {_COLUMNS} FROM breaker WHERE connection_id = ANY(:ids) ORDER BY connection_id FOR UPDATE
""")  # noqa: S608  (constants)
LOCK_IF_FREE = Statement(f"""
    SELECT {_COLUMNS} FROM breaker WHERE connection_id = :id FOR UPDATE SKIP LOCKED
""")  # noqa: S608  (constants)
SAVE = Statement("""
    UPDATE breaker b SET failures = r.failures, opened_at = r.opened_at, recover_at = r.recover_at, probe = r.probe,
                         probe_until = r.probe_until
      FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(id uuid, failures jsonb, opened_at timestamptz, recover_at timestamptz, probe text,
             probe_until timestamptz)
     WHERE b.connection_id = r.id
""")


def state_of(turn: Turn, connection: Connection) -> Breaker:
    """Return a connection's breaker as this turn knows it; always closed for one that has none."""
    if connection.destination.breaker is None:
        return CLOSED
    return turn.breakers.get(connection.id, connection.breaker) if turn.breakers else connection.breaker


def note_call(turn: Turn, connection: Connection, offer: OfferRow, kind: Answer, status: int | None) -> None:
    """Note what an offer's call came to, and the status that was read; calls that we stopped ourselves are not noted.

    A yes or a no is nothing to write as long as the breaker is closed.
    """
    if connection.destination.breaker is None:
        return
    if kind in ("error", "ambiguous"):
        failure = Failure(turn.now, ids.show(offer.lead_id), kind, status)
        turn.heard.append(Heard(connection, ids.show(offer.id), failure))
    elif (probe := state_of(turn, connection).probe) and probe == ids.show(offer.id):
        turn.heard.append(Heard(connection, probe, None))


def write_heard(turn: Turn) -> None:
    """Write what the calls of this turn came to; nothing is read or written when none failed and none was a probe."""
    if not turn.heard:
        return
    by_connection: dict[UUID, list[Heard]] = defaultdict(list)
    for one in turn.heard:
        by_connection[one.connection.id].append(one)
    CREATE.count(turn.database, {"rows": as_document([{"id": identifier} for identifier in by_connection])})
    rows = LOCK.named_rows(turn.database, {"ids": list(by_connection)})
    before = {row["connection_id"]: read_breaker(row) for row in rows}
    after = {identifier: _after(before[identifier], heard) for identifier, heard in by_connection.items()}
    _save(turn, after)
    for identifier, breaker in after.items():
        if breaker.is_closed != before[identifier].is_closed:
            turn.switched.append((identifier, "closed" if breaker.is_closed else "open"))
    turn.heard = []


def lets_call(turn: Turn, connection: Connection, offer: UUID, timeout_ms: int) -> bool:
    """Return whether an offer's call may be made now: the breaker is closed, or this call has become its probe."""
    known = state_of(turn, connection)
    if known.is_closed:
        return True
    if not known.lets_through(turn.now):
        return False
    rows = LOCK_IF_FREE.named_rows(turn.database, {"id": connection.id})
    current = read_breaker(rows[0]) if rows else known
    until = turn.now + timedelta(milliseconds=timeout_ms) + PROBE_GRACE
    probed = current.probed(ids.show(offer), turn.now, until) if rows else None
    if probed is not None:
        _save(turn, {connection.id: probed})
    elif rows:
        turn.breakers[connection.id] = current
    return probed is not None or current.is_closed


def until(turn: Turn, shown: str, reason: str) -> dict[str, str]:
    """Return when a buyer that is not asked may be asked again, as results say it; nothing for another reason."""
    connection = turn.book.connection(turn.database, shown) if reason == "breaker_open" else None
    return {"until": try_again_at(turn, connection).isoformat()} if connection else {}


def try_again_at(turn: Turn, connection: Connection) -> datetime:
    """Return when a lead that the breaker did not let through may ask again."""
    return max(state_of(turn, connection).opens_at(turn.now), turn.now + BUSY_FOR)


def _after(breaker: Breaker, heard: Iterable[Heard]) -> Breaker:
    for one in heard:
        limits = one.connection.destination.breaker or Limits()
        breaker = breaker.failed(one.failure, one.offer, limits) if one.failure else breaker.answered(one.offer)
    return breaker


def _save(turn: Turn, breakers: Mapping[UUID, Breaker]) -> None:
    SAVE.count(turn.database, {"rows": as_document([_row(*one) for one in breakers.items()])})
    turn.breakers.update(breakers)


def _row(connection_id: UUID, breaker: Breaker) -> dict[str, Any]:
    return {
        "id": connection_id,
        "failures": [failure.as_document() for failure in breaker.failures],
        "opened_at": breaker.opened_at,
        "recover_at": breaker.recover_at,
        "probe": breaker.probe,
        "probe_until": breaker.probe_until,
    }
