"""Duplicate claims: the first lead with a value holds it, and the next one is a duplicate of that lead."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from workers.documents import as_document

ClaimKey = tuple[str, str, str]

TAKE = text("""
    INSERT INTO claim AS c (scope, kind, hash, lead_id, at)
    SELECT scope, kind, decode(hash, 'hex'), lead, at
      FROM json_to_recordset(CAST(:rows AS json))
        AS r(scope text, kind text, hash text, lead uuid, at timestamptz, since timestamptz)
     ORDER BY scope, kind, hash
        ON CONFLICT (scope, kind, hash) DO UPDATE SET lead_id = excluded.lead_id, at = excluded.at
     WHERE c.lead_id = excluded.lead_id
        OR c.at < (SELECT r.since FROM json_to_recordset(CAST(:rows AS json))
                     AS r(scope text, kind text, hash text, since timestamptz)
                    WHERE r.scope = c.scope AND r.kind = c.kind AND decode(r.hash, 'hex') = c.hash)
        OR EXISTS (SELECT FROM lead WHERE lead.id = c.lead_id AND lead.outcome = 'rejected')
    RETURNING scope, kind, encode(hash, 'hex')
""")


@dataclass(frozen=True, slots=True)
class Claiming:
    """What one lead wants to be the first with: fields by key, alone or together, within some seconds."""

    lead_id: UUID
    scope: str
    values: Mapping[str, Any]
    together: bool
    within: int

    def keys(self, secret: bytes) -> list[ClaimKey]:
        """Return the claims as scope, kind of field and keyed hash; a value itself is never stored."""
        if self.together:
            joined = "\x1f".join(str(self.values[key]).strip().lower() for key in sorted(self.values))
            return [(self.scope, "+".join(sorted(self.values)), _hash(secret, joined))] if self.values else []
        return [(self.scope, key, _hash(secret, str(value).strip().lower())) for key, value in self.values.items()]


def take_claims(database: Connection, claimings: Iterable[Claiming], secret: bytes, now: datetime) -> set[UUID]:
    """Take the claims of some leads, in the order given, and return the leads that are duplicates."""
    duplicates: set[UUID] = set()
    first: dict[ClaimKey, UUID] = {}
    rows: dict[ClaimKey, dict[str, Any]] = {}
    for claiming in claimings:
        for key in claiming.keys(secret):
            if first.setdefault(key, claiming.lead_id) != claiming.lead_id:
                duplicates.add(claiming.lead_id)
                continue
            since = now - timedelta(seconds=claiming.within)
            rows[key] = {
                "scope": key[0],
                "kind": key[1],
                "hash": key[2],
                "lead": claiming.lead_id,
                "at": now,
                "since": since,
            }
    if rows:
        taken = {tuple(row) for row in database.execute(TAKE, {"rows": as_document(list(rows.values()))})}
        duplicates |= {row["lead"] for key, row in rows.items() if key not in taken}
    return duplicates


def _hash(secret: bytes, value: str) -> str:
    return hmac.new(secret, value.encode(), hashlib.sha256).hexdigest()
