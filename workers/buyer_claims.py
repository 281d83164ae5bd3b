"""Claims at buyers: whom a buyer was sold, or is being offered, so that it does not get the same person again too soon.

A claim is one row for each buyer, kind of field and keyed hash; it says which lead has it since when. It is locked with
the turn's other locks, and what offers make of it in memory is written before the commit: an offer takes it, a no or an
error gives it back to the lead that had it before. What an offer came to that was never answered stays taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from flowbuilder.claim_keys import ClaimKey, scope_at_buyer
from workers.claims import Claiming
from workers.documents import as_document
from workers.statements import Statement

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a claim is held that nobody holds."""

_ROWS = "jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(scope text, kind text, hash text"
_FOUND = "c.scope, c.kind, encode(c.hash, 'hex'), c.lead_id, c.at, c.before_lead_id, c.before_at"
_IS_IT = "c.scope = r.scope AND c.kind = r.kind AND c.hash = decode(r.hash, 'hex')"
# One that is there already is locked by an update that changes nothing, and comes back as it is by then.
LOCK = Statement(f"""
    INSERT INTO claim AS c (scope, kind, hash, lead_id, at)
    SELECT scope, kind, decode(hash, 'hex'), lead, at FROM {_ROWS}, lead uuid, at timestamptz)
     ORDER BY scope, kind, hash
        ON CONFLICT (scope, kind, hash) DO UPDATE SET kind = c.kind
    RETURNING {_FOUND}
""")  # noqa: S608  (constants)
READ = Statement(f"SELECT {_FOUND} FROM {_ROWS}) JOIN claim c ON {_IS_IT}")  # noqa: S608  (constants)
WRITE = Statement(f"""
    UPDATE claim c SET lead_id = r.lead, at = r.at, before_lead_id = r.before_lead, before_at = r.before_at
      FROM {_ROWS}, lead uuid, at timestamptz, before_lead uuid, before_at timestamptz)
     WHERE {_IS_IT}
""")  # noqa: S608  (constants)
DELETE = Statement(f"DELETE FROM claim c USING {_ROWS}) WHERE {_IS_IT}")  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class Holder:
    """The lead that has a claim and since when; and the one that had it before, for as long as it may go back."""

    lead_id: UUID
    at: datetime
    before_lead_id: UUID | None = None
    before_at: datetime | None = None

    def stands_in_the_way_of(self, claiming: Claiming, now: datetime) -> bool:
        """Return whether another lead has the claim, within the time that is asked for."""
        return self.lead_id != claiming.lead_id and self.at != NEVER and self.at >= now - claiming.span


@dataclass(slots=True)
class BuyerClaims:
    """The claims at buyers that one turn has locked or read, as they stand by what its offers did so far."""

    secret: bytes
    now: datetime
    held: dict[ClaimKey, Holder] = field(default_factory=dict)
    read: dict[ClaimKey, Holder | None] = field(default_factory=dict)
    changed: set[ClaimKey] = field(default_factory=set)

    def lock(self, database: Connection, wanted: Iterable[Claiming]) -> None:
        """Lock the claims of some offers, in the order of their keys; those that are not there are made, for nobody."""
        leads = {key: claiming.lead_id for claiming in wanted for key in claiming.keys(self.secret)}
        rows = [_row(key) | {"lead": lead, "at": NEVER} for key, lead in sorted(leads.items())]
        if rows:
            self.held = dict(map(_found, LOCK.rows(database, {"rows": as_document(rows)})))

    def look_at(self, database: Connection, wanted: Iterable[Claiming]) -> None:
        """Read claims for those that take none: tests, and what is only asked about."""
        keys = {key for claiming in wanted for key in claiming.keys(self.secret)} - self.held.keys()
        if keys:
            rows = as_document([_row(key) for key in sorted(keys)])
            self.read = dict.fromkeys(keys) | dict(map(_found, READ.rows(database, {"rows": rows})))

    def knows(self, claiming: Claiming, *, to_take: bool) -> bool:
        """Return whether all claims were locked in this turn, or at least read if none will be taken."""
        return all(key in self.held or (not to_take and key in self.read) for key in claiming.keys(self.secret))

    def is_taken(self, claiming: Claiming) -> bool:
        """Return whether the buyer has, or had within the time that is asked for, another lead with the same values."""
        holders = (self.held.get(key) or self.read.get(key) for key in claiming.keys(self.secret))
        return any(holder.stands_in_the_way_of(claiming, self.now) for holder in holders if holder)

    def take(self, claiming: Claiming) -> None:
        """Take claims that were locked and seen to be free; the lead has them from now on."""
        for key in claiming.keys(self.secret):
            holder = self.held[key]
            before = () if holder.at == NEVER else (holder.lead_id, holder.at)
            self._set(key, Holder(claiming.lead_id, self.now, *before))

    def give_back(self, claiming: Claiming) -> None:
        """Give locked claims back to the leads that had them before the lead took them."""
        for key in claiming.keys(self.secret):
            holder = self.held[key]
            if holder.lead_id == claiming.lead_id:
                lead_id, at = holder.before_lead_id or holder.lead_id, holder.before_at or NEVER
                self._set(key, Holder(lead_id, at))
            elif holder.before_lead_id == claiming.lead_id:
                self._set(key, replace(holder, before_lead_id=None, before_at=None))

    def write(self, database: Connection) -> None:
        """Write what changed, and delete what nobody has."""
        free = [key for key, holder in self.held.items() if holder.at == NEVER]
        kept = [_row(key) | _columns(self.held[key]) for key in sorted(self.changed.difference(free))]
        if kept:
            WRITE.count(database, {"rows": as_document(kept)})
        if free:
            DELETE.count(database, {"rows": as_document([_row(key) for key in sorted(free)])})

    def _set(self, key: ClaimKey, holder: Holder) -> None:
        self.held[key] = holder
        self.changed.add(key)


def claiming_at(
    connection_id: UUID, lead_id: UUID, asked: Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> Claiming | None:
    """Return what a lead would claim at a buyer by what its step asks, None where it asks nothing."""
    if not asked or not asked["by"]:
        return None
    values = {key: fields[key] for key in asked["by"]}
    return Claiming(lead_id, scope_at_buyer(connection_id), values, asked["together"], asked["within"])


def _row(key: ClaimKey) -> dict[str, Any]:
    scope, kind, digest = key
    return {"scope": scope, "kind": kind, "hash": digest}


def _columns(holder: Holder) -> dict[str, Any]:
    return {
        "lead": holder.lead_id,
        "at": holder.at,
        "before_lead": holder.before_lead_id,
        "before_at": holder.before_at,
    }


def _found(row: tuple[Any, ...]) -> tuple[ClaimKey, Holder]:
    scope, kind, digest, *rest = row
    return (scope, kind, digest), Holder(*rest)
