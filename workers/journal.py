"""The only writer of lead events, offers, attempts and outcomes: claims leads, guards leases, writes a turn's rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, TextClause, text

from flowbuilder.ids import first_id_at, made_at, new_id
from workers.documents import as_document
from workers.rows import AttemptRow, Changes, EventRow, LeadChange, OfferRow, Row

LEASE = timedelta(seconds=30)
"""For how long a claim counts without being renewed."""
ALONE_CRASHES = 3
"""How often a lead may end its worker while it is carried alone; once more came before, among others."""

OLDEST = timedelta(days=400)
"""How old a lead can be that is still claimed: as long as leads are kept. Partitions before that are not looked at."""
AHEAD = timedelta(days=1)

Lease = tuple[UUID, int]
"""A lead and the token under which it is held; every claim has a new one."""

# Every statement names the span of ids that it is about, so that the planner leaves out all other months.
_LEADS = "lead.id BETWEEN :lowest AND :highest"

_COLUMNS = """
    lead.id, lead.account_id, lead.flow_id, lead.source_id, lead.version, lead.is_test, lead.test_outcome,
    lead.run, lead.asked_before, lead.posted, lead.fields, lead.invalid, lead.received_at, lead.lease_token,
    lead.crashes, lead.last_step, lead.answer_to
"""


def _claim(condition: str) -> TextClause:
    """Return the statement that leases due leads; tokens are random, so that a claim lost with the database is void."""
    return text(f"""
        WITH due AS (
            SELECT id, state FROM lead
             WHERE {_LEADS} AND state <> 'done' AND {condition} AND due_at <= GREATEST(now(), :now)
               AND due_at <= CASE state WHEN 'waiting' THEN CAST(:now AS timestamptz) ELSE now() END
             ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED)
        UPDATE lead
           SET state = 'working', waiting_for = NULL, due_at = now() + :lease, crashes = lead.crashes + 1,
               lease_token = (random() * 9e18)::bigint
          FROM due WHERE lead.id = due.id AND {_LEADS}
        RETURNING {_COLUMNS}, due.state = 'received' AS is_fresh
    """)  # noqa: S608  (the two conditions are written below)


CLAIM = _claim("crashes = 0")
CLAIM_ALONE = _claim("crashes > 0")
# It waits for a row that a page has locked for a moment: passing it over would lose the answer of a buyer.
_HELD = f"""json_to_recordset(CAST(:rows AS json)) AS r(id uuid, token bigint)
     WHERE lead.id = r.id AND lead.lease_token = r.token AND lead.state = 'working' AND {_LEADS}"""
GUARD = text(f"""
    SELECT lead.id, lead.lease_token FROM lead, {_HELD}
     ORDER BY lead.id FOR UPDATE OF lead
""")  # noqa: S608  (constants)
RENEW = text(f"""
    UPDATE lead SET due_at = now() + :lease FROM {_HELD}
    RETURNING lead.id, lead.lease_token
""")  # noqa: S608  (constants)
GIVE_BACK = text(f"""
    UPDATE lead SET due_at = now(), crashes = GREATEST(lead.crashes - 1, 0) FROM {_HELD}
""")  # noqa: S608  (constants)
EVENTS = text("""
    SELECT lead_id, run, seq, effect, step, asks, result, outcome, reason, at, done_at FROM lead_event
     WHERE lead_id = ANY(:ids) AND lead_id BETWEEN :lowest AND :highest ORDER BY lead_id, run, seq
""")
OFFERS = text("""
    SELECT lead_id, offer_no, id, account_id, connection_id, run, round, step, buyer, price, created_at, state, places,
           is_winner, slot, lost_reason, reason, reference, attempts, cascade_position, finished_at
      FROM offer WHERE lead_id = ANY(:ids) AND lead_id BETWEEN :lowest AND :highest ORDER BY lead_id, offer_no
""")
ATTEMPTS = text("""
    SELECT lead_id, offer_no, attempt_no, started_at, state, finished_at, ms, status, error FROM attempt
     WHERE lead_id = ANY(:ids) AND lead_id BETWEEN :lowest AND :highest ORDER BY lead_id, offer_no, attempt_no
