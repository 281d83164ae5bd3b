"""The breaker of a connection for people: how it stands and why, and trying one lead now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.db import LET_GO_SOON
from flowbuilder.models import Breaker, Connection
from rules.breaker import Breaker as Rules
from rules.breaker import Failure, Limits, Phase, read_failures, read_limits
from rules.reading import Document

MOST_SHOWN = 5


class NotOpen(Exception):
    """The breaker lets leads through, or has one out already."""


@dataclass(frozen=True)
class Failed:
    """One call that failed, with the lead that it was about."""

    at: datetime
    lead_id: UUID
    words: str


@dataclass(frozen=True)
class Standing:
    """How a breaker stands; `limits` is "" for one that never opens, `next_at` when a lead may go through."""

    phase: Phase
    limits: str
    opened_at: datetime | None
    next_at: datetime | None
    failed: tuple[Failed, ...]


def standing_of(session: Session, connection: Connection, now: datetime) -> Standing:
    """Return how the connection's breaker stands, with its newest failures first."""
    limits = _limits_of(connection.destination)
    row = session.get(Breaker, connection.id)
    if row is None or limits is None:
        return Standing("closed", limits.say() if limits else "", None, None, ())
    breaker = _read(row)
    failed = tuple(_failed(failure) for failure in reversed(breaker.failures[-MOST_SHOWN:]))
    return Standing(breaker.phase(now), limits.say(), breaker.opened_at, breaker.recover_at, failed)


def closed_to_leads(session: Session, connections: Iterable[Connection], now: datetime) -> set[UUID]:
    """Return the ids of those connections that let no lead through now, because too many calls failed."""
    breaking = [one.id for one in connections if _limits_of(one.destination)]
    rows = session.scalars(select(Breaker).where(Breaker.connection_id.in_(breaking)))
    return {row.connection_id for row in rows if not _read(row).lets_through(now)}


def try_one_lead(*, session: Session, actor: Actor, connection: Connection, now: datetime) -> None:
    """Let the next lead through an open breaker as its probe. Raises NotOpen."""
    session.execute(LET_GO_SOON)
    row = session.get(Breaker, connection.id, with_for_update=True, populate_existing=True)
    if row is None or _read(row).phase(now) != "open":
        raise NotOpen
    row.recover_at = now
    audit.record(
        session=session, actor=actor, action="connection.tried_now", subject=ids.show(connection.id, "con"), now=now
    )
    session.flush()


def _limits_of(destination: Mapping[str, Any]) -> Limits | None:
    if "webhook" not in destination.get("deliver_by", ["webhook"])[:1] and not destination.get("ping"):
        return None  # Nobody is called.
    part = Document().part(dict(destination), "", "a destination")
    return read_limits(part) if part else None


def _read(row: Breaker) -> Rules:
    return Rules(read_failures(row.failures), row.opened_at, row.recover_at, row.probe, row.probe_until)


def _failed(failure: Failure) -> Failed:
    words = f"It answered {failure.status}" if failure.status else "It could not be reached"
    if failure.kind == "ambiguous":
        words = f"A gateway answered {failure.status}" if failure.status else "No answer was read"
    return Failed(failure.at, ids.read(failure.lead), words)
