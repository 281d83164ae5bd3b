"""Everything that people change about leads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.accounts.sessions import Visitor
from flowbuilder.audit import Actor


def note_showing(*, session: Session, visitor: Visitor, lead_id: UUID, now: datetime) -> None:
    """Write down that somebody was shown the personal data of a lead; commits."""
    actor = Actor(visitor.account.id, visitor.person.id)
    audit.record(session=session, actor=actor, action="lead.people_shown", subject=ids.show(lead_id), now=now)
    session.commit()