""")

_EVENT = """(lead_id uuid, run int, seq int, effect text, step text, asks jsonb, at timestamptz, result jsonb,
    outcome text, reason text, done_at timestamptz)"""
_OFFER = """(lead_id uuid, offer_no int, id uuid, account_id uuid, connection_id uuid, run int, round int, step text,
    buyer text, price bigint, created_at timestamptz, state text, places jsonb, is_winner boolean, slot smallint,
    lost_reason text, reason text, reference text, attempts smallint, cascade_position int, finished_at timestamptz)"""
_ATTEMPT = """(lead_id uuid, offer_no int, attempt_no int, started_at timestamptz, state text, finished_at timestamptz,
    ms int, status smallint, error text, request jsonb, reply jsonb)"""
_LEAD = """(id uuid, token bigint, state text, outcome text, waiting_for text, reason_code text, reason text, run int,
    asked_before jsonb, revenue bigint, cost bigint, due_at timestamptz, finished_at timestamptz, last_step text)"""


def _rows(record: str) -> str:
    """Return the rows of one kind, to be named when the statement is put together."""
    return f"json_to_recordset(CAST(:{{rows}} AS json)) AS r{record}"


def _insert(table: str, record: str) -> str:
    columns = ", ".join(part.split()[0] for part in record.strip("()").split(","))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_rows(record)} RETURNING 1"  # noqa: S608  (constants)


INSERTS: dict[type[Row], str] = {
    EventRow: _insert("lead_event", _EVENT),
    OfferRow: _insert("offer", _OFFER),
    AttemptRow: _insert("attempt", _ATTEMPT),
}
UPDATES: dict[type[Row], str] = {
    EventRow: f"""
        UPDATE lead_event e SET result = r.result, outcome = r.outcome, reason = r.reason, done_at = r.done_at
          FROM {_rows(_EVENT)}
         WHERE e.lead_id BETWEEN :lowest AND :highest
           AND e.lead_id = r.lead_id AND e.run = r.run AND e.seq = r.seq AND e.result IS NULL
        RETURNING 1
    """,  # noqa: S608  (constants)
    OfferRow: f"""
        UPDATE offer o
           SET state = r.state, price = r.price, places = r.places, is_winner = r.is_winner,
               lost_reason = r.lost_reason, reason = r.reason, reference = r.reference, attempts = r.attempts,
               finished_at = r.finished_at
          FROM {_rows(_OFFER)}
         WHERE o.lead_id BETWEEN :lowest AND :highest AND o.lead_id = r.lead_id AND o.offer_no = r.offer_no
           AND o.state NOT IN ('accepted', 'declined', 'error', 'cancelled')
        RETURNING 1
    """,  # noqa: S608  (constants)
    AttemptRow: f"""
        UPDATE attempt a
           SET state = r.state, finished_at = r.finished_at, ms = r.ms, status = r.status, error = r.error,
               reply = r.reply
          FROM {_rows(_ATTEMPT)}
         WHERE a.lead_id BETWEEN :lowest AND :highest
           AND a.lead_id = r.lead_id AND a.offer_no = r.offer_no AND a.attempt_no = r.attempt_no
           AND a.state = 'sending'
        RETURNING 1
    """,  # noqa: S608  (constants)
    LeadChange: f"""
        UPDATE lead
           SET state = r.state, outcome = r.outcome, waiting_for = r.waiting_for, reason_code = r.reason_code,
               reason = r.reason, run = r.run, asked_before = r.asked_before, revenue = r.revenue, cost = r.cost,
               due_at = COALESCE(r.due_at, now() + :lease), finished_at = r.finished_at, last_step = r.last_step,
               crashes = 0
          FROM {_rows(_LEAD)}
         WHERE {_LEADS} AND lead.id = r.id AND lead.lease_token = r.token AND lead.state = 'working'
        RETURNING 1
    """,  # noqa: S608  (constants)
}


@cache
def _put_together(inserted: tuple[type[Row], ...], updated: tuple[type[Row], ...]) -> TextClause:
    """Return one statement that does all of a turn's writing and tells how many rows each part wrote.

    The parts touch different rows, so that their order does not matter; one statement costs one trip to the database.
    """
    parts = [INSERTS[kind] for kind in inserted] + [UPDATES[kind] for kind in updated]
    written = ", ".join(f"w{at} AS ({part.format(rows=f'rows{at}')})" for at, part in enumerate(parts))
    counts = ", ".join(f"(SELECT count(*) FROM w{at})" for at in range(len(parts)))  # noqa: S608  (constants)
    return text(f"WITH {written} SELECT {counts}")


class LostWrite(Exception):
    """A row that this turn meant to change was no longer as it was read; the turn is rolled back."""


@dataclass(slots=True)
class Past:
    """What the journal holds of one lead."""

    events: list[EventRow] = field(default_factory=list)
    offers: list[OfferRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)


def claim(database: Connection, most: int, now: datetime, *, alone: bool = False) -> Sequence[RowMapping]:
    """Lease due leads and return their rows; `alone` takes one of those that ended a worker before."""
    made = made_at(new_id())  # Ids are made by the machine's own clock, which no offset moves.
    span = {"lowest": first_id_at(made - OLDEST), "highest": first_id_at(made + AHEAD)}
    values = {"most": most, "now": now, "lease": LEASE}
    return database.execute(CLAIM_ALONE if alone else CLAIM, values | span).mappings().all()


def guard(database: Connection, leases: Iterable[Lease]) -> set[Lease]:
    """Lock the leads whose lease is still held and return those leases; the others belong to another worker now."""
    return {(lead_id, token) for lead_id, token in database.execute(GUARD, _held(leases))}


def renew(database: Connection, leases: Iterable[Lease]) -> set[Lease]:
    """Have leases count from now on for their full time, and return those that are still held."""
    rows = database.execute(RENEW, _held(leases) | {"lease": LEASE})
    return {(lead_id, token) for lead_id, token in rows}


def give_back(database: Connection, leases: Iterable[Lease]) -> None:
    """End leases early, so that another worker takes the leads at once; it does not count as a crash."""
    database.execute(GIVE_BACK, _held(leases))


def read_past(database: Connection, lead_ids: Sequence[UUID]) -> dict[UUID, Past]:
    """Return what the journal holds of some leads; bodies of requests and replies are left out."""
    past = {lead_id: Past() for lead_id in lead_ids}
    if not past:
        return past
    wanted = {"ids": lead_ids} | _span(lead_ids)
    for row in database.execute(EVENTS, wanted).mappings():
        past[row["lead_id"]].events.append(EventRow(**row))
    for row in database.execute(OFFERS, wanted).mappings():
        past[row["lead_id"]].offers.append(OfferRow(**row))
    for row in database.execute(ATTEMPTS, wanted).mappings():
        past[row["lead_id"]].attempts.append(AttemptRow(**row))
    return past


def write(database: Connection, changes: Changes) -> None:
    """Write all rows of a turn; raises LostWrite when one that should change did not."""
    inserted = tuple(kind for kind in INSERTS if changes.added(kind))
    updated = tuple(kind for kind in UPDATES if changes.touched(kind))
    groups = [changes.added(kind) for kind in inserted] + [changes.touched(kind) for kind in updated]
    if not groups:
        return
    values: dict[str, Any] = {f"rows{at}": as_document(rows) for at, rows in enumerate(groups)}
    if updated:
        values |= _span([row.lead_id for rows in groups for row in rows])
    if LeadChange in updated:
        values["lease"] = LEASE
    counts = database.execute(_put_together(inserted, updated), values).one()
    for kind, rows, count in zip((*inserted, *updated), groups, counts, strict=True):
        if count != len(rows):
            raise LostWrite(f"{kind.__name__}: {len(rows)} rows")


def _held(leases: Iterable[Lease]) -> dict[str, Any]:
    rows = [{"id": lead_id, "token": token} for lead_id, token in leases]
    return {"rows": as_document(rows)} | _span([row["id"] for row in rows])


def _span(lead_ids: Sequence[Any]) -> dict[str, UUID]:
    """Return the least and the greatest of some ids."""
    return {"lowest": min(lead_ids), "highest": max(lead_ids)}
