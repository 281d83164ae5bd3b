"""The path of a lead through the flow, step by step: what went in, what would go out, and what came of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flowbuilder import ids
from flowbuilder.connections.preview import Preview, masked_preview
from flowbuilder.leads import people
from flowbuilder.leads.messages import Message, request_shown
from flowbuilder.leads.people import Detail
from flowbuilder.leads.stories import Veil
from flowbuilder.trials.answering import read_reply
from flowbuilder.trials.running import Bench, Trial
from rules.delivery.destination import Destination
from rules.delivery.outgoing import build
from rules.delivery.request import build_ping
from rules.delivery.response import Answer
from rules.delivery.sample import sample_offer
from rules.delivery.service import build_question
from rules.effects import Effect, LookUp, Offer, Ping
from rules.interpreter import Walk
from rules.money import exponent_of, say_money
from rules.timeline import Change, Entry

KINDS = {
    "accepted": "accepted",
    "declined": "a no",
    "error": "an error: it surely was not taken",
    "ambiguous": "no clear answer: it may have been taken",
}
OVER = frozenset({"lists", "settle"})
"""Kinds of events that do not say how a step ended."""


@dataclass(frozen=True)
class Sent:
    """A request that would go out; `problem` says why there is none, `read_as` how the typed answer would be read."""

    title: str
    message: Message | None
    problem: str = ""
    read_as: str = ""


@dataclass(frozen=True)
class Passage:
    """What happened to the lead at one step or row; `fields` are the lead's when it came there."""

    outcome: str
    entries: tuple[Entry, ...]
    sent: tuple[Sent, ...] = ()
    changes: tuple[Change, ...] = ()
    fields: tuple[Detail, ...] = ()


@dataclass
class _Stay:
    """What is gathered of one step while the run is walked again."""

    entries: list[Entry] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    fields: Mapping[str, Any] = field(default_factory=dict)
    invalid: Iterable[str] = ()


def veil_over(bench: Bench, trial: Trial, *, in_full: bool) -> Veil | None:
    """Return what hides the person of a lead that came in; what somebody typed is not hidden from them."""
    lead = trial.tried.lead
    if in_full or trial.source_lead is None:
        return None
    return Veil(trial.source_lead, bench.rules, (trial.source_lead.fields, lead.fields if lead else {}))


def passages(bench: Bench, trial: Trial, veil: Veil | None) -> dict[str, Passage]:
    """Return what happened at each step that the lead reached, by the ids of steps and rows."""
    stays: dict[str, _Stay] = {}
    told = {entry.seq: entry for entry in trial.tried.entries}
    for seq, effect, fields, invalid, sent in _walked(bench, trial, in_full=veil is None):
        entry = told.get(seq)
        if entry is None or effect.name == "close":
            continue
        stay = stays.setdefault(effect.step, _Stay(fields=fields, invalid=invalid))
        stay.entries.append(veil.over_entry(entry) if veil else entry)
        stay.sent.extend(sent)
    return {step: _passage(bench, stay, in_full=veil is None) for step, stay in stays.items()}


def offered_fields(trial: Trial, bench: Bench, connection: str) -> dict[str, Any] | None:
    """Return the lead in its normal forms as a buyer would get it: as its steps changed it, where it came so far."""
    lead = trial.tried.lead
    if lead is None:
        return None
    found: Mapping[str, Any] = lead.fields
    for _, effect, fields, _, _ in _walked(bench, trial, in_full=True):
        if isinstance(effect, Offer) and effect.connection == connection:
            found = fields
    return dict(found)


def _passage(bench: Bench, stay: _Stay, *, in_full: bool) -> Passage:
    rules = bench.rules
    last = next((entry for entry in reversed(stay.entries) if entry.kind not in OVER), stay.entries[-1])
    changes = tuple(change for entry in stay.entries for change in entry.changes)
    shown = people.details(stay.fields, rules.fields, stay.invalid, rules.currency, in_full=in_full)
    return Passage(last.shown or "waiting", tuple(stay.entries), tuple(stay.sent), changes, shown)


Walked = tuple[int, Effect, Mapping[str, Any], frozenset[str], list[Sent]]


def _walked(bench: Bench, trial: Trial, *, in_full: bool) -> Iterator[Walked]:
    """Walk the run again: yield each event with its effect, the lead's fields then, and what would go out."""
    run, lead = trial.tried.run, trial.tried.lead
    if run is None or lead is None:
        return
    walk = Walk(bench.rules, lead, trial.at)
    for event in run.events:
        effect = walk.effect
        if effect is None:
            return
        fields = _as_it_came(effect, walk.state.view["lead"])
        yield event.seq, effect, fields, lead.invalid, list(_sent(bench, trial, effect, event.result, in_full=in_full))
        if event.result is None:
            return
        walk.answer(event.result)


