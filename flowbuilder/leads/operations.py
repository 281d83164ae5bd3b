"""Everything that people change about leads."""

from datetime import datetime
from functools import partial
from uuid import UUID

from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from flowbuilder import audit, enqueue, ids
from flowbuilder.accounts.sessions import Visitor
from flowbuilder.audit import Actor
from flowbuilder.models import Lead


def note_showing(*, session: Session, visitor: Visitor, lead_id: UUID, now: datetime) -> None:
    """Write down that somebody was shown the personal data of a lead; commits."""
    actor = Actor(visitor.account.id, visitor.person.id)
    audit.record(session=session, actor=actor, action="lead.people_shown", subject=ids.show(lead_id), now=now)
    session.commit()


def try_now(*, session: Session, redis: Redis, actor: Actor, lead_id: UUID, now: datetime) -> bool:
    """Have a waiting lead taken up at once, whatever it waits for; False when it does not wait any more. Commits.

    Its run goes on as if its time had come: a buyer that never answered is asked again, with the same key.
    """
    waiting = update(Lead).where(Lead.id == lead_id, Lead.account_id == actor.account_id, Lead.state == "waiting")
    moved = session.execute(waiting.values(due_at=now).returning(Lead.id)).first()
    if moved is not None:
        audit.record(session=session, actor=actor, action="lead.tried_now", subject=ids.show(lead_id), now=now)
        enqueue.after_commit(session, partial(enqueue.nudge, redis))
    session.commit()
    return moved is not None
