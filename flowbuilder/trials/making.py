"""Makes leads up for a flow: three that are plausible for it, and on demand one that fails in a chosen way."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flowbuilder.sources.samples import sample_lead
from flowbuilder.trials.inputs import Inputs, Said
from flowbuilder.trials.running import Bench, Trial, run_trial
from flowbuilder.trials.steering import AMOUNTS, asked_about, steered
from rules.flow import DOOR
from rules.hours import in_zone, is_open
from rules.logic import Rule
from rules.steps import Buyer, Filter

MOST_STEERED = 12
"""How often a made-up lead is changed until it is sold."""
MOST_OF_A_KIND = 3
PEOPLE: tuple[Mapping[str, str], ...] = (
    {"first_name": "Ana", "last_name": "Silva", "full_name": "Ana Silva", "name": "Ana Silva"},
    {
        "first_name": "Ben", "last_name": "Okafor", "full_name": "Ben Okafor", "name": "Ben Okafor",
        "email": "ben.okafor@example.com", "city": "Las Vegas", "street": "12 Desert Road",
    },
    {
        "first_name": "Cleo", "last_name": "Martin", "full_name": "Cleo Martin", "name": "Cleo Martin",
        "email": "cleo.martin@example.com", "city": "Austin", "street": "7 River Street",
    },
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A made-up lead, and how it ends in words."""

    name: str
    posted: Mapping[str, Any]
    end: str


@dataclass(frozen=True)
class Way:
    """One way to fail that the flow has; `key` asks for it, `about` is the step or field that it is about."""

    kind: str
    about: str
    label: str

    @property
    def key(self) -> str:
        """Return what the button of this way sends."""
        return f"{self.kind}:{self.about}"