def _as_it_came(effect: Effect, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lead's fields before the step of an event; a transform has changed them by the time of its event."""
    changed = (effect.detail or {}).get("changes", {})
    return {**fields, **{key: before for key, (before, _) in changed.items()}}


def _sent(
    bench: Bench, trial: Trial, effect: Effect, result: Mapping[str, Any] | None, *, in_full: bool
) -> Iterator[Sent]:
    """Yield the requests that an effect would make; none for whom it does not ask."""
    match effect:
        case Offer() if result is None or result["answer"] != "not_asked":
            yield _offered(bench, trial, effect, in_full=in_full)
        case Ping():
            asked = {bid["buyer"] for bid in (result or {}).get("bids", ()) if bid["answer"] != "not_asked"}
            for bidder in effect.bidders:
                if bidder["buyer"] in asked:
                    yield _pinged(bench, trial, effect, bidder["connection"], in_full=in_full)
        case LookUp() if result is None or result["answer"] != "not_asked":
            yield _asked(bench, trial, effect, in_full=in_full)


def _offered(bench: Bench, trial: Trial, effect: Offer, *, in_full: bool) -> Sent:
    destination, name = _of(bench, effect.connection)
    price = Decimal(effect.price).scaleb(-exponent_of(bench.rules.currency))
    offer = _offer(bench, trial, name) | {"price": price}
    if destination is None:
        return Sent(f"The request to {name}", None, "This connection cannot be used as it is.")
    method = destination.decides_by
    made = masked_preview(destination, lambda secrets: build(destination, method, effect.view, offer, secrets))
    sent = _shown(f"The request to {name}", made, in_full=in_full)
    said = trial.inputs.said.get(effect.buyer)
    if said is None or not said.reply.strip():
        return sent
    read_as = say_answer(read_reply(said.reply, destination), bench.rules.currency)
    return Sent(sent.title, sent.message, sent.problem, read_as)


def _pinged(bench: Bench, trial: Trial, effect: Ping, connection: str, *, in_full: bool) -> Sent:
    destination, name = _of(bench, connection)
    title = f"The ping to {name}"
    if destination is None or destination.ping is None:
        return Sent(title, None, "This connection does not say how it is asked for a bid.")
    offer = _offer(bench, trial, name) | {"price": None, "bid": None, "bid_id": None}
    fields = bench.rules.by_key.values()
    made = masked_preview(destination, lambda secrets: build_ping(destination, fields, effect.view, offer, secrets))
    return _shown(title, made, in_full=in_full)


def _asked(bench: Bench, trial: Trial, effect: LookUp, *, in_full: bool) -> Sent:
    destination, name = _of(bench, effect.service.connection)
    title = f"The question to {name}"
    if destination is None:
        return Sent(title, None, "This connection cannot be used as it is.")
    offer = _offer(bench, trial, name) | {"price": None}
    made = masked_preview(
        destination, lambda secrets: build_question(effect.service, destination, effect.view, offer, secrets)
    )
    return _shown(title, made, in_full=in_full)


def _of(bench: Bench, connection: str) -> tuple[Destination | None, str]:
    return bench.reached.destinations.get(connection), bench.names.connections.get(connection, "a buyer that is gone")


def _offer(bench: Bench, trial: Trial, buyer: str) -> dict[str, Any]:
    """Return what a request may say of the offer itself; its ids are those of no real lead."""
    offer = sample_offer(ids.show(ids.first_id_at(trial.at)), buyer, trial.at)
    return offer | {"is_test": False, "flow_name": bench.flow.name, "source_name": trial.source["name"]}


def _shown(title: str, made: Preview, *, in_full: bool) -> Sent:
    return Sent(title, request_shown(made.request, in_full=in_full), made.problem)


def say_answer(answer: Answer, currency: str) -> str:
    """Return how an answer is read: `accepted, price $42.00` or `a no: “closed”`."""
    price = "" if answer.price is None else f", price {say_money(_in_minor(answer.price, currency), currency)}"
    said = f": “{answer.said}”" if answer.said and answer.kind != "accepted" else ""
    notes = "".join(f" {note}" for note in answer.notes)
    return f"{KINDS[answer.kind]}{price}{said}.{notes}"


def _in_minor(price: Decimal, currency: str) -> int:
    return int(price.scaleb(exponent_of(currency)))
