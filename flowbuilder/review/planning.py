"""Publishing at a time: what was reviewed goes live then, whatever becomes of the draft meanwhile."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.flows import operations
from flowbuilder.flows.checks import document_problems
from flowbuilder.flows.operations import NewerDraft, Publication
from flowbuilder.models import Flow, PlannedPublication
from flowbuilder.review.publishing import failing_checks

AT_ONCE = 20
"""How many go live in one sweep at most."""


def plan_of(session: Session, flow: Flow) -> PlannedPublication | None:
    """Return what goes live at a time, or could not; nothing where nothing is planned."""
    return session.get(PlannedPublication, flow.id)


def plan(
    *,
    session: Session,
    actor: Actor,
    flow: Flow,
    revision: int,
    at: datetime,
    now: datetime,
    note: str = "",
    starts_again: bool = False,
) -> Publication | None:
    """Let the draft as it is go live at a time, in the place of what was planned before; None when that is settled.

    With `starts_again`, leads that wait then begin again in it, where that makes a difference to them.

    Returns the problems that stand in its way; raises NewerDraft when `revision` is an older one.
    """
    session.refresh(flow, with_for_update=True)
    if revision != flow.draft_revision:
        raise NewerDraft
    problems = document_problems(session=session, account_id=flow.account_id, document=flow.draft, flow_id=flow.id)
    problems += failing_checks(session, flow, flow.draft, now)
    if any(problem.severity == "error" for problem in problems):
        return Publication(None, problems)
    row = PlannedPublication(flow_id=flow.id, document=flow.draft, instead_of=flow.live_version, note=note, at=at)
    row.person_id, row.problem, row.start_again = actor.person_id, "", starts_again
    session.merge(row)
    _record(session, actor, flow, "flow.planned", now, at=at.isoformat())
    session.flush()
    return None


def take_back(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> None:
    """Let nothing go live by itself any more."""
    row = plan_of(session, flow)
    if row is not None:
        session.delete(row)
        _record(session, actor, flow, "flow.plan_taken_back", now)
        session.flush()


def publish_what_is_due(session: Session, now: datetime) -> Sequence[Flow]:
    """Make live what is due, and return those flows; what cannot go live keeps the reason, and is not tried again."""
    due = (
        select(PlannedPublication)
        .where(PlannedPublication.at <= now, PlannedPublication.problem == "")
        .order_by(PlannedPublication.at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    flows = [(row, session.get_one(Flow, row.flow_id)) for row in session.scalars(due).all()]
    published = [flow for row, flow in flows if _publish(session, row, flow, now)]
    session.flush()
    return published


def _publish(session: Session, row: PlannedPublication, flow: Flow, now: datetime) -> bool:
    session.refresh(flow, with_for_update=True)
    actor = Actor(account_id=flow.account_id, person_id=row.person_id)
    row.problem = _why_not(session, row, flow, now)
    if row.problem:
        _record(session, actor, flow, "flow.plan_failed", now, problem=row.problem)
        return False
    published = operations.publish_document(
        session=session,
        actor=actor,
        flow=flow,
        document=row.document,
        now=now,
        note=row.note,
        starts_again=row.start_again,
    )
    if published.version is None:
        row.problem = published.problems[0].message
        _record(session, actor, flow, "flow.plan_failed", now, problem=row.problem)
        return False
    session.delete(row)
    session.flush()
    return True


def _why_not(session: Session, row: PlannedPublication, flow: Flow, now: datetime) -> str:
    """Return why a document must not go live any more, "" where it may."""
    if flow.live_version != row.instead_of:
        return f"Version {flow.live_version} went live meanwhile."
    if flow.archived_at is not None:
        return "The flow was put away."
    failing = failing_checks(session, flow, row.document, now)
    return failing[0].message if failing else ""


def _record(session: Session, actor: Actor, flow: Flow, action: str, now: datetime, **detail: str) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(flow.id, "flo"), now=now, **detail)
