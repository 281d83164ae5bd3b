"""Leads and their journal: events, offers, attempts. Written by intake and by `workers.journal` only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base, BigInt


class Lead(Base):
    """A posted lead, and the queue it stands in.

    `due_at` is when a worker may take it: at once (received), when the lease ends (working), at the next try (waiting).
    `posted` is what came in, `fields` the normal forms. Money is in minor units of `currency`. `instruction` is what a
    person has the worker do that takes it next.
    """

    __tablename__ = "lead"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    flow_id: Mapped[UUID]
    source_id: Mapped[UUID]
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(server_default="post")
    is_test: Mapped[bool] = mapped_column(server_default="false")
    test_outcome: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="received")
    outcome: Mapped[str | None]
    waiting_for: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    run: Mapped[int] = mapped_column(server_default="1")
    asked_before: Mapped[dict[str, Any]]
    posted: Mapped[dict[str, Any]]
    fields: Mapped[dict[str, Any]]
    invalid: Mapped[list[str]]
    ignored: Mapped[list[str]]
    pinged: Mapped[dict[str, Any] | None]
    currency: Mapped[str]
    revenue: Mapped[int] = mapped_column(BigInt, server_default="0")
    cost: Mapped[int] = mapped_column(BigInt, server_default="0")
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    lease_token: Mapped[int] = mapped_column(BigInt, server_default="0")
    crashes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    last_step: Mapped[str | None]
    answer_to: Mapped[str | None]
    instruction: Mapped[dict[str, Any] | None]


class LeadEvent(Base):
    """One effect of a run, or one step without an effect: what was asked and what came of it."""

    __tablename__ = "lead_event"
    lead_id: Mapped[UUID] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    effect: Mapped[str]
    step: Mapped[str]
    path: Mapped[str | None]
    asks: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Offer(Base):
    """One buyer asked about one lead in one round; `id` is the idempotency key of all its attempts."""

    __tablename__ = "offer"
    lead_id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_no: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    account_id: Mapped[UUID]
    connection_id: Mapped[UUID]
    run: Mapped[int]
    round: Mapped[int]
    step: Mapped[str]
    buyer: Mapped[str]
    phase: Mapped[str] = mapped_column(server_default="post")
    state: Mapped[str]
    is_winner: Mapped[bool] = mapped_column(server_default="false")
    slot: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    lost_reason: Mapped[str | None]
    reason: Mapped[str | None]
    reference: Mapped[str | None]
    bid: Mapped[int | None] = mapped_column(BigInt)
    winning_bid: Mapped[int | None] = mapped_column(BigInt)
    cascade_position: Mapped[int | None]
    delivery_method: Mapped[str] = mapped_column(server_default="webhook")
    price: Mapped[int] = mapped_column(BigInt)
    places: Mapped[list[Any]]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    created_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One call to a buyer; recorded as `sending` before the call, final once answered.

    Of another `method` than the offer's it is a copy, or a notice, of what was taken.
    """

    __tablename__ = "attempt"
    lead_id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_no: Mapped[int] = mapped_column(primary_key=True)
    attempt_no: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    ms: Mapped[int | None]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None]
    request: Mapped[dict[str, Any] | None]
    reply: Mapped[dict[str, Any] | None]
    method: Mapped[str] = mapped_column(server_default="webhook")
