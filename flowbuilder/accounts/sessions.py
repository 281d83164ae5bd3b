"""Sessions kept on the server: a random token in the cookie, only its SHA-256 in the database."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flowbuilder.models import Account, Membership, Person, WebSession

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
"""How often use of a session is written down at most: not every request shall write."""


@dataclass(frozen=True)
class Visitor(UserMixin):  # type: ignore[misc] # the package brings no types
    """Who is signed in, for which account, in which role, and by which session."""

    person: Person
    account: Account
    role: str
    session_hash: bytes


def hash_of(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def start(*, session: Session, person: Person, account_id: UUID, user_agent: str, now: datetime) -> str:
    """Open a session and return its token: 256 random bits, shown to nobody but this browser."""
    token = secrets.token_urlsafe(32)
    row = WebSession(
        id_hash=hash_of(token),
        person_id=person.id,
        account_id=account_id,
        created_at=now,
        seen_at=now,
        expires_at=now + ABSOLUTE,
        user_agent=user_agent[:200],
    )
    session.add(row)
    session.flush()
    return token


def recognise(session: Session, token: str, now: datetime, *, is_use: bool) -> Visitor | None:
    """Return who holds a token, or None once it is unknown, ended, idle for 8 hours or 7 days old.

    `is_use` keeps the session awake; what an open page fetches by itself does not.
    """
    found = session.execute(_living(token, now)).one_or_none()
    if found is None:
        return None
    row, person, account, role = found
    if is_use and now - row.seen_at >= SEEN_EVERY:
        row.seen_at = now
        session.commit()
    return Visitor(person, account, role, row.id_hash)


def end(*, session: Session, person_id: UUID, id_hash: bytes) -> bool:
    """End one session of a person; return whether there was one."""
    statement = delete(WebSession).where(WebSession.person_id == person_id, WebSession.id_hash == id_hash)
    return session.execute(statement.returning(WebSession.id_hash)).first() is not None


def end_all(*, session: Session, person_id: UUID, but: bytes = b"") -> None:
    """End every session of a person, except the one given."""
    session.execute(delete(WebSession).where(WebSession.person_id == person_id, WebSession.id_hash != but))


def end_idle(*, session: Session, now: datetime) -> None:
    """Remove the sessions that nobody can use any more."""
    session.execute(delete(WebSession).where((WebSession.expires_at <= now) | (WebSession.seen_at <= now - IDLE)))


def change_account(*, session: Session, id_hash: bytes, account_id: UUID) -> None:
    """Let a session work for another account of its person."""
    session.execute(update(WebSession).where(WebSession.id_hash == id_hash).values(account_id=account_id))


def _living(token: str, now: datetime):  # type: ignore[no-untyped-def]
    return (
        select(WebSession, Person, Account, Membership.role)
        .join(Person, Person.id == WebSession.person_id)
        .join(Account, Account.id == WebSession.account_id)
        .join(
            Membership,
            (Membership.person_id == WebSession.person_id) & (Membership.account_id == WebSession.account_id),
        )
        .where(
            WebSession.id_hash == hash_of(token),
            WebSession.expires_at > now,
            WebSession.seen_at > now - IDLE,
            Person.disabled_at.is_(None),
        )
    )
