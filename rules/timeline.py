"""Tells a lead's journal in words: what each step did, who was asked, and which condition decided.

The conditions are not stored. The run is rebuilt from its journal, and each rule is traced with what it saw then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from rules.conditions import Condition
from rules.fields import Field
from rules.fields.base import readable
from rules.flow import Flow
from rules.flow_wording import Names
from rules.interpreter import Diverged, Recorded, Walk, confirm
from rules.logic import Rule, RuleError
from rules.money import say_money
from rules.reasons import say_reason
from rules.running import Lead
from rules.saying import say_literal
from rules.steps import Buyer, Filter
from rules.wording import say_condition, say_rule, say_seen

LABELS = {
    "intake": "Arrived",
    "reserve": "Cap",
    "offer": "Buyer",
    "hold": "Waiting",
    "close": "Ended",
    "replaced": "Began again",
}


class EventLike(Protocol):
    """One row of a journal."""

    run: int
    seq: int
    effect: str
    step: str
    asks: Any
    result: Any
    outcome: str | None
    reason: str | None
    at: datetime


class LeadLike(Protocol):
    """The row of a lead."""

    fields: Any
    posted: Any
    invalid: Any
    is_test: bool
    received_at: datetime
    asked_before: Any

    @property
    def id(self) -> Any:
        """Return the lead's id."""


@dataclass(frozen=True, slots=True)
class Line:
    """One condition of a rule with what the lead had; the verdict is None where it was not looked at."""

    text: str
    verdict: bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words."""

    run: int
    seq: int
    at: datetime
    step: str
    kind: str
    title: str
    outcome: str | None
    reason: str | None
    said: str
    conditions: tuple[Line, ...]
    offer_no: int | None


@dataclass(frozen=True, slots=True)
class Telling:
    """What all entries of a lead need."""

    flow: Flow | None
    names: Names

    @property
    def currency(self) -> str:
        """Return the flow's currency."""
        return self.flow.currency if self.flow else "USD"


def entries(flow: Flow | None, lead: LeadLike, events: Iterable[EventLike], names: Names) -> list[Entry]:
    """Return a lead's journal in words, in its order; without its flow no rule can be traced."""
    telling, told, offers = Telling(flow, names), list[Entry](), 0
    for _, of_run in groupby(events, key=lambda event: event.run):
        own = list(of_run)
        traced = _traces(flow, _as_rules_see(lead, own[0]), own) if flow else {}
        for event in own:
            offer_no = _offer_no(event, offers)
            offers = max(offers, offer_no or 0)
            told.append(_entry(telling, event, traced.get(event.seq, ()), offer_no))
    return told


def _offer_no(event: EventLike, before: int) -> int | None:
    """Return the number of the offer that an event made; one that is still open comes after those before it."""
    if event.effect != "offer":
        return None
    number: int | None = event.result.get("offer") if event.result else before + 1
    return number


def _as_rules_see(lead: LeadLike, first: EventLike) -> Lead:
    return Lead(
        id=str(lead.id),
        fields=lead.fields,
        posted=lead.posted,
        source=(first.result or {}).get("source", {}),
        received_at=lead.received_at,
        invalid=frozenset(lead.invalid),
        is_test=lead.is_test,
        asked_before=lead.asked_before,
    )


def _traces(flow: Flow, lead: Lead, events: list[EventLike]) -> dict[int, tuple[Line, ...]]:
    """Walk the run again and trace each rule that decided; stops where the flow would now go another way."""
    traced: dict[int, tuple[Line, ...]] = {}
    try:
        for event, walk in _walked(flow, lead, events):
            rule = _rule_of(flow, event)
            if rule:
                traced[event.seq] = _lines(rule, walk.state.at(event.step), flow)
    except (Diverged, RuleError, KeyError):
        pass
    return traced


def _walked(flow: Flow, lead: Lead, events: list[EventLike]) -> Iterator[tuple[EventLike, Walk]]:
    walk = Walk(flow, lead, events[0].at)
    for event in events:
        confirm(Recorded(event.seq, event.effect, event.step, event.asks, event.result), walk)
        yield event, walk
        if event.result is None:
            return
        walk.answer(event.result)


def _rule_of(flow: Flow, event: EventLike) -> Rule | None:
    """Return the rule that an event's outcome came from, if it came from one."""
    if event.effect == "intake":
        return flow.door.accept_if
    if event.step not in flow.positions or event.effect != "note":
        return None
    step = flow.steps[flow.positions[event.step]]
    if isinstance(step, Filter):
        return step.rule
    return step.when if isinstance(step, Buyer) and event.reason == "rule_not_met" else None


def _lines(rule: Rule, view: Mapping[str, Any], flow: Flow) -> tuple[Line, ...]:
    conditions = rule.trace(view).conditions
    return tuple(Line(_say_line(condition, flow), condition.verdict) for condition in conditions)


