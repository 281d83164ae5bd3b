"""Everything that reads inboxes, always by the connection that they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from flowbuilder.leads import people
from flowbuilder.leads.queries import documents_of
from flowbuilder.models import Attempt, Connection, ConnectionTest, Flow, InboxLead, Lead, Offer
from rules.money import say_money

AT_ONCE = 25


@dataclass(frozen=True)
class Row:
    """One lead in a list, or above its fields; a test has no lead, flow or price."""

    id: UUID
    at: datetime
    read_at: datetime | None
    is_test: bool
    lead_id: UUID | None
    flow: str
    person: str
    price: str


@dataclass(frozen=True)
class Listing:
    """What a page of an inbox shows; `older` is the last row shown when there are more."""

    rows: tuple[Row, ...]
    older: UUID | None
    unread: int


def listing(session: Session, connection: Connection, before: UUID | None = None) -> Listing:
    """Return the newest leads of an inbox, those before a row."""
    wanted = _rows(connection).order_by(InboxLead.id.desc()).limit(AT_ONCE + 1)
    found = session.execute(wanted.where(InboxLead.id < before) if before else wanted).all()
    shown = found[:AT_ONCE]
    older = shown[-1][0].id if len(found) > AT_ONCE else None
    return Listing(_as_rows(session, shown), older, unread(session, connection))


def row_of(session: Session, connection: Connection, row_id: UUID) -> Row | None:
    """Return one lead of an inbox, or nothing."""
    found = session.execute(_rows(connection).where(InboxLead.id == row_id)).all()
    return next(iter(_as_rows(session, found)), None)


def unread(session: Session, connection: Connection) -> int:
    """Return how many leads of an inbox were not read yet."""
    wanted = select(func.count()).where(InboxLead.connection_id == connection.id, InboxLead.read_at.is_(None))
    return session.scalar(wanted) or 0


def fields_of(session: Session, row_id: UUID) -> list[list[str]] | None:
    """Return the buyer's fields with their values; nothing when they were erased."""
    own = select(Attempt.request).join(
        InboxLead,
        (InboxLead.lead_id == Attempt.lead_id)
        & (InboxLead.offer_no == Attempt.offer_no)
        & (InboxLead.attempt_no == Attempt.attempt_no),
    )
    kept: dict[str, Any] | None = session.scalar(own.where(InboxLead.id == row_id))
    if kept is None:
        kept = session.scalar(select(ConnectionTest.request).where(ConnectionTest.id == row_id))
    return (kept or {}).get("fields")


def _rows(connection: Connection) -> Select[InboxLead, Lead, str, int]:
    return (
        select(InboxLead, Lead, Flow.name, Offer.price)
        .outerjoin(Lead, Lead.id == InboxLead.lead_id)
        .outerjoin(Flow, Flow.id == Lead.flow_id)
        .outerjoin(Offer, (Offer.lead_id == InboxLead.lead_id) & (Offer.offer_no == InboxLead.offer_no))
        .where(InboxLead.connection_id == connection.id)
    )


def _as_rows(session: Session, found: Sequence[Any]) -> tuple[Row, ...]:
    documents = documents_of(session, [lead for _, lead, _, _ in found if lead])
    fields = {key: people.fields_of(document) for key, document in documents.items()}
    return tuple(
        Row(
            id=row.id,
            at=row.at,
            read_at=row.read_at,
            is_test=row.lead_id is None,
            lead_id=row.lead_id,
            flow=flow or "",
            person=people.name_in(lead.fields, fields.get((lead.flow_id, lead.version), ())) if lead else "",
            price=say_money(price, lead.currency) if lead and price is not None else "",
        )
        for row, lead, flow, price in found
    )
