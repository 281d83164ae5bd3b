"""The catalogue of an account: fields that its flows share a description of, and posted names that it wants none of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class CatalogueField(Base):
    """One field; `settings` is the field as it is written in a flow, with its key."""

    __tablename__ = "catalogue_field"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PassedOverName(Base):
    """A name that leads are posted with and that nobody wants as a field."""

    __tablename__ = "passed_over_name"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
