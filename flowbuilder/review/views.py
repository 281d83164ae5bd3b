"""What the review of a draft shows: the changes in words, their impact on recorded leads, and what to look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder.flows import in_flight, queries, views
from flowbuilder.flows.around import around
from flowbuilder.flows.checks import check_document
from flowbuilder.flows.in_flight import Waits
from flowbuilder.models import Flow, Membership, Person
from flowbuilder.review.backtests import Impact, backtest
from flowbuilder.review.warnings import Changed, Warned, warnings_of
from flowbuilder.trials.checks import Checked, run_checks
from rules.backtest import Assumed, Differs
from rules.differences import Difference, Marked, differences, mark
from rules.flow import Flow as Rules
from rules.flow import parse_flow
from rules.flow_wording import Names
from rules.plain_words import say_flow

MOST_SHOWN = 50
"""How many of the leads that change are listed."""
OUTCOMES = {"sold": "sold", "rejected": "rejected", "waiting": "waiting", "invalid": "refused"} | {
    "duplicate": "a duplicate",
    "error": "an error",
}
MAY_PUBLISH = ("owner", "publisher")


@dataclass(frozen=True)
class Part:
    """The changes of one card, or of one part of the document."""

    where: str
    step: str
    lines: Sequence[Difference]


@dataclass(frozen=True)
class Rest:
    """The impact of a draft, what its checks say, and what to look at; `number` is the version that it would become.

    `waits` are the leads that wait to which it makes a difference. `is_blocked` where a check fails that must pass.
    """

    impact: Impact | None
    checks: Sequence[Checked]
    shifts: Sequence[str]
    shown: Sequence[tuple[UUID, Differs]]
    warnings: Sequence[Warned]
    waits: Waits
    number: int

    @property
    def is_blocked(self) -> bool:
        """Return whether a check stands in the way."""
        return any(one.must_pass and not one.passed for one in self.checks)


def parts_of(found: Sequence[Difference]) -> list[Part]:
    """Return differences card by card."""
    grouped = groupby(found, key=lambda one: (one.where, one.step))
    return [Part(where, step, list(lines)) for (where, step), lines in grouped]


def compared(before: Mapping[str, Any] | None, after: Mapping[str, Any], names: Names) -> list[Part]:
    """Return in words what one document has otherwise than another."""
    return parts_of(differences(before, after, names)) if before is not None else []


def side_by_side(before: Rules | None, after: Rules | None, names: Names) -> tuple[Marked, Marked]:
    """Return two flows in plain words, with the words marked that only one of them has."""
    old, new = (say_flow(rules, names) if rules else "" for rules in (before, after))
    return mark(old, new)


def review_view(session: Session, flow: Flow) -> dict[str, Any]:
    """Return what is known of a draft at once: its problems, and what it changes."""
    live = queries.live_version(session, flow)
    known = around(session, flow)
    rules, problems = check_document(session=session, account_id=flow.account_id, document=flow.draft, around=known)
    live_rules = parse_flow(live.document)[0] if live else None
    return {
        "flow": flow,
        "live": live,
        "draft_differs": not is_live(session, flow),
        "parts": compared(live.document if live else None, flow.draft, known.names),
        "plain": side_by_side(live_rules, rules, known.names),
        "findings": views.findings(flow.draft, problems),
        "has_errors": views.has_errors(problems),
        "publishers": publishers_of(session, flow.account_id),
    }


def is_live(session: Session, flow: Flow) -> bool:
    """Return whether the draft is what is live."""
    live = queries.live_version(session, flow)
    return live is not None and live.document == flow.draft


def rest_of(session: Session, flow: Flow, *, now: datetime, new_buyers: Assumed) -> Rest:
    """Return the impact of a draft on the newest leads, and what to look at before it goes live."""
    live = queries.live_version(session, flow)
    impact = backtest(session, flow, flow.draft, now=now, new_buyers=new_buyers) if live else None
    waiting = queries.waiting_count(session, flow)
    connections = around(session, flow).connections
    checks = run_checks(session, flow, flow.draft, now)
    document, tried = live.document if live else None, impact.backtest if impact else None
    warnings = warnings_of(Changed(document, flow.draft, connections, waiting, tried, checks))
    found = impact.backtest.differs if impact else ()
    shown = [(UUID(one.lead), one) for one in found[:MOST_SHOWN]]
    waits = in_flight.waiting_on(session, flow, flow.draft) if waiting else Waits()
    return Rest(impact, checks, shifts_of(found), shown, warnings, waits, queries.last_number(session, flow) + 1)


def shifts_of(found: Sequence[Differs]) -> list[str]:
    """Return how the leads change that do, the most frequent change first: `12 were sold and would now be rejected`."""
    counts = Counter(_shift(one) for one in found)
    return [_say_shift(*shift, many) for shift, many in counts.most_common()]


def _shift(one: Differs) -> tuple[str, str]:
    if one.before.status != one.after.status:
        return one.before.status, one.after.status
    before, after = (sorted(sale.connection for sale in fate.sales) for fate in (one.before, one.after))
    return ("", "buyer") if before != after else ("", "price")


def _say_shift(before: str, after: str, many: int) -> str:
    if not before:
        return f"1 lead changes {after}" if many == 1 else f"{many:,} leads change {after}"
    was = "was" if many == 1 else "were"
    return (
        f"{many:,} {was} {OUTCOMES[before]} and would now {'wait' if after == 'waiting' else f'be {OUTCOMES[after]}'}"
    )


def publishers_of(session: Session, account_id: UUID) -> list[str]:
    """Return the names of those who may publish."""
    name = func.coalesce(func.nullif(Person.name, ""), Person.email)
    wanted = (
        select(name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.account_id == account_id, Membership.role.in_(MAY_PUBLISH), Person.disabled_at.is_(None))
    )
    return list(session.scalars(wanted.order_by(name)))
