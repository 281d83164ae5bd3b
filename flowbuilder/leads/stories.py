"""Everything that happened to one lead, as its page tells it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.intake.answers import LeadAnswer, lead_body
from flowbuilder.leads import people, queries
from flowbuilder.leads.advice import advice
from flowbuilder.leads.asked import Asked, Buyers
from flowbuilder.leads.listing import needs_a_look, reason_words, status_of
from flowbuilder.leads.people import Detail
from flowbuilder.leads.queries import History
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Flow, Lead, Offer, Source
from rules import timeline
from rules.fields import Field
from rules.flow import Flow as Rules
from rules.flow import parse_flow
from rules.flow_wording import Names
from rules.money import say_money
from rules.timeline import Change, Entry, Line

TRIED_AGAIN = ("retry", "cap", "hours")
"""What a lead waits for that goes on by itself at a known moment."""


@dataclass(frozen=True)
class Stop:
    """One entry of the timeline, with the buyer it is about and the offer that it made."""

    entry: Entry
    connection_id: UUID | None
    asked: Asked | None


@dataclass(frozen=True)
class Head:
    """Where a lead came from and how it stands."""

    id: UUID
    status: str
    is_test: bool
    is_ping: bool
    is_done: bool
    needs_a_look: bool
    reason: str
    advice: str
    next_at: datetime | None
    received_at: datetime
    finished_at: datetime | None
    total_ms: int | None
    buyers_ms: int
    flow_id: UUID
    flow: str
    version: int
    source_id: UUID
    source: str
    sold_to: str
    revenue: str
    cost: str
    margin: str


@dataclass(frozen=True)
class Story:
    """A lead with its data and its timeline; `in_full` says whether personal data is shown."""

    head: Head
    details: tuple[Detail, ...]
    posted: tuple[Detail, ...]
    ignored: tuple[str, ...]
    stops: tuple[Stop, ...]
    answer: str
    in_full: bool


@dataclass(frozen=True)
class Veil:
    """Hides personal data in what is told about a lead; `values` are all that it ever held, also those set by steps."""

    lead: Lead
    rules: Rules | None
    values: tuple[Mapping[str, Any], ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the fields of the flow, none when it is gone."""
        return self.rules.fields if self.rules else ()

    def over(self, text: str) -> str:
        """Return a text that may repeat what the lead holds, without it."""
        for values in self.values:
            text = people.hide_people(text, values, self.fields)
        return text

    def over_entry(self, entry: Entry) -> Entry:
        """Return an entry without the personal values that its rule saw or that an error repeats."""
        said_of = (people.harmless_words(values, self.fields, self.lead.currency) for values in self.values)
        harmless = frozenset[str]().union(*said_of)
        lines = tuple(Line(people.hide_seen(line.text, harmless), line.verdict) for line in entry.conditions)
        said = self.over(entry.said) if entry.outcome in ("error", "declined") else entry.said
        changes = tuple(self._over_change(change) for change in entry.changes)
        return replace(entry, conditions=lines, said=said, changes=changes)

    def _over_change(self, change: Change) -> Change:
        """Return a change without its values, unless the field can tell nothing about the person."""
        known = {field.key: field for field in self.fields}
        is_personal = people.is_personal(known.get(change.key))
        return replace(change, before=people.HIDDEN, after=people.HIDDEN) if is_personal else change


def story_of(session: Session, lead: Lead, *, in_full: bool) -> Story:
    """Return the story of a lead; without `in_full` personal data is masked and bodies are left out."""
    document = queries.documents_of(session, [lead]).get((lead.flow_id, lead.version))
    rules, _problems = parse_flow(document) if document else (None, [])
    history = queries.history_of(session, lead)
    earlier = queries.flows_left(session, lead, history.events)
    veil = None if in_full else Veil(lead, rules, (lead.fields, *_values_of(history)))
    buyers = Buyers(queries.connections_of(session, lead.account_id), lead.currency, veil.over if veil else None)
    named = queries.people_named(session, history.events)
    names = Names(buyers.names, lists=list_names(session, lead.account_id), people=named)
    fields = rules.fields if rules else ()
    entries = timeline.entries(rules, lead, history.events, names, earlier=earlier)
    asked = {offer.offer_no: buyers.asked(offer, history.attempts) for offer in history.offers}
    return Story(
        head=_head(session, lead, tuple(asked.values()), veil),
        details=people.details(lead.fields, fields, lead.invalid, lead.currency, in_full=in_full),
        posted=people.posted(lead.posted, in_full=in_full),
        ignored=tuple(lead.ignored),
        stops=_stops(_veiled(entries, veil), history, buyers, asked),
        answer=_answer(lead),
        in_full=in_full,
    )


