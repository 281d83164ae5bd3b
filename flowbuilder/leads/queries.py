"""Everything that reads leads for people, always by the account they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session, defer

from flowbuilder import ids
from flowbuilder.models import Attempt, Connection, Flow, FlowVersion, Lead, LeadEvent, Offer, Person, Source
from rules.flow import Flow as Rules
from rules.flow import parse_flow
from rules.timeline import versions_of

STATUSES = ("sold", "rejected", "waiting", "duplicate", "error", "in_progress")
NEWEST_SEARCHED = 200_000
"""How many of the newest leads are searched by the short form of an id."""

NEEDS_A_LOOK = or_(Lead.reason_code.in_(("unknown", "quarantined")), Lead.waiting_for == "person")
"""Leads that may have been taken without an answer, that kept failing, or that wait for a person to decide."""


@dataclass(frozen=True)
class Filter:
    """Which leads a list shows; what is None is not asked."""

    flow_id: UUID | None = None
    source_id: UUID | None = None
    status: str | None = None
    needs_a_look: bool = False

    @property
    def is_open(self) -> bool:
        """Return whether every lead is shown."""
        return self == Filter()


@dataclass(frozen=True)
class Named:
    """A lead with the names of its flow and its source."""

    lead: Lead
    flow: str
    source: str


@dataclass(frozen=True)
class History:
    """Everything that happened to one lead, in order."""

    events: Sequence[LeadEvent]
    offers: Sequence[Offer]
    attempts: Mapping[int, Sequence[Attempt]]


def lead_of(session: Session, account_id: UUID, lead_id: UUID) -> Lead | None:
    """Return the account's lead, or nothing."""
    return session.scalar(select(Lead).where(Lead.account_id == account_id, Lead.id == lead_id))


def leads_of(
    session: Session,
    account_id: UUID,
    wanted: Filter,
    *,
    before: UUID | None = None,
    down_to: UUID | None = None,
    limit: int,
) -> list[Named]:
    """Return the account's leads, newest first: those older than `before`, down to the lead `down_to`."""
    rows = (
        select(Lead, Flow.name, Source.name)
        .join(Flow, Flow.id == Lead.flow_id)
        .join(Source, Source.id == Lead.source_id)
        .where(Lead.account_id == account_id, *_conditions(wanted))
        .order_by(Lead.id.desc())
        .limit(limit)
        .options(defer(Lead.posted))
    )
    if before:
        rows = rows.where(Lead.id < before)
    if down_to:
        rows = rows.where(Lead.id >= down_to)
    return [Named(*row) for row in session.execute(rows)]


def named_leads(session: Session, account_id: UUID, wanted: Iterable[UUID]) -> list[Named]:
    """Return those of the account's leads that are wanted, newest first."""
    rows = (
        select(Lead, Flow.name, Source.name)
        .join(Flow, Flow.id == Lead.flow_id)
        .join(Source, Source.id == Lead.source_id)
        .where(Lead.account_id == account_id, Lead.id.in_(list(wanted)))
        .order_by(Lead.id.desc())
        .options(defer(Lead.posted))
    )
    return [Named(*row) for row in session.execute(rows)]


def leads_ending_in(session: Session, account_id: UUID, tail: str) -> list[UUID]:
    """Return up to two of the newest leads whose id ends in these hexadecimal digits."""
    newest = select(Lead.id).where(Lead.account_id == account_id).order_by(Lead.id.desc()).limit(NEWEST_SEARCHED)
    searched = newest.subquery()
    ends = func.right(cast(searched.c.id, String), len(tail)) == tail
    return list(session.scalars(select(searched.c.id).where(ends).limit(2)))


def documents_of(session: Session, leads: Iterable[Lead]) -> dict[tuple[UUID, int], dict[str, Any]]:
    """Return the documents that these leads run on, by flow and version."""
    keys = {(lead.flow_id, lead.version) for lead in leads}
    wanted = select(FlowVersion).where(tuple_(FlowVersion.flow_id, FlowVersion.number).in_(keys))
    return {(row.flow_id, row.number): row.document for row in session.scalars(wanted)}


def flows_left(session: Session, lead: Lead, events: Iterable[LeadEvent]) -> dict[int, Rules | None]:
    """Return the flows of those runs of a lead that were left for another version, by their numbers."""
    versions = versions_of(events, lead.version)
    others = set(versions.values()) - {lead.version}
    if not others:
        return {}
    wanted = select(FlowVersion).where(FlowVersion.flow_id == lead.flow_id, FlowVersion.number.in_(others))
    read = {row.number: parse_flow(row.document)[0] for row in session.scalars(wanted)}
    return {run: read.get(version) for run, version in versions.items() if version != lead.version}


def people_named(session: Session, events: Iterable[LeadEvent]) -> dict[str, str]:
    """Return the names of the people who had a lead start again, by their shown ids."""
    asked = {event.asks["by"] for event in events if event.effect == "start_again" and event.asks["by"]}
    if not asked:
        return {}
    name = func.coalesce(func.nullif(Person.name, ""), Person.email)
    rows = session.execute(select(Person.id, name).where(Person.id.in_([ids.read(one) for one in asked])))
    return {ids.show(person): called for person, called in rows}


def history_of(session: Session, lead: Lead) -> History:
    """Return the lead's events, its offers, and their calls by the offer's number."""
    events = select(LeadEvent).where(LeadEvent.lead_id == lead.id).order_by(LeadEvent.run, LeadEvent.seq)
    offers = select(Offer).where(Offer.lead_id == lead.id).order_by(Offer.offer_no)
    calls = select(Attempt).where(Attempt.lead_id == lead.id).order_by(Attempt.offer_no, Attempt.attempt_no)
    attempts: dict[int, list[Attempt]] = {}
    for attempt in session.scalars(calls):
        attempts.setdefault(attempt.offer_no, []).append(attempt)
    return History(session.scalars(events).all(), session.scalars(offers).all(), attempts)


def flow_names(session: Session, account_id: UUID) -> list[tuple[UUID, str]]:
    """Return the account's flows by name."""
    wanted = select(Flow.id, Flow.name).where(Flow.account_id == account_id).order_by(Flow.name, Flow.id)
    return [(row.id, row.name) for row in session.execute(wanted)]


def source_names(session: Session, account_id: UUID, flow_id: UUID | None = None) -> list[tuple[UUID, str]]:
    """Return the account's sources by name, or those of one flow."""
    wanted = select(Source.id, Source.name).where(Source.account_id == account_id).order_by(Source.name, Source.id)
    if flow_id:
        wanted = wanted.where(Source.flow_id == flow_id)
    return [(row.id, row.name) for row in session.execute(wanted)]


def connections_of(session: Session, account_id: UUID) -> Sequence[Connection]:
    """Return the account's connections."""
    return session.scalars(select(Connection).where(Connection.account_id == account_id)).all()


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.flow_id:
        conditions.append(Lead.flow_id == wanted.flow_id)
    if wanted.source_id:
        conditions.append(Lead.source_id == wanted.source_id)
    if wanted.status:
        conditions.append(_has(wanted.status))
    if wanted.needs_a_look:
        conditions.append(NEEDS_A_LOOK)
    return conditions


def _has(status: str) -> ColumnElement[bool]:
    if status == "waiting":
        return Lead.state == "waiting"
    return Lead.state.in_(("received", "working")) if status == "in_progress" else Lead.outcome == status
