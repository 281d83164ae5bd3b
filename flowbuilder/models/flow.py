"""Flows: the draft that people edit and the published versions that leads run on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class Flow(Base):
    """A flow: its address key, its one draft, and which version is live.

    One that is archived is paused too, and is no longer listed; what its leads tell of it stays.
    """

    __tablename__ = "flow"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="active")
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    draft_revision: Mapped[int] = mapped_column(server_default="1")
    live_version: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class FlowVersion(Base):
    """A published document; never changed, because leads record the version they run on."""

    __tablename__ = "flow_version"
    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flow.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(server_default="")
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]


class PlannedPublication(Base):
    """A document that goes live at a time, in the place of the version `instead_of`; `problem` once it could not.

    `start_again` says whether leads that wait on older versions begin again in it.
    """

    __tablename__ = "planned_publication"
    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flow.id"), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    instead_of: Mapped[int | None]
    note: Mapped[str] = mapped_column(server_default="")
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(server_default="")
    start_again: Mapped[bool] = mapped_column(server_default="false")
