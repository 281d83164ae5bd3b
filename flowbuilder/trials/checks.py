"""Runs the checks of a flow on a document of it, and says of each whether the lead ended as expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.models import Flow, FlowCheck
from flowbuilder.trials.inputs import read_inputs
from flowbuilder.trials.queries import checks_of
from flowbuilder.trials.running import Bench, End, LeadGone, bench_of, run_trial
from rules.flow import parse_flow

LEAD_GONE = "The lead that it is run with is not there any more."
CANNOT_BE_READ = "The flow cannot be read as it is."


@dataclass(frozen=True)
class Checked:
    """One check with what became of it; `got` is "" where it could not be run, and `problem` says why."""

    id: UUID
    name: str
    must_pass: bool
    passed: bool
    expected: str
    got: str
    problem: str = ""


def run_checks(session: Session, flow: Flow, document: Mapping[str, Any], now: datetime) -> Sequence[Checked]:
    """Return what became of every check of the flow on a document, in the order in which they were made.

    Nobody is called and nothing is kept. Each is run as of the moment that it was made for, with room in all caps
    unless it says otherwise, so that it says the same tomorrow.
    """
    checks = checks_of(session, flow)
    rules = parse_flow(document)[0] if checks else None
    if rules is None:
        return [Checked(row.id, row.name, row.must_pass, False, row.status, "", CANNOT_BE_READ) for row in checks]
    bench = bench_of(session, flow, rules, now, secret_key="")
    return [check(bench, row, now) for row in checks]


def check(bench: Bench, row: FlowCheck, now: datetime) -> Checked:
    """Return what became of one check."""
    expected = End(row.status, tuple(row.buyers), row.reason)
    names = bench.names.connections
    try:
        got = run_trial(bench, read_inputs(row.inputs), now).end
    except LeadGone:
        return Checked(row.id, row.name, row.must_pass, False, expected.say(names), "", LEAD_GONE)
    return Checked(row.id, row.name, row.must_pass, got == expected, expected.say(names), got.say(names))
