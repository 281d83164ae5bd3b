"""Sources: the addresses and keys by which suppliers post leads to a flow."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class Source(Base):
    """Where a supplier's leads come in; `cost` is `{"fixed": money}` or `{"share": percent}`.

    No `categories` means every one; forms may send people on to pages of the `redirect_hosts` alone.
    """

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("flow_id", "key"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flow.id"))
    key: Mapped[str]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="active")
    needs_key: Mapped[bool] = mapped_column(server_default="true")
    cost: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    caps: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    accept_if: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    categories: Mapped[list[str]] = mapped_column(server_default="{}")
    redirect_hosts: Mapped[list[str]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]


class SourceKey(Base):
    """A supplier's key, for live or test leads; only the SHA-256 of its secret is kept."""

    __tablename__ = "source_key"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"))
    mode: Mapped[str]
    secret_hash: Mapped[bytes]
    hint: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
