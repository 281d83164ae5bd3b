"""Tells a lead's journal in words: what each step did, who was asked, and which condition decided.

The conditions are not stored. The run is rebuilt from its journal, and each rule is traced with what it saw then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any, Protocol

from rules.conditions import Condition
from rules.contenders import Contender, Prices, contenders
from rules.event_words import kind_of, say_event, title_of
from rules.fields import Field
from rules.fields.base import readable
from rules.flow import Flow
from rules.flow_wording import Names
from rules.interpreter import Diverged, Walk, confirm, recorded
from rules.logic import Rule, RuleError
from rules.running import QUOTED, Lead, Post, Run
from rules.saying import say_literal
from rules.steps import Buyer, Filter, Split
from rules.steps.group.campaign import row_ids
from rules.telling import EventLike, Telling
from rules.wording import say_condition, say_seen


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
class Change:
    """One field that a step changed, with its value before and after in words."""

    key: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words; `path` says where a step in a lane or a row of a group stands.

    `contenders` are the buyers of a group where the event tells of them side by side.
    """

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
    path: str | None = None
    changes: tuple[Change, ...] = ()
    contenders: tuple[Contender, ...] = ()

    @property
    def shown(self) -> str | None:
        """Return the outcome as a mark beside it: none for a wait that is over, which was no test that is passed.

        A buyer that is passed by because of its cap is full, not skipped.
        """
        if (self.kind, self.outcome) == ("hold", "passed"):
            return None
        return "full" if (self.outcome, self.reason) == ("skipped", "cap_reached") else self.outcome


def entries(
    flow: Flow | None,
    lead: LeadLike,
    events: Iterable[EventLike],
    names: Names,
    *,
    earlier: Mapping[int, Flow | None] = MappingProxyType({}),
) -> list[Entry]:
    """Return a lead's journal in words, in its order; without its flow no rule can be traced.

    `earlier` are the flows of runs that were left for another version, by their numbers.
    """
    newest, told, offers, prices = flow, list[Entry](), 0, Prices()
    for run, of_run in groupby(events, key=lambda event: event.run):
        own, flow = list(of_run), earlier.get(run, newest)
        telling = Telling(flow, names, _joined_in(own))
        traced = _traces(flow, as_rules_see(lead, own), own, names.lists) if flow else {}
        for event in own:
            offer_no = _offer_no(event, offers)
            offers = max(offers, offer_no or 0) + _pinged(event)
            prices.note(event)
            entry = _entry(telling, event, traced.get(event.seq, ()), offer_no)
            told.append(replace(entry, contenders=contenders(telling, event, prices)))
    return told


def _joined_in(events: Iterable[EventLike]) -> dict[str, str]:
    """Return the connections of all rows that joined groups in a run, by their ids."""
    found: dict[str, str] = {}
    for event in events:
        if event.effect == "join" and event.result:
            found |= row_ids(event.step, event.result["rows"])
    return found


def _offer_no(event: EventLike, before: int) -> int | None:
    """Return the number of the offer that an event made; one that is still open comes after those before it."""
    if event.effect not in ("offer", "look_up"):
        return None
    number: int | None = event.result.get("offer") if event.result else before + 1
    return number


def _pinged(event: EventLike) -> int:
    """Return how many buyers were asked for a bid, each of which has a row among the offers."""
    bids = event.result["bids"] if event.effect == "ping" and event.result else ()
    return sum(bid["answer"] != "not_asked" for bid in bids)


def left_by(events: Sequence[EventLike]) -> EventLike | None:
    """Return the event by which a run was left for another version, by its own events; None where it was not."""
    return events[-1] if events and events[-1].effect == "start_again" and events[-1].result else None


def versions_of(events: Iterable[EventLike], newest: int) -> dict[int, int]:
    """Return the version that each run of a lead was on; its row says that of the newest one."""
    found: dict[int, int] = {}
    for event in reversed(list(events)):
        newest = event.result["from"] if event.effect == "start_again" and event.result else newest
        found[event.run] = newest
    return found


def as_rules_see(lead: LeadLike, events: Sequence[EventLike]) -> Lead:
    """Return a lead as the rules of a run saw it, by the run's own events; a pinged one begins with its ping's data.

    What another version reads otherwise, and who was asked by then, the event says by which the run was left.
    """
    door = next((event for event in events if event.effect == "intake"), events[0])
    source = (door.result or {}).get("source", {})
    # A lead of a dry run has no row that could say that it was pinged.
    pinged, kind = getattr(lead, "pinged", None), getattr(lead, "kind", "post")
    if QUOTED in source:
        pinged = None
    left = left_by(events)
    was = (left.detail or {}).get("lead") if left else None
    data = pinged or was or {"fields": lead.fields, "posted": lead.posted, "invalid": lead.invalid}
    return Lead(
        id=str(lead.id),
        fields=data["fields"],
        posted=data["posted"],
        source=source,
        received_at=lead.received_at,
        invalid=frozenset(data["invalid"]),
        is_test=lead.is_test,
        asked_before=left.result["asked_before"] if left else lead.asked_before,
        is_ping=kind == "ping" or pinged is not None,
        post=Post(lead.fields, lead.posted, frozenset(lead.invalid)) if pinged else None,
    )


