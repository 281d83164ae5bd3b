"""Everything that reads people and their accounts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.accounts.sessions import IDLE
from flowbuilder.models import Account, Membership, Person, WebSession


def person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with this address (lower case) who may sign in."""
    return session.scalar(select(Person).where(Person.email == email, Person.disabled_at.is_(None)))


def accounts_of(session: Session, person_id: UUID) -> Sequence[Account]:
    """Return the accounts that a person belongs to, oldest first."""
    wanted = select(Account).join(Membership, Membership.account_id == Account.id)
    return session.scalars(wanted.where(Membership.person_id == person_id).order_by(Account.id)).all()


def open_sessions(session: Session, person_id: UUID, now: datetime) -> Sequence[WebSession]:
    """Return the browsers in which a person is signed in, last used first."""
    wanted = select(WebSession).where(
        WebSession.person_id == person_id, WebSession.expires_at > now, WebSession.seen_at > now - IDLE
    )
    return session.scalars(wanted.order_by(WebSession.seen_at.desc())).all()
