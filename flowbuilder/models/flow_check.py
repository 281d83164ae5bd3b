"""Checks: test runs of a flow that are kept, each with the end that is expected."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class FlowCheck(Base):
    """One check: what it is run with, and the end that it expects.

    `buyers` are the connections that must buy the lead, by shown id; of a lead that was taken from the list of leads
    only the id is in `inputs`.
    """

    __tablename__ = "flow_check"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flow.id"))
    name: Mapped[str]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str]
    buyers: Mapped[list[str]] = mapped_column(server_default="{}")
    reason: Mapped[str | None]
    must_pass: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
