"""Puts a lead aside that no worker can carry: it ends as an error that a person looks at, and can be replayed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from workers.carrying import places_of
from workers.crashpoints import committed
from workers.documents import as_document
from workers.journal import guard, read_past

CLOSE = text("""
    UPDATE lead SET state = 'done', outcome = 'error', reason_code = 'quarantined', reason = :why, waiting_for = NULL,
                    finished_at = :now, due_at = :now
     WHERE id = :id AND lease_token = :token
""")
GIVE_BACK = text("""
    UPDATE cap_window w SET used = w.used - r.take
      FROM json_to_recordset(CAST(:rows AS json)) AS r(id bigint, take bigint)
     WHERE w.id = r.id
""")
END_OFFERS = text("""
    UPDATE offer SET state = 'unknown', lost_reason = 'unknown', finished_at = :now
     WHERE lead_id = :id AND state IN ('reserved', 'sending')
""")


def quarantine(engine: Engine, lead_id: UUID, token: int, why: str, now: datetime) -> None:
    """End a lead as quarantined and give back its places; an offer that was out keeps its own, it may be taken."""
    with committed(engine, "quarantine") as database:
        if guard(database, [(lead_id, token)]):
            _give_back(database, lead_id)
            database.execute(END_OFFERS, {"id": lead_id, "now": now})
            database.execute(CLOSE, {"id": lead_id, "token": token, "why": why, "now": now})


def _give_back(database: Connection, lead_id: UUID) -> None:
    events = read_past(database, [lead_id])[lead_id].events
    newest = max((event.run for event in events), default=0)
    places = places_of(event for event in events if event.run == newest)
    rows: list[dict[str, Any]] = [{"id": place[0], "take": place[1]} for place in places if not place[2]]
    if rows:
        database.execute(GIVE_BACK, {"rows": as_document(rows)})
