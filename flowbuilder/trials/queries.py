"""Everything that reads checks and what test runs may begin with, always by the account they belong to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.models import Flow, FlowCheck, Lead, Source

RECENT = 10


def checks_of(session: Session, flow: Flow) -> Sequence[FlowCheck]:
    """Return the checks of a flow, oldest first."""
    return session.scalars(select(FlowCheck).where(FlowCheck.flow_id == flow.id).order_by(FlowCheck.id)).all()


def check_of(session: Session, flow: Flow, check_id: UUID) -> FlowCheck | None:
    """Return one check of the flow, or nothing."""
    return session.scalar(select(FlowCheck).where(FlowCheck.flow_id == flow.id, FlowCheck.id == check_id))


def recent_leads(session: Session, flow: Flow) -> Sequence[Lead]:
    """Return the newest leads of a flow, pings left out."""
    wanted = select(Lead).where(Lead.account_id == flow.account_id, Lead.flow_id == flow.id, Lead.kind == "post")
    return session.scalars(wanted.order_by(Lead.id.desc()).limit(RECENT)).all()


def sources_of(session: Session, flow: Flow) -> Sequence[Source]:
    """Return the sources that post to a flow, oldest first."""
    return session.scalars(select(Source).where(Source.flow_id == flow.id).order_by(Source.id)).all()
