"""Accounts, the people in them, their sessions and keys, and who did what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flowbuilder.models.base import Base


class Account(Base):
    """A seller, buyer, supplier or operator: what every signed-in query goes through."""

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default="America/New_York")
    currency: Mapped[str] = mapped_column(server_default="USD")
    created_at: Mapped[datetime]


class Person(Base):
    """Somebody who signs in; the address is stored in lower case.

    One who `uses_keys` has those of the editor that are more than Tab and Enter.
    """

    __tablename__ = "person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    password_hash: Mapped[str | None]
    theme: Mapped[str] = mapped_column(server_default="system")
    uses_keys: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Membership(Base):
    """A person's role in an account: owner, editor, publisher or analyst."""

    __tablename__ = "membership"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str]
    account: Mapped[Account] = relationship()


class WebSession(Base):
    """A signed-in browser; only the SHA-256 of its cookie is kept."""

    __tablename__ = "web_session"
    id_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(server_default="")


class SignInThrottle(Base):
    """How often signing in failed for one address or one account name, both hashed."""

    __tablename__ = "sign_in_throttle"
    subject_hash: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]


class ApiKey(Base):
    """A key of the management API; only the SHA-256 of its secret is kept."""

    __tablename__ = "api_key"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    secret_hash: Mapped[bytes]
    hint: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Audit(Base):
    """One thing that somebody did, never changed afterwards."""

    __tablename__ = "audit"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime]
