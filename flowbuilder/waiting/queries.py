"""Everything that reads leads that wait, always by the account they belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, tuple_
from sqlalchemy.orm import Session, defer

from flowbuilder import ids
from flowbuilder.leads import queries as leads
from flowbuilder.leads.queries import Named
from flowbuilder.models import Flow, FlowVersion, Lead, LeadEvent, Offer, Source
from rules.flow import Flow as Rules
from rules.flow import parse_flow
from rules.steps import Group

REASONS = ("retry", "cap", "hours", "answer", "person")
"""What a lead may wait for that is on the list; one that waits for its supplier's post is not."""
AGES = (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))
OPEN = ("reserved", "sending")


@dataclass(frozen=True)
class Filter:
    """Which leads the list shows; what is None is not asked."""

    flow_id: UUID | None = None
    reason: str | None = None
    buyer: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Return whether every lead that waits is shown."""
        return self == Filter()


@dataclass(frozen=True)
class Waiting:
    """A lead that waits, with the event that is open, and how many calls to buyers were made about it."""

    named: Named
    event: LeadEvent | None
    tries: int


def waiting_leads(
    session: Session, account_id: UUID, wanted: Filter, *, after: UUID | None = None, limit: int
) -> list[Waiting]:
    """Return leads that wait, the longest known first: those that came after a lead."""
    rows = (
        select(Lead, Flow.name, Source.name)
        .join(Flow, Flow.id == Lead.flow_id)
        .join(Source, Source.id == Lead.source_id)
        .where(*_that_wait(account_id), *_conditions(session, account_id, wanted))
        .order_by(Lead.id)
        .limit(limit)
        .options(defer(Lead.posted))
    )
    if after:
        rows = rows.where(Lead.id > after)
    found = [Named(*row) for row in session.execute(rows)]
    events = _open_events(session, [named.lead.id for named in found])
    tries = _tries(session, [named.lead.id for named in found])
    return [Waiting(named, events.get(named.lead.id), tries.get(named.lead.id, 0)) for named in found]


def count_by_age(session: Session, account_id: UUID, wanted: Filter, now: datetime) -> list[int]:
    """Return how many leads wait that came within 15 minutes, an hour, a day, and before that."""
    bounds = [ids.first_id_at(now - age) for age in AGES]
    counts = [func.count().filter(Lead.id >= bound) for bound in bounds]
    found = select(*counts, func.count()).where(*_that_wait(account_id), *_conditions(session, account_id, wanted))
    newer = [0, *session.execute(found).one()]
    return [count - before for before, count in pairwise(newer)]


def documents_of(session: Session, rows: Iterable[Waiting]) -> dict[tuple[UUID, int], Rules]:
    """Return the flows that these leads run on, those that can be read."""
    documents = leads.documents_of(session, [row.named.lead for row in rows])
    read = {key: parse_flow(document)[0] for key, document in documents.items()}
    return {key: flow for key, flow in read.items() if flow}


def _that_wait(account_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Lead.account_id == account_id, Lead.state == "waiting", Lead.kind == "post"


def _conditions(session: Session, account_id: UUID, wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.flow_id:
        conditions.append(Lead.flow_id == wanted.flow_id)
    if wanted.reason:
        conditions.append(Lead.waiting_for == wanted.reason)
    if wanted.buyer:
        conditions.append(_waits_for(session, account_id, wanted.buyer))
    return conditions


def _waits_for(session: Session, account_id: UUID, buyer: UUID) -> ColumnElement[bool]:
    """Return whether a lead waits for a buyer: an offer to it is open, or the lead is held at its step or group."""
    is_asked = exists().where(Offer.lead_id == Lead.id, Offer.connection_id == buyer, Offer.state.in_(OPEN))
    versions = select(Lead.flow_id, Lead.version).where(*_that_wait(account_id)).distinct()
    documents = select(FlowVersion).where(tuple_(FlowVersion.flow_id, FlowVersion.number).in_(versions))
    held = [
        and_(Lead.flow_id == row.flow_id, Lead.version == row.number, Lead.last_step.in_(steps))
        for row in session.scalars(documents)
        if (steps := _steps_of(parse_flow(row.document)[0], ids.show(buyer, "con")))
    ]
    return or_(is_asked, and_(~_has_open_offer(), or_(false(), *held)))


def _has_open_offer() -> ColumnElement[bool]:
    return exists().where(Offer.lead_id == Lead.id, Offer.state.in_(OPEN))


def _steps_of(flow: Rules | None, connection: str) -> list[str]:
    """Return the buyer steps of a connection, its rows, and the groups that they are in."""
    if flow is None:
        return []
    rows = [key for key, buyer in flow.buyers.items() if buyer.connection == connection]
    groups = [spot.step for spot in flow.spots if isinstance(spot.step, Group)]
    return rows + [group.common.id for group in groups if any(row.id in rows for row in group.rows)]


def _open_events(session: Session, lead_ids: Sequence[UUID]) -> dict[UUID, LeadEvent]:
    wanted = select(LeadEvent).where(LeadEvent.lead_id.in_(lead_ids), LeadEvent.done_at.is_(None))
    return {event.lead_id: event for event in session.scalars(wanted)}


def _tries(session: Session, lead_ids: Sequence[UUID]) -> dict[UUID, int]:
    total = func.sum(Offer.attempts)
    wanted = select(Offer.lead_id, total).where(Offer.lead_id.in_(lead_ids)).group_by(Offer.lead_id)
    return {lead_id: int(tries) for lead_id, tries in session.execute(wanted)}