def _traces(flow: Flow, lead: Lead, events: list[EventLike], lists: Mapping[str, str]) -> dict[int, tuple[Line, ...]]:
    """Walk the run again and trace each rule that decided; stops where the flow would now go another way."""
    traced: dict[int, tuple[Line, ...]] = {}
    try:
        for event, walk in _walked(flow, lead, events):
            state = walk.state
            rules = _rules_of(flow, event, state)
            traced[event.seq] = tuple(
                line for step, rule in rules for line in _lines(rule, state.at(step), flow, lists)
            )
    except (Diverged, RuleError, KeyError):
        pass
    return traced


def _walked(flow: Flow, lead: Lead, events: list[EventLike]) -> Iterator[tuple[EventLike, Walk]]:
    walk = Walk(flow, lead, events[0].at)
    for event in events:
        known = recorded(event)
        confirm(known, walk)
        yield event, walk
        if known.result is None:
            return
        walk.answer(known.result)


def _rules_of(flow: Flow, event: EventLike, state: Run) -> list[tuple[str, Rule]]:
    """Return the rules that an event's outcome came from, each with its step, in the order of deciding."""
    if event.effect == "intake":
        return [(event.step, flow.door.accept_if)] if flow.door.accept_if else []
    if event.effect == "settle":
        unfit = [lost["buyer"] for lost in event.asks["lost"] if lost["reason"] == "rule_not_met"]
        buyers = [(row, _buyer_of(flow, row, state)) for row in unfit]
        return [(row, buyer.when) for row, buyer in buyers if buyer and buyer.when]
    return [(event.step, rule) for rule in _rules_of_step(flow, event, state)] if event.effect == "note" else []


def _buyer_of(flow: Flow, row: str, state: Run) -> Buyer | None:
    """Return the buyer of a step or a row, of one too that joined in the run."""
    joined = state.joined.get(row)
    return joined.buyer if joined else flow.buyer(row)


def _rules_of_step(flow: Flow, event: EventLike, state: Run) -> list[Rule]:
    step, buyer = flow.step(event.step), _buyer_of(flow, event.step, state)
    if isinstance(step, Filter):
        return [step.rule]
    if isinstance(step, Split):
        names = [lane.name for lane in step.lanes]
        lane = event.asks.get("lane")
        decided = step.lanes[: names.index(lane) + 1] if lane in names else ()
        return [lane.when for lane in decided if lane.when]
    return [buyer.when] if buyer and buyer.when and event.reason == "rule_not_met" else []


def _lines(rule: Rule, view: Mapping[str, Any], flow: Flow, lists: Mapping[str, str]) -> tuple[Line, ...]:
    conditions = rule.trace(view).conditions
    return tuple(Line(_say_line(condition, flow, lists), condition.verdict) for condition in conditions)


def _say_line(condition: Condition, flow: Flow, lists: Mapping[str, str]) -> str:
    said = say_condition(condition, names={**lists, **_values_named(flow, condition.field)}, currency=flow.currency)
    return said if condition.verdict is None else f"{said}: {say_seen(condition, currency=flow.currency)}"


def _values_named(flow: Flow, beside: Field | None) -> dict[str, str]:
    """Return the flow's own values by their paths, each with what it is: "Least bill ($50)" beside an amount."""
    return {
        f"flow.{key}": f"{readable(key)} ({say_literal(value, beside, flow.currency)})"
        for key, value in flow.values.items()
    }


def _entry(telling: Telling, event: EventLike, conditions: tuple[Line, ...], offer_no: int | None) -> Entry:
    kind = kind_of(telling, event)
    return Entry(
        run=event.run,
        seq=event.seq,
        at=event.at,
        step=event.step,
        kind=kind,
        title=title_of(telling, event, kind),
        outcome=event.outcome,
        reason=event.reason,
        said=say_event(telling, event),
        conditions=conditions,
        offer_no=offer_no,
        path=telling.flow.path_of(event.step) if telling.flow else None,
        changes=_changes(telling, event),
    )


def _changes(telling: Telling, event: EventLike) -> tuple[Change, ...]:
    """Return what a transform or a look-up changed, as its event keeps it."""
    known = telling.flow.by_key if telling.flow else {}
    changes, told = (event.detail or {}).get("changes", {}), []
    for key in event.asks.get("fields", (event.result or {}).get("set", ())) if changes else ():
        field, (before, after) = known.get(key), changes[key]
        if before == after:
            continue
        said = [say_literal(value, field, telling.currency) for value in (before, after)]
        told.append(Change(key, field.label if field else readable(key), *said))
    return tuple(told)
