"""Everything that reads flows and their versions, always by the account they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder.models import Flow, FlowVersion, Lead, Person, PlannedPublication


@dataclass(frozen=True)
class FailedPlan:
    """What was to go live in a flow at a time and could not, and why."""

    flow_id: UUID
    name: str
    problem: str
    at: datetime


def flow_of(session: Session, account_id: UUID, flow_id: UUID) -> Flow | None:
    """Return the account's flow, or nothing."""
    return session.scalar(select(Flow).where(Flow.account_id == account_id, Flow.id == flow_id))


def flows_of(
    session: Session, account_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> Sequence[Flow]:
    """Return the account's flows, oldest first, those after an id."""
    wanted = select(Flow).where(Flow.account_id == account_id).order_by(Flow.id).limit(limit)
    return session.scalars(wanted.where(Flow.id > after) if after else wanted).all()


def version_of(session: Session, flow: Flow, number: int) -> FlowVersion | None:
    """Return one published version of the flow, or nothing."""
    return session.get(FlowVersion, (flow.id, number))


def live_version(session: Session, flow: Flow) -> FlowVersion | None:
    """Return the version that leads run on now, or nothing when the flow was never published."""
    return version_of(session, flow, flow.live_version) if flow.live_version else None


def failed_plans(session: Session, account_id: UUID) -> list[FailedPlan]:
    """Return what was planned and did not go live, in the account's flows that are listed."""
    plan = PlannedPublication
    wanted = select(Flow.id, Flow.name, plan.problem, plan.at).join(plan, plan.flow_id == Flow.id)
    wanted = wanted.where(Flow.account_id == account_id, Flow.archived_at.is_(None), plan.problem != "")
    return [FailedPlan(*row) for row in session.execute(wanted.order_by(plan.at))]


def live_documents(session: Session, account_id: UUID) -> dict[UUID, dict[str, Any]]:
    """Return the live documents of the account's published flows, by flow."""
    is_live = (FlowVersion.flow_id == Flow.id) & (FlowVersion.number == Flow.live_version)
    wanted = select(Flow.id, FlowVersion.document).join(FlowVersion, is_live).where(Flow.account_id == account_id)
    return dict(session.execute(wanted).all())


def last_number(session: Session, flow: Flow) -> int:
    """Return the number of the newest version, 0 when there is none."""
    return session.scalar(select(func.max(FlowVersion.number)).where(FlowVersion.flow_id == flow.id)) or 0


def versions_of(session: Session, flow: Flow, *, below: int | None = None, limit: int) -> list[tuple[FlowVersion, str]]:
    """Return the newest versions, or those with a lower number, each with who published it (may be empty)."""
    wanted = (
        select(FlowVersion, func.coalesce(func.nullif(Person.name, ""), Person.email, ""))
        .outerjoin(Person, Person.id == FlowVersion.published_by)
        .where(FlowVersion.flow_id == flow.id)
        .order_by(FlowVersion.number.desc())
        .limit(limit)
    )
    wanted = wanted.where(FlowVersion.number < below) if below else wanted
    return [(version, name) for version, name in session.execute(wanted)]


def waiting_count(session: Session, flow: Flow) -> int:
    """Return how many leads of the flow wait for another try."""
    wanted = (
        select(func.count())
        .where(Lead.account_id == flow.account_id, Lead.flow_id == flow.id, Lead.state == "waiting", ~Lead.is_test)
        .where(Lead.kind == "post")
    )
    return session.scalar(wanted) or 0
