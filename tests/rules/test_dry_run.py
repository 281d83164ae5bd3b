"""A dry run takes a lead through the flow with made-up answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from rules.delivery.consent import Consent
from rules.dry_run import MadeUp, MadeUpFind, dry_run
from rules.dry_world import Standing, World
from rules.event_words import say_event
from rules.flow import Flow
from rules.flow_wording import Names
from rules.interpreter import Recorded
from rules.telling import Telling
from tests.rules.flows import CA_SOLAR, NOW, a_bidder, a_flow, a_lead, buyer, group, look_up

FLOW = a_flow(CA_SOLAR, buyer(), buyer("b", price=38))


def test_buyers_accept_unless_told_otherwise() -> None:
    ended = dry_run(FLOW, a_lead(), {}, NOW)
    assert (ended.outcome, ended.revenue, ended.cost) == ("sold", 4200, 3150)


def test_made_up_answers_lead_to_the_next_buyer() -> None:
    ended = dry_run(FLOW, a_lead(), {"a": MadeUp("declined", reason="rejected")}, NOW)
    assert (ended.outcome, ended.revenue) == ("sold", 3800)
    assert [event.step for event in ended.events] == ["intake", "f", "a", "b", "intake"]


def test_a_buyers_own_price_counts_only_where_it_is_lower() -> None:
    assert dry_run(FLOW, a_lead(), {"a": MadeUp(price=4000)}, NOW).revenue == 4000
    assert dry_run(FLOW, a_lead(), {"a": MadeUp(price=9000)}, NOW).revenue == 4200


def test_a_buyer_that_sets_the_price_may_pay_more_than_it_was_offered_the_lead_for() -> None:
    world = World(standings={"con_a": Standing(sets_price=True)})
    assert dry_run(FLOW, a_lead(), {"a": MadeUp(price=9000)}, NOW, world=world).revenue == 9000
    bounded = a_flow(buyer(caps=[{"spend": 500, "per": "day"}]))
    assert dry_run(bounded, a_lead(), {"a": MadeUp(price=9000)}, NOW, world=world).revenue == 4200
    bidding = a_flow(group(a_bidder("a"), mode="highest_bid"))
    assert dry_run(bidding, a_lead(), {"a": MadeUp(bid=5000, price=9000)}, NOW, world=world).revenue == 5000


def test_a_lead_that_would_wait_has_no_outcome() -> None:
    flow = a_flow(buyer(), fallback={"id": "end", "do": "hold"})
    ended = dry_run(flow, a_lead(), {"a": MadeUp("error", reason="error")}, NOW)
    assert (ended.outcome, ended.reason) == (None, "No buyer available")
    assert ended.events[-1].effect == "hold"


def test_the_flows_own_door_counts() -> None:
    flow = a_flow(buyer(), intake={"accept_if": {"is": [{"var": "lead.state"}, "NV"]}})
    assert dry_run(flow, a_lead(), {}, NOW).outcome == "rejected"


@pytest.mark.parametrize(
    ("finds", "outcome", "revenue"),
    [
        ({}, "sold", 100),
        ({"l": MadeUpFind(values={"bill": "$7"})}, "sold", 700),
        ({"l": MadeUpFind("not_found", {"bill": 7})}, "sold", 100),
        ({"l": MadeUpFind("timeout")}, "error", 0),
        ({"l": MadeUpFind("not_asked")}, "error", 0),
    ],
)
def test_services_find_the_lead_and_add_nothing_unless_told_otherwise(
    finds: dict[str, MadeUpFind], outcome: str, revenue: int
) -> None:
    step = look_up(outputs=[["bill", "body.bill"]], on_error="stop")
    ended = dry_run(a_flow(step, buyer(price={"var": "lead.bill"})), a_lead(bill=1), {}, NOW, finds=finds)
    assert (ended.outcome, ended.revenue) == (outcome, revenue)


PHONE = {"duplicates": {"by": ["email"], "within": "30d"}}


@pytest.mark.parametrize(
    ("on_ambiguous", "outcome", "reason", "said"),
    [
        ("treat_as_declined", "sold", None, "Timed out after 30 s, offered at $42.00"),
        ("treat_as_failed", "sold", None, "Offered at $42.00: it did not answer in time"),
        ("retry_same", None, "No answer: the same buyer is asked again", "Offered at $42.00; no clear answer yet"),
        ("hold", None, "No answer: a person decides", "Offered at $42.00; no clear answer yet"),
    ],
)
def test_a_buyer_that_times_out_is_taken_as_its_step_says(
    on_ambiguous: str, outcome: str | None, reason: str | None, said: str
) -> None:
    flow = a_flow(buyer(on_ambiguous=on_ambiguous), buyer("b", price=38))
    ended = dry_run(flow, a_lead(), {"a": MadeUp("timeout")}, NOW)
    assert (ended.outcome, ended.reason, ended.revenue) == (outcome, reason, 3800 if outcome else 0)
    assert said_of(flow, ended.events[1]) == said


def test_what_the_step_leaves_open_is_the_connections_setting() -> None:
    world = World(standings={"con_a": Standing(on_ambiguous="treat_as_declined", timeout_ms=5000)})
    ended = dry_run(FLOW, a_lead(), {"a": MadeUp("timeout")}, NOW, world=world)
    assert (ended.outcome, said_of(FLOW, ended.events[2])) == ("sold", "Timed out after 5 s, offered at $42.00")


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (World(standings={"con_a": Standing("paused")}), "paused"),
        (World(standings={"con_a": Standing(consent=Consent(yes="opt_in"))}), "compliance_missing"),
        (World(standings={"con_a": Standing(suppress=(("lst_1", "email"),))}, in_list=lambda *_: True), "suppressed"),
        (World(standings={"con_a": Standing(suppress=(("lst_1", "email"),))}, in_list=lambda *_: None), "error"),
        (World(standings={"con_a": Standing(suppress=(("lst_1", "none"),))}, in_list=lambda *_: True), None),
        (World(seen=lambda where, _asked, _fields: where == "con_a"), "duplicate"),
        (World(used=lambda window: 100 if window["cap"] == "a/day" else 0), "cap_reached"),
        (World(used=lambda _window: 99), None),
        (World(), None),
    ],
)
@pytest.mark.parametrize("mode", ["buyer", "waterfall", "highest_bid"])
def test_a_buyer_is_passed_by_as_the_world_says(mode: str, world: World, why: str | None) -> None:
    settings = {"caps": [{"limit": 100, "per": "day"}]} | PHONE
    if mode == "buyer":
        flow = a_flow(buyer(**settings), buyer("b"))
    else:
        price = {} if mode == "highest_bid" else {"price": 42}
        rows = [{"buyer": {"id": name, "connection": f"con_{name}", **price, **settings}} for name in ("a", "b")]
        flow = a_flow(group(*rows, mode=mode))
    ended = dry_run(flow, a_lead(), {}, NOW, world=world)
    assert ended.outcome == "sold"
    asked = [event for event in ended.events if event.effect == "offer" and event.result["answer"] == "accepted"]
    assert asked[0].asks["buyer"] == ("b" if why else "a")


@pytest.mark.parametrize(
    ("world", "outcome", "reason"),
    [
        (World(), "sold", None),
        (World(seen=lambda where, asked, fields: not where and fields[asked["by"][0]] != ""), "duplicate", "Duplicate"),
        (World(used=lambda _window: 5), "rejected", "Cap reached"),
    ],
)
def test_the_door_turns_away_whom_the_world_has_seen_and_what_it_has_no_room_for(
    world: World, outcome: str, reason: str | None
) -> None:
    flow = a_flow(buyer(), intake=PHONE | {"caps": [{"limit": 5, "per": "day"}]})
    ended = dry_run(flow, a_lead(), {}, NOW, world=world)
    assert (ended.outcome, ended.reason) == (outcome, reason)


def test_a_cap_step_is_full_as_the_world_says() -> None:
    flow = a_flow({"cap": {"id": "c", "limit": 3, "per": "day", "when_full": "reject"}}, buyer())
    assert dry_run(flow, a_lead(), {}, NOW, world=World(used=lambda _window: 2)).outcome == "sold"
    assert dry_run(flow, a_lead(), {}, NOW, world=World(used=lambda _window: 3)).outcome == "rejected"


def test_a_bidder_that_times_out_makes_no_bid() -> None:
    flow = a_flow(group(a_bidder("a"), a_bidder("b"), mode="highest_bid"))
    ended = dry_run(flow, a_lead(), {"a": MadeUp("timeout")}, NOW)
    bids = next(event.result["bids"] for event in ended.events if event.effect == "ping")
    assert [(bid["buyer"], bid["answer"]) for bid in bids] == [("a", "timeout"), ("b", "bid")]


def said_of(flow: Flow, event: Recorded) -> str:
    """Return how an event is told on the page of a lead."""
    outcome = (None, None)
    if event.result is not None:
        answer, reason = event.result["answer"], event.result["reason"]
        outcome = ("timed_out" if (answer, reason) == ("declined", "timeout") else answer), reason
    told = Event(1, event.seq, event.effect, event.step, event.asks, event.result, *outcome, None, NOW)
    return say_event(Telling(flow, Names({})), told)


@dataclass
class Event:
    """An event as a journal would hold it."""

    run: int
    seq: int
    effect: str
    step: str
    asks: Any
    result: Any
    outcome: str | None
    reason: str | None
    detail: Any
    at: datetime


@pytest.mark.parametrize(
    ("world", "outcome", "reason"),
    [
        (World(suppress=(("lst_1", "email"),), in_list=lambda _, text: text == "ana@example.com"), "rejected",
         "On a suppression list"),
        (World(suppress=(("lst_1", "email"),), in_list=lambda *_: None), "sold", None),
        (World(suppress=(("lst_1", "none"),), in_list=lambda *_: True), "sold", None),
        (World(at_door=lambda fields, _: {"outcome": "rejected", "reason": fields["state"]}), "rejected", "CA"),
        (World(at_door=lambda *_: {"outcome": "error", "reason": "Cannot be decided"}), "error", "Cannot be decided"),
    ],
)  # fmt: skip
def test_the_source_and_lists_of_the_seller_turn_leads_away_at_the_door(
    world: World, outcome: str, reason: str | None
) -> None:
    ended = dry_run(FLOW, a_lead(), {}, NOW, world=world)
    assert (ended.outcome, ended.reason) == (outcome, reason)
