"""Publishing with the checks of a flow: those that must pass stand in the way like errors of its document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.flows import operations
from flowbuilder.flows.checks import document_problems
from flowbuilder.flows.operations import Publication
from flowbuilder.models import Flow
from flowbuilder.trials.checks import run_checks
from rules.problems import Problem


def failing_checks(session: Session, flow: Flow, document: Mapping[str, Any], now: datetime) -> list[Problem]:
    """Return a problem for each check that must pass and does not on a document."""
    return [
        Problem("", "check_fails", f"The check “{one.name}” must pass: {one.problem or f'the lead is {one.got}'}.")
        for one in run_checks(session, flow, document, now)
        if one.must_pass and not one.passed
    ]


def publish_draft(
    *,
    session: Session,
    actor: Actor,
    flow: Flow,
    now: datetime,
    revision: int | None = None,
    note: str = "",
    starts_again: bool = False,
) -> Publication:
    """Make the draft the live version, unless it has errors or a check fails that must pass.

    With `starts_again`, leads that wait begin again in it as in `publish_flow`. Raises NewerDraft when `revision` is an
    older one.
    """
    failing = failing_checks(session, flow, flow.draft, now)
    if failing:
        problems = document_problems(session=session, account_id=flow.account_id, document=flow.draft)
        return Publication(None, [*problems, *failing])
    return operations.publish_flow(
        session=session, actor=actor, flow=flow, now=now, revision=revision, note=note, starts_again=starts_again
    )
