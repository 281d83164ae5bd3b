"""Everything that changes checks: made from a test run, made strict or lenient, deleted."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.models import FlowCheck
from flowbuilder.trials.inputs import Inputs
from flowbuilder.trials.keeping import without_people
from flowbuilder.trials.running import Bench, End

MOST_CHECKS = 100
LONGEST_NAME = 120
KIND = "chk"


class TooManyChecks(Exception):
    """The flow has as many checks as a flow may have."""


def create_check(
    *,
    session: Session,
    actor: Actor,
    bench: Bench,
    inputs: Inputs,
    now: datetime,
    name: str = "",
    expected: End | None = None,
    must_pass: bool = False,
) -> FlowCheck:
    """Return a new check; without an `expected` end it expects the one that the flow's document gives now.

    What would differ tomorrow is settled: its clock stands, and caps that are as they are now have room. Made-up
    values stand where there were personal ones. Raises LeadGone, TooManyChecks and EndsOtherwise.
    """
    count = select(func.count()).select_from(FlowCheck).where(FlowCheck.flow_id == bench.flow.id)
    if (session.scalar(count) or 0) >= MOST_CHECKS:
        raise TooManyChecks
    settled = replace(inputs, as_of=inputs.as_of or now, caps="empty" if inputs.caps == "now" else inputs.caps)
    kept, ends = without_people(bench, settled, now)
    end = expected or ends
    row = FlowCheck(id=ids.new_id(), account_id=bench.flow.account_id, flow_id=bench.flow.id)
    row.name = (name.strip() or f"A lead is {end.say(bench.names.connections)}")[:LONGEST_NAME]
    row.inputs, row.status, row.buyers, row.reason = kept.as_document(), end.status, list(end.buyers), end.reason
    row.must_pass, row.created_by, row.created_at = must_pass, actor.person_id, now
    session.add(row)
    audit.record(session=session, actor=actor, action="check.created", subject=ids.show(row.id, KIND), now=now)
    session.flush()
    return row


def delete_check(*, session: Session, actor: Actor, check: FlowCheck, now: datetime) -> None:
    """Delete a check for good."""
    session.delete(check)
    audit.record(session=session, actor=actor, action="check.deleted", subject=ids.show(check.id, KIND), now=now)
    session.flush()


def expect(*, session: Session, actor: Actor, check: FlowCheck, end: End, now: datetime) -> None:
    """Have a check expect another end from now on."""
    check.status, check.buyers, check.reason = end.status, list(end.buyers), end.reason
    audit.record(session=session, actor=actor, action="check.changed", subject=ids.show(check.id, KIND), now=now)
    session.flush()


def set_must_pass(*, session: Session, actor: Actor, check: FlowCheck, must_pass: bool, now: datetime) -> None:
    """Say whether the flow may go live while a check fails."""
    check.must_pass = must_pass
    audit.record(session=session, actor=actor, action="check.changed", subject=ids.show(check.id, KIND), now=now)
    session.flush()
