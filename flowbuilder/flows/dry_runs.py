"""What a flow would do with a lead: read as intake reads it, run with made-up answers, told in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flowbuilder.intake.reading import LeadForm
from rules import timeline
from rules.dry_run import NO_FINDS, NO_ZONES, InList, MadeUp, MadeUpFind, dry_run, in_no_list
from rules.effects import taken_apart
from rules.flow import Flow
from rules.flow_wording import Names
from rules.interpreter import Recorded, Walk
from rules.problems import Problem
from rules.running import Lead
from rules.timeline import Entry, LeadLike

NOBODY = "dry-run"
SOURCE: Mapping[str, Any] = {"id": None, "name": "Dry run", "supplier": None, "cost": None, "is_test": False}


@dataclass(frozen=True)
class Tried:
    """How the lead would end: sold, rejected, duplicate, error, waiting or invalid; money in minor units."""

    status: str
    reason: str | None
    revenue: int
    entries: Sequence[Entry] = ()
    problems: Sequence[Problem] = ()


@dataclass
class _Event:
    seq: int
    effect: str
    step: str
    asks: Any
    result: Any
    outcome: str | None
    reason: str | None
    at: datetime
    detail: Any = None
    run: int = 1


def try_lead(
    flow: Flow,
    posted: Mapping[str, Any],
    answers: Mapping[str, MadeUp],
    *,
    names: Names,
    now: datetime,
    in_list: InList = in_no_list,
    zones: Mapping[str, str] = NO_ZONES,
    finds: Mapping[str, MadeUpFind] = NO_FINDS,
) -> Tried:
    """Return what would happen to a posted lead; buyers without an answer accept. Nobody is called, nothing is kept.

    Stored lists answer as `in_list` says; `zones` are the time zones of connections, `finds` the answers of services.
    """
    reading = LeadForm(flow.fields, version=0, currency=flow.currency).read(posted, is_test=False)
    if reading.problems:
        return Tried("invalid", reading.problems[0].message, 0, problems=reading.problems)
    lead = Lead(NOBODY, reading.values, reading.posted, SOURCE, now, frozenset(reading.invalid))
    run = dry_run(flow, lead, answers, now, in_list=in_list, zones=zones, finds=finds)
    told = timeline.entries(flow, cast(LeadLike, lead), list(_events(flow, lead, run.events, now)), names)
    return Tried(run.outcome or "waiting", run.reason, run.revenue, told)


def _events(flow: Flow, lead: Lead, recorded: Sequence[Recorded], now: datetime) -> Iterator[_Event]:
    """Yield the run as a journal would hold it, each event with the outcome that its effect makes of the result."""
    walk = Walk(flow, lead, now)
    for event in recorded:
        if event.result is None or walk.effect is None:
            yield _Event(event.seq, event.effect, event.step, event.asks, None, None, None, now)
            return
        said, (result, apart) = walk.effect.outcome(event.result), taken_apart(event.result)
        yield _Event(event.seq, event.effect, event.step, event.asks, result, *said, now, apart or walk.effect.detail)
        walk.answer(event.result)
