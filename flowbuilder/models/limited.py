"""What is limited or claimed: cap windows, duplicate claims, idempotency keys; refused posts; living workers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base, BigInt


class CapWindow(Base):
    """One window of a cap: how many places, or how much money in minor units, is taken in it."""

    __tablename__ = "cap_window"
    __table_args__ = (UniqueConstraint("cap", "bucket", "starts_at"),)
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    cap: Mapped[str]
    bucket: Mapped[str] = mapped_column(server_default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    used: Mapped[int] = mapped_column(BigInt, server_default="0")


class Claim(Base):
    """Which lead was the first with a value, so that the next one is a duplicate; values are keyed hashes.

    At a buyer it is the last that was sold or is being offered there, and `before` the one that it goes back to.
    """

    __tablename__ = "claim"
    scope: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID]
    at: Mapped[datetime]
    before_lead_id: Mapped[UUID | None]
    before_at: Mapped[datetime | None]


class Idempotency(Base):
    """A supplier's idempotency key and the lead it made; kept seven days."""

    __tablename__ = "idempotency"
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID]
    body_hash: Mapped[bytes]
    created_at: Mapped[datetime]


class IntakeRefusal(Base):
    """A post that was refused: codes and field names, never values."""

    __tablename__ = "intake_refusal"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    flow_id: Mapped[UUID]
    source_id: Mapped[UUID]
    status: Mapped[int] = mapped_column(SmallInteger)
    codes: Mapped[list[str]]
    fields: Mapped[list[str]]
    at: Mapped[datetime]


class Worker(Base):
    """A living worker process, seen every few seconds."""

    __tablename__ = "worker"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
