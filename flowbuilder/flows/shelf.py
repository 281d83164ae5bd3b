"""The list of flows, and what is done there: rename and copy one, put it away, get it back, delete one without past."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.flows import operations, queries
from flowbuilder.flows.checks import connection_names, errors_in
from flowbuilder.flows.forms import LONGEST_NAME
from flowbuilder.flows.recent import Traffic, traffic_of
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Account, Base, Flow, FlowVersion, Source


class HasHistory(Exception):
    """Leads, versions or suppliers tell of the flow, so that it cannot be deleted."""


@dataclass(frozen=True)
class Listed:
    """One flow in the list; `problems` are those that stand in the way of publishing its draft.

    `not_published` is why what was planned did not go live, "" where nothing is amiss.
    """

    flow: Flow
    draft_differs: bool
    problems: int
    traffic: Traffic
    revenue: str
    has_history: bool = False
    not_published: str = ""


def listed(session: Session, account: Account, now: datetime) -> Sequence[Listed]:
    """Return the account's flows that are not put away, with their state and the traffic of the last 24 hours."""
    traffic = traffic_of(session, account.id, now)
    live, told_of = queries.live_documents(session, account.id), _with_history(session, account.id)
    flows = [flow for flow in queries.flows_of(session, account.id) if flow.archived_at is None]
    connections, lists = connection_names(session, account.id), list_names(session, account.id)
    failed = {plan.flow_id: plan.problem for plan in queries.failed_plans(session, account.id)}
    errors = {flow.id: len(errors_in(flow.draft, connections, lists)) for flow in flows}
    return [
        replace(
            _listed(flow, live.get(flow.id), errors[flow.id], traffic.get(flow.id, Traffic())),
            has_history=flow.id in told_of,
            not_published=failed.get(flow.id, ""),
        )
        for flow in flows
    ]


def archived(session: Session, account_id: UUID) -> Sequence[Flow]:
    """Return the account's flows that are put away, the last one first."""
    wanted = select(Flow).where(Flow.account_id == account_id, Flow.archived_at.is_not(None))
    return session.scalars(wanted.order_by(Flow.archived_at.desc())).all()


def duplicate_flow(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> Flow:
    """Return a new flow with the same draft; nothing of it is live."""
    name = _name_of_copy(flow.name, {one.name for one in queries.flows_of(session, flow.account_id)})
    return operations.create_flow(session=session, actor=actor, name=name, document=flow.draft, now=now)


def rename_flow(*, session: Session, actor: Actor, flow: Flow, name: str, now: datetime) -> None:
    """Call a flow by another name; its address, its draft and all that tells of it stay as they are."""
    session.refresh(flow, with_for_update=True)
    if flow.name != name:
        _record(session, actor, flow, "flow.renamed", now, before=flow.name, name=name)
        flow.name, flow.updated_at = name, now
        session.flush()


def archive_flow(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> None:
    """Put a flow away: it is paused and not listed; its leads, versions and suppliers stay as they are."""
    operations.pause_flow(session=session, actor=actor, flow=flow, now=now)
    if flow.archived_at is None:
        flow.archived_at = flow.updated_at = now
        _record(session, actor, flow, "flow.archived", now)
        session.flush()


def restore_flow(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> None:
    """List a flow again; it stays paused until somebody resumes it."""
    session.refresh(flow, with_for_update=True)
    if flow.archived_at is not None:
        flow.archived_at, flow.updated_at = None, now
        _record(session, actor, flow, "flow.restored", now)
        session.flush()


def delete_flow(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> None:
    """Delete a flow with its draft; raises HasHistory where anything tells of it: then it can be put away."""
    session.refresh(flow, with_for_update=True)
    if has_history(session, flow):
        raise HasHistory(flow.name)
    for table in Base.metadata.tables.values():
        if any(key.column is Flow.__table__.c.id for key in table.foreign_keys):
            session.execute(delete(table).where(table.c.flow_id == flow.id))
    _record(session, actor, flow, "flow.deleted", now, name=flow.name)
    session.delete(flow)
    session.flush()


def has_history(session: Session, flow: Flow) -> bool:
    """Return whether leads came to a flow, a version of it was published, or a supplier posts to it."""
    return flow.id in _with_history(session, flow.account_id)


def _name_of_copy(name: str, taken: Collection[str]) -> str:
    """Return a name that no flow has yet: `Copy of` the name, then `Copy 2 of` it, and so on."""
    names = (f"Copy {number} of {name}" if number > 1 else f"Copy of {name}" for number in count(1))
    return next(one for one in (long[:LONGEST_NAME] for long in names) if one not in taken)


def _with_history(session: Session, account_id: UUID) -> set[UUID]:
    """Return the account's flows that something tells of; every lead, even a test, has come by a source."""
    published = exists().where(FlowVersion.flow_id == Flow.id)
    supplied = exists().where(Source.flow_id == Flow.id)
    return set(session.scalars(select(Flow.id).where(Flow.account_id == account_id, published | supplied)))


def _listed(flow: Flow, live: Mapping[str, Any] | None, errors: int, traffic: Traffic) -> Listed:
    currency = str((live or flow.draft).get("currency", "USD"))
    differs = live is not None and live != flow.draft
    return Listed(flow, differs, errors, traffic, traffic.say_revenue(currency))


def _record(session: Session, actor: Actor, flow: Flow, action: str, now: datetime, **detail: Any) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(flow.id, "flo"), now=now, **detail)
