"""What a flow would do with a lead: read as intake reads it, run with made-up answers, told in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flowbuilder.intake.reading import LeadForm
from rules import timeline
from rules.dry_run import NO_FINDS, DryRun, MadeUp, MadeUpFind, dry_run
from rules.dry_world import WORLD, World
from rules.effects import taken_apart
from rules.flow import Flow
from rules.flow_wording import Names
from rules.interpreter import Recorded, Walk
from rules.problems import Problem
from rules.running import Lead
from rules.timeline import Entry, LeadLike

NOBODY = "dry-run"
SOURCE: Mapping[str, Any] = {"id": None, "name": "Dry run", "cost": None, "is_test": False}


@dataclass(frozen=True)
class Tried:
    """How the lead would end: sold, rejected, duplicate, error, waiting or invalid; money in minor units.

    `lead` and `run` are there unless it is invalid, `ignored` are the posted names that the flow does not know.
    """

    status: str
    reason: str | None
    revenue: int
    entries: Sequence[Entry] = ()
    problems: Sequence[Problem] = ()
    lead: Lead | None = None
    run: DryRun | None = None
    ignored: Sequence[str] = ()


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
    world: World = WORLD,
    finds: Mapping[str, MadeUpFind] = NO_FINDS,
    source: Mapping[str, Any] = SOURCE,
) -> Tried:
    """Return what would happen to a posted lead; buyers without an answer accept. Nobody is called, nothing is kept.

    All else is as the `world` says; `finds` are the answers of services, `source` is who posts it.
    """
    reading = LeadForm(flow.fields, version=0, currency=flow.currency).read(posted, is_test=False, now=now)
    if reading.problems:
        return Tried("invalid", reading.problems[0].message, 0, problems=reading.problems, ignored=reading.ignored)
    lead = Lead(NOBODY, reading.values, reading.posted, source, now, frozenset(reading.invalid))
    run = dry_run(flow, lead, answers, now, world=world, finds=finds)
    told = timeline.entries(flow, cast(LeadLike, lead), list(_events(flow, lead, run.events, now)), names)
    return Tried(run.outcome or "waiting", run.reason, run.revenue, told, (), lead, run, reading.ignored)


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
