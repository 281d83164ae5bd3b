"""Stored lists: what rules ask whether a value is in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base, BigInt


class StoredList(Base):
    """A list of one kind; what it holds never changes, only its entries do. `size` counts them.

    One that `suppresses` is asked at the door of every flow of its account.
    """

    __tablename__ = "stored_list"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    kind: Mapped[str]
    hashed: Mapped[str]
    region: Mapped[str]
    size: Mapped[int] = mapped_column(BigInt)
    suppresses: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StoredListEntry(Base):
    """One entry under its key: the normal form, or the hash that was given."""

    __tablename__ = "stored_list_entry"
    list_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
