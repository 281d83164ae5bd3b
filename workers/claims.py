"""Duplicate claims: the first lead with a value holds it, and the next one is a duplicate of that lead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from flowbuilder.claim_keys import ClaimKey, claim_keys
from workers.documents import as_document
from workers.statements import Statement

TAKE = Statement("""
    INSERT INTO claim AS c (scope, kind, hash, lead_id, at)
    SELECT scope, kind, decode(hash, 'hex'), lead, at
      FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(scope text, kind text, hash text, lead uuid, at timestamptz, since timestamptz)
     ORDER BY scope, kind, hash
        ON CONFLICT (scope, kind, hash) DO UPDATE SET lead_id = excluded.lead_id, at = excluded.at
     WHERE c.lead_id = excluded.lead_id
        OR c.at < (SELECT r.since FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                     AS r(scope text, kind text, hash text, since timestamptz)
                    WHERE r.scope = c.scope AND r.kind = c.kind AND decode(r.hash, 'hex') = c.hash)
        OR EXISTS (SELECT FROM lead WHERE lead.id = c.lead_id AND lead.outcome = 'rejected')
    RETURNING scope, kind, encode(hash, 'hex')
""")


READ = Statement("""
    SELECT DISTINCT r.lead
      FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(scope text, kind text, hash text, lead uuid, since timestamptz)
      JOIN claim AS c ON c.scope = r.scope AND c.kind = r.kind AND c.hash = decode(r.hash, 'hex')
     WHERE c.lead_id <> r.lead AND c.at >= r.since
       AND NOT EXISTS (SELECT FROM lead WHERE lead.id = c.lead_id AND lead.outcome = 'rejected')
""")


@dataclass(frozen=True, slots=True)
class Claiming:
    """What one lead wants to be the first with: fields by key, alone or together, within some seconds."""

    lead_id: UUID
    scope: str
    values: Mapping[str, Any]
    together: bool
    within: int

    @property
    def span(self) -> timedelta:
        """Return for how long a claim of another lead stands in the way."""
        return timedelta(seconds=self.within)

    def keys(self, secret: bytes) -> list[ClaimKey]:
        """Return the claims as scope, kind of field and keyed hash; a value itself is never stored."""
        return claim_keys(self.scope, self.values, together=self.together, secret=secret)


@dataclass(frozen=True, slots=True)
class Claims:
    """What became of the claims of a turn; who wanted the same as an earlier lead of the turn is undecided.

    That one may be rejected before the turn ends, and then holds nothing.
    """

    duplicates: set[UUID] = field(default_factory=set)
    undecided: set[UUID] = field(default_factory=set)


def take_claims(database: Connection, claimings: Iterable[Claiming], secret: bytes, now: datetime) -> Claims:
    """Take the claims of some leads, in the order given."""
    wanted: dict[ClaimKey, list[Claiming]] = {}
    for claiming in claimings:
        for key in claiming.keys(secret):
            wanted.setdefault(key, []).append(claiming)
    if not wanted:
        return Claims()
    rows = [_row(key, first, now) for key, (first, *_) in wanted.items()]
    taken = set(TAKE.rows(database, {"rows": as_document(rows)}))
    duplicates = {one.lead_id for key, all_of_them in wanted.items() if key not in taken for one in all_of_them}
    undecided = {one.lead_id for key, (_, *later) in wanted.items() if key in taken for one in later}
    return Claims(duplicates, undecided - duplicates)


def look_at_claims(database: Connection, claimings: Iterable[Claiming], secret: bytes, now: datetime) -> set[UUID]:
    """Return which leads would be duplicates; for those that take no claims: tests, and what is only asked about."""
    rows = [_row(key, claiming, now) for claiming in claimings for key in claiming.keys(secret)]
    return {lead for (lead,) in READ.rows(database, {"rows": as_document(rows)})} if rows else set()


def _row(key: ClaimKey, claiming: Claiming, now: datetime) -> dict[str, Any]:
    scope, kind, digest = key
    since = now - claiming.span
    return {"scope": scope, "kind": kind, "hash": digest, "lead": claiming.lead_id, "at": now, "since": since}
