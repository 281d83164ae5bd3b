"""Everything that changes inboxes: that a lead was read, or is to be read again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.models import Connection, InboxLead


def show_lead(*, session: Session, actor: Actor, connection: Connection, row_id: UUID, now: datetime) -> None:
    """Write down that somebody was shown a lead in full, which counts as reading it; commits."""
    mark(session=session, connection=connection, row_id=row_id, read_at=now)
    audit.record(session=session, actor=actor, action="inbox.lead_shown", subject=ids.show(row_id), now=now)
    session.commit()


def mark(*, session: Session, connection: Connection, row_id: UUID, read_at: datetime | None) -> None:
    """Say when a lead was read, the first time counts; None for one that is to be read again."""
    wanted = update(InboxLead).where(InboxLead.connection_id == connection.id, InboxLead.id == row_id)
    if read_at is not None:
        wanted = wanted.where(InboxLead.read_at.is_(None))
    session.execute(wanted.values(read_at=read_at))
