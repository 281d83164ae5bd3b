"""Runs one test: the account's world, the lead, the made-up answers; nobody is called and nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.flows.checks import connection_names
from flowbuilder.flows.dry_runs import SOURCE, Tried, try_lead
from flowbuilder.flows.worlds import Asked, Reached, reached_by, world_of
from flowbuilder.leads.queries import lead_of
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Flow as FlowRow
from flowbuilder.models import Lead, Source
from flowbuilder.trials.answering import made_up
from flowbuilder.trials.inputs import Inputs
from rules.dry_run import MadeUp, MadeUpFind
from rules.flow import Flow
from rules.flow_wording import Names


class LeadGone(Exception):
    """The lead that a run is made with is not there any more."""


@dataclass(frozen=True)
class End:
    """How a lead ended: its status, the connections that bought it in the order of the sales, and the reason."""

    status: str
    buyers: tuple[str, ...] = ()
    reason: str | None = None

    def say(self, names: Mapping[str, str]) -> str:
        """Return `sold to Sunrise Energy` or `rejected: Not CA solar`."""
        if self.buyers:
            return f"sold to {' and '.join(names.get(one, 'a buyer that is gone') for one in self.buyers)}"
        return f"{self.status}: {self.reason}" if self.reason else self.status


@dataclass(frozen=True)
class Bench:
    """What all runs of one flow's document share: the database as it is, read once."""

    session: Session
    flow: FlowRow
    rules: Flow
    secret_key: str
    names: Names
    reached: Reached


@dataclass(frozen=True)
class Trial:
    """A run with what it was made with; `at` is the moment that it was run as of."""

    tried: Tried
    inputs: Inputs
    at: datetime
    answers: Mapping[str, MadeUp]
    finds: Mapping[str, MadeUpFind]
    source: Mapping[str, Any]
    source_lead: Lead | None
    source_key: str = ""

    @property
    def end(self) -> End:
        """Return how the lead ended."""
        events = self.tried.run.events if self.tried.run else ()
        sold = [
            event.asks["connection"]
            for event in events
            if event.effect == "offer" and event.result and event.result["answer"] == "accepted"
        ]
        is_sold = self.tried.status == "sold"
        return End(self.tried.status, tuple(sold) if is_sold else (), None if is_sold else self.tried.reason)


def bench_of(session: Session, flow: FlowRow, rules: Flow, now: datetime, *, secret_key: str) -> Bench:
    """Return what runs of a flow's document need, as it is at a moment."""
    names = Names(connection_names(session, flow.account_id), lists=list_names(session, flow.account_id))
    return Bench(session, flow, rules, secret_key, names, reached_by(session, flow.account_id, rules, now))


def run_trial(bench: Bench, inputs: Inputs, now: datetime) -> Trial:
    """Return what would happen to the lead. Raises LeadGone."""
    session, account_id = bench.session, bench.flow.account_id
    source_lead = lead_called(session, account_id, inputs.source_lead)
    at = inputs.as_of or now
    source = source_called(session, account_id, inputs.source)
    asked = Asked(inputs.caps, inputs.full, inputs.is_seen, source, inputs.source_lead)
    world = world_of(session, bench.flow, bench.rules, asked, at, reached=bench.reached, secret_key=bench.secret_key)
    answers, finds = made_up(bench.rules, inputs.said, bench.reached.destinations)
    view = source_view(source)
    posted = inputs.posted(source_lead.posted if source_lead else None)
    tried = try_lead(bench.rules, posted, answers, names=bench.names, now=at, world=world, finds=finds, source=view)
    return Trial(tried, inputs, at, answers, finds, view, source_lead, source.key if source else "")


def lead_called(session: Session, account_id: UUID, lead_id: UUID | None) -> Lead | None:
    """Return the lead that a run is made with, None where it is made with none. Raises LeadGone."""
    if lead_id is None:
        return None
    lead = lead_of(session, account_id, lead_id)
    if lead is None:
        raise LeadGone
    return lead


def source_called(session: Session, account_id: UUID, source_id: UUID | None) -> Source | None:
    """Return the source that posts the lead, None where there is none."""
    row = session.get(Source, source_id) if source_id else None
    return row if row and row.account_id == account_id else None


def source_view(source: Source | None) -> Mapping[str, Any]:
    """Return what rules may read of the source; it has no cost where there is none."""
    if source is None:
        return SOURCE
    return {"id": str(source.id), "name": source.name, "cost": source.cost, "is_test": False}
