"""Leads with a real journal: the flow is run dry, and what it did is written as a worker writes it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import null
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Connection, Flow, Lead, Source
from rules.dry_run import NO_FINDS, MadeUp, MadeUpFind, dry_run
from rules.effects import taken_apart
from rules.flow import parse_flow
from rules.interpreter import Recorded, Walk
from rules.running import Lead as LeadAsRulesSee
from tests.support.cast import Member, a_connection, a_flow, a_lead, a_source, an_attempt, an_event, an_offer
from tests.support.documents import solar

FIELDS = [
    {"key": "first_name", "type": "name"},
    {"key": "email", "type": "email"},
    {"key": "phone_1", "type": "phone", "region": "US", "label": "Phone"},
    {"key": "state", "type": "state"},
    {"key": "bill", "type": "number", "label": "Bill"},
    {"key": "comment", "type": "text"},
]
ANA = {
    "first_name": "Ana Pereira",
    "email": "ana@example.com",
    "phone_1": "+12135550148",
    "state": "CA",
    "bill": 180,
    "comment": "Call after six",
}


def a_document(*buyers: Connection, **changes: Any) -> dict[str, Any]:
    """Return the document of a flow that takes leads from California and offers them to these buyers in turn."""
    rule = {"and": [{"any_of": [{"var": "lead.state"}, ["CA"]]}, {"at_least": [{"var": "lead.bill"}, 120]}]}
    steps: list[dict[str, Any]] = [{"filter": {"id": "s1", "continue_if": rule, "reason": "Not CA solar"}}]
    for number, buyer in enumerate(buyers, 2):
        steps.append({"buyer": {"id": f"s{number}", "connection": ids.show(buyer.id, "con"), "price": 42}})
    start = {"schema": 1, "currency": "USD", "time_zone": "America/Los_Angeles", "fields": FIELDS}
    return {**start, "steps": steps, "fallback": {"id": "end", "do": "reject"}, **changes}


def shared_by_two(first: Connection, second: Connection) -> dict[str, Any]:
    """Return the document of a flow that offers a lead to two buyers at once, both of whom may have it."""
    rows = [
        {"id": f"b{number}", "connection": ids.show(buyer.id, "con"), "price": 20 + number}
        for number, buyer in enumerate((first, second), 1)
    ]
    return a_document(steps=[{"group": {"id": "g1", "mode": "broadcast", "buyers": rows}}])


def with_lanes(first: Connection, second: Connection) -> dict[str, Any]:
    """Return the document of a flow with every kind of step: a change, lanes in a lane, and a group in each of two."""
    one, two = (ids.show(buyer.id, "con") for buyer in (first, second))
    in_ca, is_big = {"is": [{"var": "lead.state"}, "CA"]}, {"at_least": [{"var": "lead.bill"}, 120]}
    shared = {
        "id": "g1", "mode": "waterfall", "sell_up_to": 2, "floor": 30, "margin": {"percent": 20},
        "buyers": [
            {"id": "b1", "connection": one, "price": 42, "caps": [{"limit": 100, "per": "day"}]},
            {"id": "b2", "connection": two, "price": 38, "name": "Evenings", "note": "Asks for homeowners."},
            {"id": "b3", "connection": one, "price": 31, "off": True},
        ],
    }  # fmt: skip
    halves = [
        {"share": 60, "steps": [{"group": shared}]},
        {"share": 40, "steps": [{"buyer": {"id": "s5", "connection": two, "price": 35}}]},
    ]
    west = {"name": "West", "when": in_ca, "steps": [{"split": {"id": "s4", "percent": halves}}]}
    change = [["comment", "{{lead.first_name}}: {{lead.comment}}"], ["state", "NV", {"when": {"!": [is_big]}}]]
    steps = [
        {"transform": {"id": "s2", "name": "Tidy up", "set": change}},
        {"split": {"id": "s3", "cases": [west, {"when": is_big, "steps": []}]}},
        {"cap": {"id": "s6", "limit": 50, "per": "hour"}},
        {"buyer": {"id": "s7", "connection": two, "price": 20, "caps": [{"limit": 900, "per": "day"}]}},
    ]
    return a_document(steps=steps)


def with_bids(first: Connection, second: Connection) -> dict[str, Any]:
    """Return the document of a flow that asks two buyers for bids."""
    rows = [{"id": f"b{number}", "connection": ids.show(each.id, "con")} for number, each in enumerate((first, second))]
    return a_document(steps=[{"group": {"id": "g1", "mode": "highest_bid", "buyers": rows}}])


def its_bids(session: Session, lead: Lead, *bids: tuple[Connection, int]) -> None:
    """Add the rows of buyers that were asked for a bid, and told why they lost: what they bid, 0 for no bid."""
    for number, (connection, bid) in enumerate(bids, start=10):
        values = {"phase": "ping", "state": "accepted" if bid else "declined", "is_winner": False, "price": 0}
        said = {"bid": bid or None, "reference": f"bid-{number}" if bid else None}
        offer = an_offer(session, lead, connection, offer_no=number, **values, **said)
        an_attempt(session, offer)
        an_attempt(session, offer, attempt_no=2, method="feedback")


def asks_much(buyer: Connection, listed: str) -> dict[str, Any]:
    """Return the document of a flow whose buyer asks for everything that one can ask for."""
    step = {
        "id": "s1", "connection": ids.show(buyer.id, "con"), "price": 42,
        "when": {"at_least": [{"var": "lead.bill"}, 120]}, "requires": ["email", "phone_1"],
        "when_not_met": {"buyer": "s2"},
        "hours": [
            {"time_zone": "America/Denver", "days": ["mon", "tue", "wed"], "from": "08:00", "to": "18:00"},
            {"time_zone": "America/Denver", "days": ["sat"], "from": "09:00", "to": "13:00"},
        ],
        "holidays": ["US", "2026-12-24"], "outside_hours": "hold",
        "caps": [{"limit": 1000, "per": "day"}, {"limit": 100, "per": "hour"}], "when_full": {"buyer": "s2"},
        "duplicates": {"by": ["email", "phone_1"], "within": "30d"},
        "suppress": [{"list": listed, "field": "phone_1"}],
    }  # fmt: skip
    stops = {"filter": {"id": "f", "stop_if": {"in_list": [{"var": "lead.phone_1"}, listed]}, "reason": "Do not call"}}
    rest = {"buyer": {"id": "s2", "connection": ids.show(buyer.id, "con"), "price": 20}}
    return a_document(steps=[stops, {"buyer": step}, rest])


def a_told_lead(
    session: Session,
    source: Source,
    document: dict[str, Any],
    *,
    fields: Mapping[str, Any] = ANA,
    answers: Mapping[str, MadeUp] | None = None,
    finds: Mapping[str, MadeUpFind] = NO_FINDS,
    **values: Any,
) -> Lead:
    """Make a lead that went through this flow, with its events, offers and calls."""
    flow, problems = parse_flow(document)
    assert flow, problems
    posted = {"Name": fields.get("first_name"), **fields}
    lead = a_lead(session, source, fields=dict(fields), posted=posted, **values)
    seen = LeadAsRulesSee(str(lead.id), fields, posted, {}, lead.received_at)
    run = dry_run(flow, seen, answers or {}, lead.received_at, finds=finds)
    offers, walk, numbers = 0, Walk(flow, seen, lead.received_at), dict[str, int]()
    for event in run.events:
        offers += _is_asked(event)
        numbers[event.step] = offers
        asks = (
            {"offers": {buyer: numbers[buyer] for buyer in event.asks["offers"]}} if event.effect == "await" else None
        )
        result, found = taken_apart(event.result) if event.result is not None else (None, None)
        detail = found or (walk.effect.detail if walk.effect else None)
        kept = replace(event, result=result, asks=asks or event.asks)
        _write(session, lead, kept, offers, {"path": flow.paths.get(event.step), "detail": detail})
        if event.result is not None:
            walk.answer(event.result)
    lead.outcome, lead.reason, lead.revenue, lead.cost = run.outcome, run.reason, run.revenue, run.cost
    if run.outcome is None:
        lead.state, lead.waiting_for, lead.finished_at = "waiting", "retry", None
    session.flush()
    return lead


def a_flow_with_leads(session: Session, owner: Member, states: Iterable[str]) -> Flow:
    """Make a live flow that sells leads from California, and a lead that went through it from each of some states."""
    document = solar(ids.show(a_connection(session, owner).id, "con"))
    flow = a_flow(session, owner, document=document)
    source = a_source(session, flow)
    for state in states:
        a_told_lead(session, source, document, fields={**ANA, "state": state})
    session.commit()
    return flow


def _is_asked(event: Recorded) -> bool:
    return event.effect == "offer" and bool(event.result) and (event.result or {})["answer"] != "not_asked"


def _write(session: Session, lead: Lead, event: Recorded, offer_no: int, apart: dict[str, Any]) -> None:
    asks, result = dict(event.asks), dict(event.result or {})
    outcome = {"close": asks.get("outcome"), "note": asks.get("outcome")}.get(event.effect, result.get("outcome"))
    reason = asks.get("reason") if event.effect in ("note", "close") else result.get("reason")
    if event.effect == "offer":
        outcome = "skipped" if result["answer"] == "not_asked" else result["answer"]
        if _is_asked(event):
            result["offer"] = offer_no
            _offer(session, lead, asks, result, offer_no)
    at = lead.received_at + timedelta(milliseconds=3 * event.seq)
    done = {"result": result, "outcome": outcome or "passed", "reason": reason}
    if event.result is None:
        done = {"result": null(), "outcome": None, "done_at": None}
    an_event(session, lead, seq=event.seq, step=event.step, effect=event.effect, asks=asks, at=at, **done, **apart)


def _offer(session: Session, lead: Lead, asks: dict[str, Any], result: dict[str, Any], number: int) -> None:
    connection = session.get_one(Connection, ids.read(asks["connection"], "con"))
    is_open = result["answer"] == "open"
    how = {"state": "sending", "finished_at": None} if is_open else {"state": result["answer"]}
    offer = an_offer(
        session, lead, connection, offer_no=number, step=asks["buyer"], buyer=asks["buyer"],
        is_winner=result["answer"] == "accepted", reason=result["reason"], price=asks["price"], slot=number, **how,
    )  # fmt: skip
    sent = f'{{"email": "{lead.fields.get("email")}", "state": "CA"}}'
    request = {"method": "POST", "url": "https://api.sunrise.example/leads", "body": sent}
    headers = {"Authorization": "Bearer ••••7Q2F", "Content-Type": "application/json"}
    an_attempt(session, offer, request={**request, "headers": headers})


__all__ = [
    "ANA",
    "FIELDS",
    "MadeUp",
    "MadeUpFind",
    "a_document",
    "a_flow_with_leads",
    "a_told_lead",
    "asks_much",
    "its_bids",
    "shared_by_two",
    "with_bids",
]
