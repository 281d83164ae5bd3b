"""Going back to a version: what that changes, whether it may be live again, and which checks pass on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.flows import in_flight, operations, queries, views
from flowbuilder.flows.checks import document_problems
from flowbuilder.flows.in_flight import Waits
from flowbuilder.flows.operations import Publication
from flowbuilder.models import Flow, FlowVersion
from flowbuilder.review.history import comparison
from flowbuilder.review.publishing import failing_checks
from flowbuilder.review.views import Part
from flowbuilder.trials.checks import Checked, run_checks


@dataclass(frozen=True)
class WayBack:
    """The way from the live version to an older one, which becomes the version `number`.

    `is_blocked` where its document has errors by now, such as a buyer that is not there any more. `waits` are the leads
    that wait to which it makes a difference.
    """

    version: FlowVersion
    live: FlowVersion
    number: int
    parts: Sequence[Part]
    is_blocked: bool
    checks: Sequence[Checked]
    waits: Waits

    @property
    def failing(self) -> list[Checked]:
        """Return the checks that must pass and do not: told, and no obstacle to who has to go back in a hurry."""
        return failing(self.checks)


def way_back(session: Session, flow: Flow, version: FlowVersion, live: FlowVersion, now: datetime) -> WayBack:
    """Return the way back to a version, with all checks run on it."""
    document = version.document
    problems = document_problems(session=session, account_id=flow.account_id, document=document, flow_id=flow.id)
    return WayBack(
        version,
        live,
        queries.last_number(session, flow) + 1,
        comparison(session, flow, live.document, document),
        views.has_errors(problems),
        run_checks(session, flow, document, now),
        in_flight.waiting_on(session, flow, document),
    )


def failing(checks: Sequence[Checked]) -> list[Checked]:
    """Return those that must pass and do not."""
    return [one for one in checks if one.must_pass and not one.passed]


def go_back(
    *, session: Session, actor: Actor, flow: Flow, number: int, now: datetime, starts_again: bool = False
) -> Publication:
    """Go back to a version; a check that must pass and does not is a warning among its problems.

    With `starts_again`, leads that wait begin again in it as in `publish_flow`. Raises NoSuchVersion.
    """
    old = queries.version_of(session, flow, number)
    fails = failing_checks(session, flow, old.document, now) if old else []
    made = operations.go_back(
        session=session, actor=actor, flow=flow, number=number, now=now, starts_again=starts_again
    )
    return replace(made, problems=[*made.problems, *(replace(one, severity="warning") for one in fails)])