def _values_of(history: History) -> Iterator[Mapping[str, Any]]:
    """Yield the values that steps gave to fields, and those that a version read which was left."""
    for event in history.events:
        detail = event.detail or {}
        if "changes" in detail:
            yield {key: after for key, (_, after) in detail["changes"].items()}
        if "lead" in detail:
            yield detail["lead"]["fields"]


def _veiled(entries: Sequence[Entry], veil: Veil | None) -> Sequence[Entry]:
    return [veil.over_entry(entry) for entry in entries] if veil else entries


def _stops(shown: Sequence[Entry], history: History, buyers: Buyers, asked: Mapping[int, Asked]) -> tuple[Stop, ...]:
    known = {(event.run, event.seq): event.asks.get("connection") for event in history.events}
    stops = [
        Stop(entry, buyers.id_of(known.get((entry.run, entry.seq))), asked.get(entry.offer_no or 0)) for entry in shown
    ]
    told = {entry.offer_no for entry in shown}
    left = [offer for offer in history.offers if offer.offer_no not in told]
    rounds = {(event.run, event.seq) for event in history.events if event.effect == "ping"}
    for offer in reversed(left):
        stop, place = _stop_of(offer, asked[offer.offer_no]), len(stops)
        if offer.phase == "ping":
            place = _place_of_bid(stops, offer, rounds)
        stops.insert(place, stop)
    return tuple(stops)


def _place_of_bid(stops: Sequence[Stop], offer: Offer, rounds: Collection[tuple[int, int]]) -> int:
    """Return where a bid is told: after the round of bids in which its buyer was asked, else at the end."""
    told = [
        number
        for number, stop in enumerate(stops, start=1)
        if stop.entry.run == offer.run and (stop.entry.run, stop.entry.seq) in rounds
    ]
    begun = [number for number in told if stops[number - 1].entry.at <= offer.created_at]
    return max(begun or told[:1], default=len(stops))


def _stop_of(offer: Offer, asked: Asked) -> Stop:
    """Return the stop of an offer that no entry of the journal tells of: its event was lost or is shared."""
    entry = Entry(
        run=offer.run,
        seq=0,
        at=offer.created_at,
        step=offer.step,
        kind="buyer",
        title=asked.buyer,
        outcome=_bid_outcome(offer) if offer.phase == "ping" else offer.state,
        reason=None,
        said=_say_bid(asked) if offer.phase == "ping" else f"Offered at {asked.price}",
        conditions=(),
        offer_no=offer.offer_no,
    )
    return Stop(entry, offer.connection_id, asked)


def _bid_outcome(offer: Offer) -> str:
    """Return how a ping ended, in words of bids: a buyer that bids has accepted nothing yet."""
    return {"accepted": "bid", "declined": "no_bid"}.get(offer.state, offer.state)


def _say_bid(asked: Asked) -> str:
    return f"Asked for a bid: {asked.bid}" if asked.bid else "Asked for a bid"


def _head(session: Session, lead: Lead, asked: Sequence[Asked], veil: Veil | None) -> Head:
    flow, source = session.get(Flow, lead.flow_id), session.get(Source, lead.source_id)
    took = (lead.finished_at - lead.received_at).total_seconds() if lead.finished_at else None
    reason = "" if lead.outcome == "sold" else reason_words(lead)
    return Head(
        id=lead.id,
        status=status_of(lead),
        is_test=lead.is_test,
        is_ping=lead.kind == "ping",
        is_done=lead.state == "done",
        needs_a_look=needs_a_look(lead),
        reason=veil.over(reason) if veil else reason,
        advice=advice(lead, asked),
        next_at=lead.due_at if lead.waiting_for in TRIED_AGAIN else None,
        received_at=lead.received_at,
        finished_at=lead.finished_at,
        total_ms=None if took is None else round(took * 1000),
        buyers_ms=sum(call.ms or 0 for buyer in asked for call in buyer.calls if not call.copy),
        flow_id=lead.flow_id,
        flow=flow.name if flow else "A flow that is gone",
        version=lead.version,
        source_id=lead.source_id,
        source=source.name if source else "A source that is gone",
        sold_to=", ".join(offer.buyer for offer in asked if offer.is_winner),
        revenue=say_money(lead.revenue, lead.currency),
        cost=say_money(lead.cost, lead.currency),
        margin=say_money(lead.revenue - lead.cost, lead.currency),
    )


def _answer(lead: Lead) -> str:
    cost = lead.cost if lead.outcome == "sold" else 0
    answer = LeadAnswer(lead.id, lead.state, lead.outcome, lead.reason, cost, lead.currency, list(lead.ignored))
    return lead_body(answer).decode()