def _say_line(condition: Condition, flow: Flow) -> str:
    said = say_condition(condition, names=_values_named(flow, condition.field), currency=flow.currency)
    return said if condition.verdict is None else f"{said}: {say_seen(condition, currency=flow.currency)}"


def _values_named(flow: Flow, beside: Field | None) -> dict[str, str]:
    """Return the flow's own values by their paths, each with what it is: "Least bill ($50)" beside an amount."""
    return {
        f"flow.{key}": f"{readable(key)} ({say_literal(value, beside, flow.currency)})"
        for key, value in flow.values.items()
    }


def _entry(telling: Telling, event: EventLike, conditions: tuple[Line, ...], offer_no: int | None) -> Entry:
    kind = _kind(telling, event)
    return Entry(
        run=event.run,
        seq=event.seq,
        at=event.at,
        step=event.step,
        kind=kind,
        title=_title(telling, event, kind),
        outcome=event.outcome,
        reason=event.reason,
        said=_say(telling, event),
        conditions=conditions,
        offer_no=offer_no,
    )


def _kind(telling: Telling, event: EventLike) -> str:
    """Return the kind of the step that an event belongs to."""
    flow = telling.flow
    if event.effect != "note":
        return {"reserve": "cap", "offer": "buyer"}.get(event.effect, event.effect)
    if flow and event.step in flow.positions:
        return flow.steps[flow.positions[event.step]].kind
    return "fallback" if flow and event.step == flow.fallback.common.id else "note"


def _title(telling: Telling, event: EventLike, kind: str) -> str:
    buyer = _buyer(telling, event)
    if buyer:
        return buyer
    if event.effect == "note":
        return {"filter": "Filter", "fallback": "When nobody takes the lead"}.get(kind, kind.capitalize())
    return LABELS.get(event.effect, event.effect.capitalize())


def _buyer(telling: Telling, event: EventLike) -> str | None:
    """Return the name of the buyer that an event is about, if it is about one."""
    connection = event.asks.get("connection")
    if connection is None and telling.flow and event.step in telling.flow.buyers:
        connection = telling.flow.buyers[event.step].connection
    return telling.names.connections.get(connection, connection) if connection else None


def _say(telling: Telling, event: EventLike) -> str:
    """Return what came of an event, as one sentence without a full stop."""
    match event.effect:
        case "intake":
            return _say_intake(telling, event)
        case "reserve":
            return "There was room" if event.outcome == "passed" else "Full"
        case "offer":
            return _say_offer(telling, event)
        case "hold":
            return _say_hold(event)
        case "close":
            return _say_close(telling, event)
        case "replaced":
            return "The flow would not take this road any more, so that the lead began again"
    return _say_note(telling, event)


def _say_intake(telling: Telling, event: EventLike) -> str:
    if event.outcome == "passed":
        count = len(telling.flow.fields) if telling.flow else 0
        return f"Taken in, {count} field{'' if count == 1 else 's'} checked" if count else "Taken in"
    said = {"paused": "The flow or its source is paused", "duplicate": "Seen before", "full": "Full"}
    return said.get((event.result or {}).get("outcome", ""), event.reason or "Not accepted")


def _say_offer(telling: Telling, event: EventLike) -> str:
    price = say_money(event.asks["price"], telling.currency)
    if event.result is None:
        return f"Offered at {price}; no clear answer yet"
    match event.result["answer"]:
        case "accepted":
            return f"Accepted at {say_money(event.result['price'], telling.currency)}"
        case "declined":
            return f"Offered at {price}: {say_reason(event.reason or 'rejected')}"
        case "not_asked":
            return f"Not asked: {say_reason(event.reason or 'error')}"
        case "unknown":
            return "May have taken the lead, and never answered"
    return f"Offered at {price}: {say_reason(event.reason or 'error')}"


def _say_hold(event: EventLike) -> str:
    waiting = {
        "cap": "for room in a cap",
        "hours": "until the buyer opens",
        "person": "for a person to decide",
        "answer": "for a buyer's answer",
    }
    return f"Waits {waiting.get(event.asks['for'], 'to be offered again')}"


def _say_close(telling: Telling, event: EventLike) -> str:
    asks = event.asks
    if asks["outcome"] == "sold":
        return f"Sold for {say_money(asks['revenue'], telling.currency)}"
    word = asks["outcome"].capitalize()
    return f"{word}: {asks['reason']}" if asks["reason"] not in (None, word) else word


def _say_note(telling: Telling, event: EventLike) -> str:
    flow = telling.flow
    step = flow.steps[flow.positions[event.step]] if flow and event.step in flow.positions else None
    if event.outcome == "error":
        return f"Could not be decided: {event.reason}"
    if isinstance(step, Filter) and flow:
        polarity = "Stop if" if step.stops else "Continue only if"
        return f"{polarity} {say_rule(step.rule.document, flow.by_key)}"
    if event.outcome == "skipped":
        return f"Skipped: {say_reason(event.reason or '')}"
    return event.reason or (event.outcome or "").capitalize()