@dataclass(frozen=True)
class Maker:
    """Makes leads up for the document of a bench, as of a moment."""

    bench: Bench
    now: datetime

    def samples(self, inputs: Inputs) -> list[Sample]:
        """Return three leads: one that is sold if any can be, one that is like it, one that the first filter stops.

        They end as they would when they were run with these inputs.
        """
        sold = self.passing()
        failing = next(filter(None, (self._against(sold, rule) for rule in self._stopping())), sold)
        posted = (sold, {**self._alike(sold), **self._person(1)}, {**failing, **self._person(2)})
        names = (person["first_name"] for person in PEOPLE)
        ends = (self._end_of(replace(inputs, lead=one)) for one in posted)
        return [Sample(*one) for one in zip(names, posted, ends, strict=True)]

    def passing(self) -> dict[str, Any]:
        """Return a lead that is sold when buyers accept; where none is found, the last that was tried."""
        posted = {**sample_lead(self.bench.rules.fields), **self._person(0)}
        for _ in range(MOST_STEERED):
            trial = self._run(posted)
            rule = None if trial.tried.status == "sold" else self._what_stops(trial)
            better = rule and steered(self.bench.rules, rule[1], posted, self.now, to=rule[2], step=rule[0])
            if not better or better == posted:
                break
            posted = better
        return posted

    def ways(self) -> list[Way]:
        """Return the ways to fail that this flow has, in the order of the road."""
        return list(self._ways())

    def made(self, key: str, inputs: Inputs) -> Inputs:
        """Return inputs whose lead fails in a way; those given where the flow has no such way."""
        way = next((way for way in self._ways() if way.key == key), None)
        if way is None:
            return inputs
        fresh = Inputs(lead=self.passing(), caps="empty", source=inputs.source, as_of=self._open_at())
        return MAKERS[way.kind](self, fresh, way.about)

    def wrong_value(self, inputs: Inputs, step: str) -> Inputs:
        """Return the inputs with a lead that a filter, or the door, stops."""
        rule = next((rule for rule in self._stopping() if rule[0] == step), None)
        failing = self._against(inputs.lead, rule) if rule else None
        return replace(inputs, lead=failing or inputs.lead)

    def missing(self, inputs: Inputs, key: str) -> Inputs:
        """Return the inputs without a field."""
        return replace(inputs, lead={**inputs.lead, key: ""})

    def duplicate(self, inputs: Inputs, _about: str) -> Inputs:
        """Return the inputs with a person who was seen before."""
        return replace(inputs, is_seen=True)

    def full(self, inputs: Inputs, buyer: str) -> Inputs:
        """Return the inputs with the caps of a buyer full."""
        return replace(inputs, full=frozenset({buyer}))

    def all_decline(self, inputs: Inputs, _about: str) -> Inputs:
        """Return the inputs with buyers that all say no."""
        return replace(inputs, said={buyer: Said("declined") for buyer in self.bench.rules.buyers})

    def times_out(self, inputs: Inputs, buyer: str) -> Inputs:
        """Return the inputs with a buyer that does not answer."""
        return replace(inputs, said={buyer: Said("timeout")})

    def closed(self, inputs: Inputs, buyer: str) -> Inputs:
        """Return the inputs at the next moment at which a buyer is closed."""
        return replace(inputs, as_of=self._next(lambda at: not self._is_open(self.bench.rules.buyers[buyer], at)))

    def _ways(self) -> Iterator[Way]:
        rules, buyers = self.bench.rules, list(self.bench.rules.buyers.values())
        for step, rule, _ in self._stopping()[:MOST_OF_A_KIND]:
            fields = asked_about(rule, rules, self.now, step=step)
            yield Way("wrong", step, f"Wrong {_small(fields[0].label)}" if fields else "Stopped by a rule")
        for field in [field for field in rules.fields if field.required][:MOST_OF_A_KIND]:
            yield Way("missing", field.key, f"Missing {_small(field.label)}")
        if rules.door.duplicates:
            yield Way("duplicate", DOOR, "Duplicate")
        capped = [buyer for buyer in buyers if buyer.caps][:MOST_OF_A_KIND]
        often = Counter(self._name(buyer) for buyer in capped)
        for buyer in capped:
            position = rules.positions.get(buyer.common.id)
            where = f" in step {position + 1}" if often[self._name(buyer)] > 1 and position is not None else ""
            yield Way("full", buyer.common.id, f"{self._name(buyer)} full{where}")
        if buyers:
            yield Way("decline", DOOR, "All decline")
            yield Way("timeout", buyers[0].common.id, f"{self._name(buyers[0])} times out")
        for buyer in [buyer for buyer in buyers if buyer.hours][:1]:
            yield Way("closed", buyer.common.id, "Outside hours")

    def _stopping(self) -> list[tuple[str, Rule, bool]]:
        """Return the rules that can stop a lead, each with its step and the verdict that lets leads pass."""
        door = self.bench.rules.door
        found = [(DOOR, door.accept_if, True)] if door.accept_if else []
        steps = [spot.step for spot in self.bench.rules.spots]
        filters = [step for step in steps if isinstance(step, Filter) and not step.common.off]
        return found + [(step.common.id, step.rule, not step.stops) for step in filters]

    def _what_stops(self, trial: Trial) -> tuple[str, Rule, bool] | None:
        """Return the rule that a lead has to meet to get further than it did."""
        rules = {step: (step, rule, passes) for step, rule, passes in self._stopping()}
        buyers = self.bench.rules.buyers.items()
        rules |= {step: (step, buyer.when, True) for step, buyer in buyers if buyer.when}
        stopped = (
            entry.step
            for entry in trial.tried.entries
            if (entry.kind in ("intake", "filter") and entry.outcome == "stopped") or entry.reason == "rule_not_met"
        )
        return next((rules[step] for step in stopped if step in rules), None)

    def _against(self, posted: Mapping[str, Any], rule: tuple[str, Rule, bool]) -> dict[str, Any] | None:
        step, asked, passes = rule
        return steered(self.bench.rules, asked, posted, self.now, to=not passes, step=step)

    def _alike(self, posted: Mapping[str, Any]) -> dict[str, Any]:
        """Return a lead like the given one with other values where its fields are free to have them."""
        amounts = {field.key for field in self.bench.rules.fields if field.type in AMOUNTS}
        more = {key: value + 40 for key, value in posted.items() if key in amounts and isinstance(value, int)}
        return {**posted, **more}

    def _person(self, number: int) -> dict[str, str]:
        keys = {field.key for field in self.bench.rules.fields}
        return {key: value for key, value in PEOPLE[number].items() if key in keys}

    def _end_of(self, inputs: Inputs) -> str:
        return run_trial(self.bench, inputs, self.now).end.say(self.bench.names.connections)

    def _run(self, posted: Mapping[str, Any]) -> Trial:
        return run_trial(self.bench, Inputs(lead=posted, caps="empty", as_of=self._open_at()), self.now)

    def _name(self, buyer: Buyer) -> str:
        return self.bench.names.connections.get(buyer.connection, "A buyer")

    def _open_at(self) -> datetime | None:
        """Return the next moment at which all buyers are open, None for now or where there is none."""
        buyers = [buyer for buyer in self.bench.rules.buyers.values() if buyer.hours]
        if all(self._is_open(buyer, self.now) for buyer in buyers):
            return None
        return self._next(lambda at: all(self._is_open(buyer, at) for buyer in buyers))

    def _is_open(self, buyer: Buyer, at: datetime) -> bool:
        destination = self.bench.reached.destinations.get(buyer.connection)
        return is_open(in_zone(buyer.hours, destination.time_zone if destination else None), at)

    def _next(self, holds: Callable[[datetime], bool]) -> datetime | None:
        hours = (self.now + timedelta(hours=hour) for hour in range(24 * 7))
        return next((at for at in hours if holds(at)), None)


def _small(label: str) -> str:
    """Return a label as it stands within a sentence; abbreviations stay as they are."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


MAKERS: Mapping[str, Callable[[Maker, Inputs, str], Inputs]] = {
    "wrong": Maker.wrong_value,
    "missing": Maker.missing,
    "duplicate": Maker.duplicate,
    "full": Maker.full,
    "decline": Maker.all_decline,
    "timeout": Maker.times_out,
    "closed": Maker.closed,
}
