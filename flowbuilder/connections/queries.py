"""Everything that reads connections, their secrets' hints and their tests, always by the account they belong to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.flows.checks import named_connections
from flowbuilder.models import Attempt, Connection, ConnectionTest, Credential, DeliveryCopy, Flow, FlowVersion, Offer

LOOKED_AT = 50
"""How many of the newest sales are looked at for what their answers said."""


def connection_of(session: Session, account_id: UUID, connection_id: UUID) -> Connection | None:
    """Return the account's connection, or nothing."""
    wanted = select(Connection).where(Connection.account_id == account_id, Connection.id == connection_id)
    return session.scalar(wanted)


def connections_of(
    session: Session, account_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> Sequence[Connection]:
    """Return the account's connections, oldest first, those after an id."""
    wanted = select(Connection).where(Connection.account_id == account_id).order_by(Connection.id).limit(limit)
    return session.scalars(wanted.where(Connection.id > after) if after else wanted).all()


def credentials_of(session: Session, connection: Connection) -> Sequence[Credential]:
    """Return the connection's secrets, sealed; only their hints and times are for people."""
    wanted = select(Credential).where(Credential.connection_id == connection.id).order_by(Credential.name)
    return session.scalars(wanted).all()


def test_of(session: Session, connection: Connection, test_id: UUID) -> ConnectionTest | None:
    """Return one test of the connection, or nothing."""
    wanted = select(ConnectionTest).where(ConnectionTest.connection_id == connection.id, ConnectionTest.id == test_id)
    return session.scalar(wanted)


def last_tests(session: Session, connection: Connection, limit: int = 10) -> Sequence[ConnectionTest]:
    """Return the newest tests of the connection."""
    wanted = select(ConnectionTest).where(ConnectionTest.connection_id == connection.id)
    return session.scalars(wanted.order_by(ConnectionTest.id.desc()).limit(limit)).all()


def flows_with(session: Session, connection: Connection) -> list[Flow]:
    """Return the account's flows whose draft or live version names the connection."""
    shown = ids.show(connection.id, "con")
    wanted = (
        select(Flow, FlowVersion.document)
        .outerjoin(FlowVersion, (FlowVersion.flow_id == Flow.id) & (FlowVersion.number == Flow.live_version))
        .where(Flow.account_id == connection.account_id)
        .order_by(Flow.id)
    )
    return [
        flow
        for flow, live in session.execute(wanted)
        if any(named == shown for document in (flow.draft, live or {}) for _, named in named_connections(document))
    ]


def failed_copies(session: Session, connection: Connection, limit: int = 10) -> Sequence[DeliveryCopy]:
    """Return the newest copies of leads that this buyer never got."""
    wanted = select(DeliveryCopy).where(DeliveryCopy.connection_id == connection.id, DeliveryCopy.state == "failed")
    return session.scalars(wanted.order_by(DeliveryCopy.lead_id.desc()).limit(limit)).all()


def last_yeses(session: Session, connection: Connection) -> Sequence[tuple[UUID, Mapping[str, Any] | None]]:
    """Return the leads among the newest offers that this buyer's server took, newest first, each with its answer."""
    newest = (
        select(Offer.lead_id, Offer.offer_no)
        .where(Offer.connection_id == connection.id, Offer.account_id == connection.account_id)
        .where(Offer.state == "accepted", Offer.phase == "post", Offer.delivery_method == "webhook")
        .order_by(Offer.lead_id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    wanted = (
        select(Attempt.lead_id, Attempt.reply)
        .join(newest, (newest.c.lead_id == Attempt.lead_id) & (newest.c.offer_no == Attempt.offer_no))
        .where(Attempt.state == "ok", Attempt.method == "webhook")
        .order_by(Attempt.lead_id.desc())
    )
    return [(lead_id, reply) for lead_id, reply in session.execute(wanted)]


def offered_since(session: Session, account_id: UUID, now: datetime) -> dict[UUID, tuple[int, int]]:
    """Return, by connection, how many leads it was offered in the last 24 hours and how many it accepted."""
    since = ids.first_id_at(now - timedelta(hours=24))
    wanted = (
        select(Offer.connection_id, func.count(), func.count().filter(Offer.state == "accepted"))
        .where(Offer.account_id == account_id, Offer.lead_id >= since, Offer.phase == "post")
        .group_by(Offer.connection_id)
    )
    return {identifier: (offered, accepted) for identifier, offered, accepted in session.execute(wanted)}
