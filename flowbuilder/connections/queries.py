"""Everything that reads connections, their secrets' hints and their tests, always by the account they belong to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.flows.checks import named_connections
from flowbuilder.models import Connection, ConnectionTest, Credential, DeliveryCopy, Flow, FlowVersion, Offer


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


def offered_since(session: Session, account_id: UUID, now: datetime) -> dict[UUID, tuple[int, int]]:
    """Return, by connection, how many leads it was offered in the last 24 hours and how many it accepted."""
    since = ids.first_id_at(now - timedelta(hours=24))
    wanted = (
        select(Offer.connection_id, func.count(), func.count().filter(Offer.state == "accepted"))
        .where(Offer.account_id == account_id, Offer.lead_id >= since, Offer.phase == "post")
        .group_by(Offer.connection_id)
    )
    return {identifier: (offered, accepted) for identifier, offered, accepted in session.execute(wanted)}
