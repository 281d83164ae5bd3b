"""Pings: what a supplier would be paid, told before it hands the whole lead over; and the post that follows, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from flowbuilder import ids
from flowbuilder.intake.answers import LeadAnswer
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.reading import Reading
from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.sources import OpenSource
from flowbuilder.intake.store import STATE
from flowbuilder.intake.tickets import IdempotencyKey, KeyUsed
from rules import json_text

PING = text("""
    SELECT id, kind, is_test, posted, due_at, state = 'waiting' AND waiting_for = 'post' AND due_at > :now AS is_open,
           (waiting_for = 'post' AND due_at <= :now) OR reason_code = 'ping_expired' AS is_over
      FROM lead WHERE id = :ping_id AND source_id = :source_id
""")
# The row becomes a post at once or not at all: of many posts of one ping one does it, and of many posts with one key.
# Whoever is a moment later waits for the key, and then finds that it is another lead's.
TAKE = text("""
    WITH held AS (
        SELECT id FROM lead
         WHERE id = :ping_id AND source_id = :source_id AND kind = 'ping' AND state = 'waiting'
           AND waiting_for = 'post' AND due_at > :now
           FOR UPDATE
    ), keyed AS (
        INSERT INTO idempotency (source_id, key, lead_id, body_hash, created_at)
        SELECT :source_id, CAST(:key AS text), id, decode(:body_hash, 'hex'), :now FROM held
         WHERE CAST(:key AS text) IS NOT NULL
            ON CONFLICT DO NOTHING RETURNING lead_id
    ), taken AS (
        UPDATE lead
           SET kind = 'post', state = 'received', waiting_for = NULL, due_at = now(), answer_to = :answer_to,
               pinged = jsonb_build_object('posted', posted, 'fields', fields, 'invalid', to_jsonb(invalid)),
               posted = CAST(:posted AS jsonb), fields = CAST(:fields AS jsonb), invalid = :invalid,
               ignored = :ignored, test_outcome = :test_outcome
         WHERE id IN (SELECT id FROM held) AND (CAST(:key AS text) IS NULL OR EXISTS (SELECT FROM keyed))
        RETURNING id
    )
    SELECT id FROM taken
""")


POSTED = text("SELECT posted FROM lead WHERE id = :lead_id")
OWNER = text(f"""
    SELECT used.body_hash, lead.id, {STATE}, lead.outcome, lead.reason, lead.cost, lead.currency, lead.ignored
      FROM idempotency AS used JOIN lead ON lead.id = used.lead_id
     WHERE used.source_id = :source_id AND used.key = :key
""")  # noqa: S608  (a constant)


class Quoted(NamedTuple):
    """What a ping is answered: what the supplier would be paid and until when; None where nobody bids."""

    lead: LeadAnswer
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping that is to be posted now."""

    id: UUID
    posted: Mapping[str, Any]


def quoted(desk: Desk, source: OpenSource, lead: LeadAnswer, now: datetime) -> Quoted:
    """Return the answer to a ping that was carried as far as it goes; raises Refused (503)."""
    if lead.state != "waiting":
        return Quoted(lead, None)
    row = desk.database.first(PING, ping_id=lead.id, source_id=source.source_id, now=now)
    return Quoted(lead, row.due_at if row and row.is_open else None)


def quoted_again(desk: Desk, source: OpenSource, lead: LeadAnswer, now: datetime) -> Quoted:
    """Return the answer to a ping that came before; raises Refused: 409 when it was posted or is over, 503."""
    row = desk.database.first(PING, ping_id=lead.id, source_id=source.source_id, now=now)
    if row is None or row.kind != "ping":
        raise used()
    if row.is_over:
        raise expired()
    return Quoted(lead, row.due_at if row.is_open else None)


def open_ping(desk: Desk, source: OpenSource, shown: object, *, is_test: bool, now: datetime) -> Ping:
    """Return the ping that a post names; raises Refused: 409 for one that is used or over, 422 for none."""
    try:
        ping_id = ids.read(str(shown).strip())
    except ids.NotAnId:
        raise _unknown() from None
    row = desk.database.first(PING, ping_id=ping_id, source_id=source.source_id, now=now)
    if row is None:
        raise _unknown()
    if row.kind != "ping":
        raise used()
    if not row.is_open:
        raise expired()
    if row.is_test != is_test:
        message = "A ping and its post are both tests, or neither is."
        raise refuse(422, "ping_of_other_mode", message, field="ping_id")
    return Ping(row.id, row.posted)


def take_post(
    desk: Desk,
    source: OpenSource,
    ping: Ping,
    reading: Reading,
    *,
    key: IdempotencyKey | None,
    waits: bool,
    now: datetime,
) -> None:
    """Make a post of a ping and have its run go on.

    Raises Refused: 409 when another post did, its time is over, or the key has become another lead's.
    """
    row = desk.database.first(
        TAKE,
        ping_id=ping.id,
        source_id=source.source_id,
        posted=json_text.write(reading.posted).decode(),
        fields=json_text.write(reading.values).decode(),
        invalid=reading.invalid,
        ignored=reading.ignored,
        test_outcome=reading.test_outcome,
        answer_to=desk.room.web_id if waits else None,
        key=key.text if key else None,
        body_hash=key.body_hash.hex() if key else "",
        now=now,
    )
    if row is None:
        now_it_is = desk.database.first(PING, ping_id=ping.id, source_id=source.source_id, now=now)
        raise used() if now_it_is is not None and now_it_is.kind != "ping" else expired()
    desk.announce(1)


def owner_of(desk: Desk, source: OpenSource, key: IdempotencyKey | None) -> KeyUsed | None:
    """Return the lead that a used idempotency key made, None for a key that is free; raises Refused (503)."""
    if key is None:
        return None
    row = desk.database.first(OWNER, source_id=source.source_id, key=key.text)
    return None if row is None else KeyUsed(LeadAnswer._make(row[1:]), bytes(row[0]))


def posted_by(desk: Desk, lead: LeadAnswer) -> Mapping[str, Any]:
    """Return all that was posted of a lead, with what its ping said; raises Refused (503)."""
    posted: Mapping[str, Any] = desk.database.first(POSTED, lead_id=lead.id).posted  # type: ignore[union-attr]
    return posted


def used() -> Refused:
    """Return the refusal of a post whose ping was posted before."""
    message = "This ping was posted before: each counts once. Ping again, with another Idempotency-Key if you send one."
    return refuse(409, "ping_used", message, field="ping_id")


def expired() -> Refused:
    """Return the refusal of a post whose ping has no quote any more, or never had one."""
    message = "This ping has no price any more. Ping again, with another Idempotency-Key if you send one."
    return refuse(409, "ping_expired", message, field="ping_id")


def _unknown() -> Refused:
    return refuse(422, "no_such_ping", "ping_id is the id of no ping of this source.", field="ping_id")
