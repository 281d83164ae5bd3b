"""Leads that wait on an older version when another goes live: to which of them that matters, and starting those again.

They finish on their own version unless somebody says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from redis import Redis
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from flowbuilder import enqueue, ids
from flowbuilder.after_commit import after_commit
from flowbuilder.audit import Actor
from flowbuilder.db import LET_GO_SOON
from flowbuilder.models import Flow, FlowVersion, Lead, LeadEvent, Offer
from rules.ahead import matters
from rules.flow import Flow as Rules
from rules.flow import parse_flow

MAY_HAVE_IT = ("reserved", "sending", "accepted", "unknown")
AT_ONCE = 200
EVERY = timedelta(seconds=1)
"""How many are started again at once, and how long after that the next ones, so that new leads are not held up."""


@dataclass(frozen=True)
class Waits:
    """How many leads wait to which it matters what goes live, and on which versions."""

    many: int = 0
    versions: tuple[int, ...] = ()


def waiting_on(session: Session, flow: Flow, document: Mapping[str, Any]) -> Waits:
    """Return the leads that wait on versions of a flow to which a document that goes live would make a difference."""
    places = _places(session, flow, document)
    return Waits(sum(places.values()), tuple(sorted({version for version, _ in places})))


def start_again(session: Session, actor: Actor, flow: Flow, version: FlowVersion, now: datetime) -> int:
    """Have workers start those leads again in a version that has just gone live, and return how many.

    One that a worker takes up at this moment is on its way, and goes on as it was.
    """
    places = _places(session, flow, version.document)
    if not places:
        return 0
    found = (
        select(Lead.id)
        .join(LeadEvent, _is_open)
        .where(*_may_start_again(flow), tuple_(Lead.version, LeadEvent.step).in_(list(places)))
        .order_by(Lead.id)
        .with_for_update(of=Lead, skip_locked=True)
    )
    session.execute(LET_GO_SOON)
    leads = list(session.scalars(found))
    by = ids.show(actor.person_id) if actor.person_id else ""
    told = {"id": ids.show(ids.new_id()), "do": "start_again", "version": version.number, "by": by}
    for begins in range(0, len(leads), AT_ONCE):
        due = func.least(Lead.due_at, now + begins // AT_ONCE * EVERY)
        some = leads[begins : begins + AT_ONCE]
        session.execute(
            update(Lead).where(Lead.id.in_(some)).values(instruction=told, due_at=due),
            execution_options={"synchronize_session": False},
        )
    return len(leads)


def tell_workers(session: Session, redis: Redis, many: int) -> None:
    """Wake workers once it is committed that leads are to be started again."""
    if many:
        after_commit(session, partial(enqueue.nudge, redis, leads=many))


def _places(session: Session, flow: Flow, document: Mapping[str, Any]) -> dict[tuple[int, str], int]:
    """Return where leads wait to which a document makes a difference, by version and step, with how many."""
    counted = (
        select(Lead.version, LeadEvent.step, func.count())
        .join(LeadEvent, _is_open)
        .where(*_may_start_again(flow))
        .group_by(Lead.version, LeadEvent.step)
    )
    found = {(version, step): many for version, step, many in session.execute(counted)}
    after = parse_flow(document)[0] if found else None
    if after is None:
        return {}
    numbers = {version for version, _ in found}
    wanted = select(FlowVersion).where(FlowVersion.flow_id == flow.id, FlowVersion.number.in_(numbers))
    before = {row.number: parse_flow(row.document)[0] for row in session.scalars(wanted)}
    return {place: many for place, many in found.items() if _matters(before[place[0]], after, place[1])}


def _matters(before: Rules | None, after: Rules, step: str) -> bool:
    """Return whether leads can go on in another version, and that is not the same to them."""
    return before is not None and before.currency == after.currency and matters(before, after, step)


_is_open = and_(
    LeadEvent.lead_id == Lead.id, LeadEvent.run == Lead.run, LeadEvent.effect == "hold", LeadEvent.done_at.is_(None)
)


def _may_start_again(flow: Flow) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of leads that wait while no buyer has them or may have them, and with no price promised."""
    is_taken = exists().where(Offer.lead_id == Lead.id, Offer.phase == "post", Offer.state.in_(MAY_HAVE_IT))
    is_free = or_(Lead.instruction.is_(None), Lead.instruction["do"].as_string() == "start_again")
    return (
        Lead.account_id == flow.account_id,
        Lead.flow_id == flow.id,
        Lead.state == "waiting",
        Lead.kind == "post",
        ~Lead.is_test,
        Lead.pinged.is_(None),
        is_free,
        ~is_taken,
    )
