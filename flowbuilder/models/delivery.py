"""What became of leads beside the call that decides: those in inboxes, and copies. Neither holds data of people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class InboxLead(Base):
    """A lead in the inbox of a buyer; `id` is its offer's, or that of the test that put it there.

    What the buyer got stands in the attempt, or in the test.
    """

    __tablename__ = "inbox_lead"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    lead_id: Mapped[UUID | None]
    offer_no: Mapped[int | None]
    attempt_no: Mapped[int | None]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class DeliveryCopy(Base):
    """What goes to a buyer after it took a lead: by another method, or the notice of its inbox.

    `due_at` is when a job may take it: at once, when its lease ends (sending), at its next try.
    """

    __tablename__ = "delivery_copy"
    lead_id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_no: Mapped[int] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
