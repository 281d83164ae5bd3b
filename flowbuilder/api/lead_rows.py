"""The list of leads that programs ask for; a lead that is not done is `waiting`, wherever it stands."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, defer

from flowbuilder.models import Lead

STATUSES = ("sold", "rejected", "duplicate", "error", "waiting")


def leads_of(
    session: Session,
    account_id: UUID,
    *,
    flow_id: UUID | None = None,
    status: str | None = None,
    after: UUID | None = None,
    limit: int,
) -> Sequence[Lead]:
    """Return the account's leads, newest first, those older than an id; filtered by flow and status."""
    wanted = select(Lead).where(Lead.account_id == account_id).order_by(Lead.id.desc()).limit(limit)
    if flow_id:
        wanted = wanted.where(Lead.flow_id == flow_id)
    if status:
        wanted = wanted.where(_has(status))
    if after:
        wanted = wanted.where(Lead.id < after)
    return session.scalars(wanted.options(defer(Lead.posted), defer(Lead.fields))).all()


def _has(status: str) -> ColumnElement[bool]:
    return Lead.state != "done" if status == "waiting" else Lead.outcome == status
