"""Connections to buyers: where leads are delivered, the sealed credentials, and test calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class Connection(Base):
    """A buyer's destination, without its secrets.

    `real_words` are those of its answers that sound like a no, and of which somebody said that they mean real sales.
    """

    __tablename__ = "connection"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="active")
    destination: Mapped[dict[str, Any]] = mapped_column(JSON)
    time_zone: Mapped[str | None]
    concurrency: Mapped[int] = mapped_column(server_default="256")
    tested_at: Mapped[datetime | None]
    real_words: Mapped[list[str]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Credential(Base):
    """One sealed secret of a connection; `hint` is its last four characters."""

    __tablename__ = "credential"
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    hint: Mapped[str]
    updated_at: Mapped[datetime]


class AccessToken(Base):
    """One sealed access token, by the keyed hash of what was asked for it: the address, the client and its secret."""

    __tablename__ = "access_token"
    grant_hash: Mapped[bytes] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    ends_at: Mapped[datetime]


class Breaker(Base):
    """How a connection's calls failed of late; open from `opened_at`, with the offer that is tried as its `probe`."""

    __tablename__ = "breaker"
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    failures: Mapped[list[Any]]
    opened_at: Mapped[datetime | None]
    recover_at: Mapped[datetime | None]
    probe: Mapped[str | None]
    probe_until: Mapped[datetime | None]


class ConnectionTest(Base):
    """A test call to a buyer: made by a job, watched by a page."""

    __tablename__ = "connection_test"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    state: Mapped[str] = mapped_column(server_default="queued")
    fields: Mapped[dict[str, Any]]
    known: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    request: Mapped[dict[str, Any] | None]
    reply: Mapped[dict[str, Any] | None]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
