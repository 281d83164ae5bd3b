"""A lead's journal in words, with the conditions that decided traced anew."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.flow import Flow
from rules.flow_wording import Names
from rules.timeline import Entry, entries, versions_of
from tests.rules.flows import CA_SOLAR, NOW, World, a_bidder, a_flow, a_lead, buyer, group, split, transform

NAMES = Names({"con_a": "Sunrise Energy", "con_b": "Brightroof", "con_grades": "Gradify"})
GONE = "A connection that is not in this account"


@dataclass
class EventRow:
    run: int
    seq: int
    effect: str
    step: str
    asks: Any
    result: Any
    outcome: str | None
    reason: str | None
    at: datetime = NOW
    detail: Any = None


@dataclass
class LeadRow:
    id: str
    fields: Any
    posted: Any
    invalid: list[str] = field(default_factory=list)
    is_test: bool = False
    received_at: datetime = NOW
    asked_before: dict[str, str] = field(default_factory=dict)


def told(flow: Flow, world: World, **fields: Any) -> list[Entry]:
    lead = a_lead(**fields)
    world.intake = {"source": dict(lead.source)}
    world.carry(flow, lead)
    rows = [
        EventRow(1, event.seq, event.effect, event.step, event.asks, event.result, said[1], said[2], NOW, detail)
        for event, said, detail in zip(world.events, world.said, world.details, strict=True)
    ]
    return entries(flow, LeadRow(lead.id, lead.fields, lead.posted), rows, NAMES)


def test_a_wait_is_no_buyers_doing_and_no_test_that_was_passed() -> None:
    flow = a_flow(buyer(), fallback={"id": "end", "do": "hold", "from": "a", "ask_again": "all"})
    waits = [entry for entry in told(flow, World({"a": ["declined rejected", "accepted"]})) if entry.kind == "hold"]
    assert [(entry.title, entry.said, entry.shown) for entry in waits] == [
        ("Waiting", "Waits to be offered again", None)
    ]


def test_a_sale_is_told_step_by_step() -> None:
    flow = a_flow(CA_SOLAR, buyer(), buyer("b", price=38))
    assert [(entry.title, entry.said) for entry in told(flow, World({"a": ["declined rejected"]}))] == [
        ("Arrived", "Taken in, 4 fields checked"),
        ("Filter", "Continue only if State is CA and Product is Solar"),
        ("Sunrise Energy", "Offered at $42.00: it said no"),
        ("Brightroof", "Accepted at $38.00"),
        ("Ended", "Sold for $38.00"),
    ]


def test_the_rule_that_stopped_a_lead_shows_the_value_that_it_saw() -> None:
    stopped = told(a_flow(CA_SOLAR, buyer()), World(), state="NV")[1]
    assert (stopped.outcome, stopped.reason) == ("stopped", "Not CA solar")
    assert [(line.text, line.verdict) for line in stopped.conditions] == [
        ("State is CA: lead has NV", False),
        ("Product is Solar", None),
    ]


def test_a_value_that_the_flow_names_shows_what_it_is_beside_the_field() -> None:
    rule = {"at_least": [{"var": "lead.bill"}, {"var": "flow.least_bill"}]}
    flow = a_flow({"filter": {"id": "f", "continue_if": rule, "reason": "Too small"}}, values={"least_bill": 50})
    [line] = told(flow, World())[1].conditions
    assert line.text == "Monthly bill is at least Least bill ($50): lead has $180"


def test_a_buyer_that_was_not_asked_says_why() -> None:
    flow = a_flow(buyer(when={"is": [{"var": "lead.state"}, "NV"]}), buyer("b", caps=[{"limit": 1, "per": "day"}]))
    skipped, full = told(flow, World(full={"b/day"}))[1:3]
    assert (skipped.title, skipped.said) == ("Sunrise Energy", "Skipped: the lead does not fit its rule")
    assert [line.text for line in skipped.conditions] == ["State is NV: lead has CA"]
    assert (full.title, full.said) == ("Brightroof", "Not asked: its cap is reached")


def test_a_change_is_told_with_its_value_before_and_after() -> None:
    changed = told(a_flow(transform(["state", "NV"], ["grade", "A"]), buyer()), World())[1]
    assert (changed.kind, changed.title, changed.said) == (
        "transform",
        "Change fields",
        "Changed State and Grade",
    )
    assert [(one.label, one.before, one.after) for one in changed.changes] == [
        ("State", "CA", "NV"),
        ("Grade", "nothing", "A"),
    ]


def test_a_rule_behind_a_change_is_traced_with_the_changed_value() -> None:
    flow = a_flow(transform(["state", "NV"]), CA_SOLAR, buyer())
    assert told(flow, World())[2].conditions[0].text == "State is CA: lead has NV"


def test_a_split_says_the_lane_and_the_rules_that_led_there() -> None:
    roofing, solar = ({"is": [{"var": "lead.product"}, word]} for word in ("roofing", "solar"))
    flow = a_flow(split(("Roofs", roofing, []), ("Sunny", solar, [buyer()])))
    lane, bought = told(flow, World())[1:3]
    assert (lane.title, lane.said) == ("Split", "Lane: Sunny")
    assert [(line.text, line.verdict) for line in lane.conditions] == [
        ("Product is Roofing: lead has Solar", False),
        ("Product is Solar: lead has Solar", True),
    ]
    assert (bought.title, bought.path) == ("Sunrise Energy", "s/Sunny/a")


def test_what_the_seller_calls_a_step_stands_beside_its_kind() -> None:
    named = {"filter": {**CA_SOLAR["filter"], "name": "In our state"}}
    rows = group(buyer("a", name="By day"), buyer("b"))
    titles = [
        entry.title for entry in told(a_flow(named, rows), World({"a": ["declined rejected"], "b": ["accepted"]}))
    ]
    assert titles == [
        "Arrived",
        "Filter (In our state)",
        "Sunrise Energy (By day)",
        "Brightroof",
        "Ended",
    ]


def test_each_row_of_a_group_says_what_came_of_it() -> None:
    rows = [buyer(when={"is": [{"var": "lead.state"}, "NV"]}), buyer("b"), buyer("c")]
    skipped, sold, left = told(a_flow(group(*rows)), World())[1:4]
    assert (skipped.said, skipped.kind, skipped.path) == ("Skipped: the lead does not fit its rule", "buyer", "g/a")
    assert [line.text for line in skipped.conditions] == ["State is NV: lead has CA"]
    assert (sold.said, left.said) == ("Accepted at $42.00", "Skipped: another buyer was chosen")


def test_a_way_to_a_row_with_a_mix_says_that_the_mix_was_looked_at() -> None:
    mix = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}}
    flow = a_flow(buyer("z", on_declined={"buyer": "b"}), group(buyer("b", mix=mix)))
    world = World({"z": ["declined rejected"]}, counts={"b": [7, 2]})
    said = [entry.said for entry in told(flow, world, product="solar") if entry.step == "b"]
    assert said == ["Its mix was looked at", "Skipped: its mix is full"]


def test_an_auction_is_told_with_who_bid_what_and_why_it_lost() -> None:
    rows = [a_bidder(), a_bidder("b"), a_bidder("c"), buyer("d", when={"is": [{"var": "lead.state"}, "NV"]})]
    world = World({"a": ["declined rejected"]}, bids={"a": 5000, "b": 4000, "c": "timeout"}, refused={"e": "paused"})
    flow = a_flow(group(*rows, buyer("e"), mode="highest_bid"))
    checked, pinged, no, yes, settled = told(flow, world)[1:-1]
    assert [(entry.title, entry.said) for entry in (checked, pinged, no, yes, settled)] == [
        ("Who can be asked", "3 of 4 buyers can be asked"),
        ("Bids", "Asked 3 buyers for a bid: 2 bid, $50.00 at most"),
        ("Sunrise Energy", "Offered at $50.00: it said no"),
        ("Brightroof", "Accepted at $40.00"),
        ("What became of the others", "4 buyers did not get it; the winning bid was $40.00"),
    ]
    assert {entry.kind for entry in (checked, pinged, settled)} == {"group"}
    assert [(one.name, one.why) for one in checked.contenders] == [(GONE, "it is paused")]
    assert [(one.name, one.price, one.why) for one in pinged.contenders] == [
        ("Sunrise Energy", "$50.00", ""),
        ("Brightroof", "$40.00", ""),
        (GONE, "", "it did not answer in time"),
    ]
    assert [(one.row, one.price, one.has_it, one.reason) for one in settled.contenders] == [
        ("b", "$40.00", True, None),
        ("a", "$50.00", False, "rejected"),
        ("c", "", False, "timeout"),
        ("d", "", False, "rule_not_met"),
        ("e", "", False, "paused"),
    ]
    assert [line.text for line in settled.conditions] == ["State is NV: lead has CA"]


def test_an_auction_that_is_still_open_and_one_without_its_flow_are_told_too() -> None:
    asks = {"round": 1, "wait_ms": 3000, "bidders": [{"buyer": "a", "connection": "con_a"}]}
    lost = {"winners": [], "winning_bid": None, "lost": [{"buyer": "a", "reason": "timeout"}]}
    rows = [
        EventRow(1, 1, "ping", "g", asks, None, None, None),
        EventRow(1, 2, "settle", "g", lost, {}, "passed", None),
    ]
    open_, settled = entries(None, LeadRow("x", {}, {}), rows, NAMES)
    assert (open_.said, open_.contenders) == ("Asked 1 buyer for a bid; no clear answer yet", ())
    assert [(one.name, one.why) for one in settled.contenders] == [("a", "it did not answer in time")]


def test_a_duplicate_is_called_so_once() -> None:
    flow = a_flow(buyer())
    world = World().carry(flow, a_lead())
    asks = {"outcome": "duplicate", "code": "duplicate", "reason": "Duplicate", "revenue": 0, "cost": 0}
    rows = [EventRow(1, 1, "close", "intake", asks, {}, "duplicate", "Duplicate", world.now)]
    assert entries(flow, LeadRow("x", {}, {}), rows, NAMES)[0].said == "Duplicate"


def test_an_offer_that_is_still_open_has_its_number() -> None:
    flow = a_flow(buyer(), buyer("b"))
    rows = [
        EventRow(1, 1, "intake", "intake", {}, {"outcome": "passed", "source": {}}, "passed", None),
        EventRow(
            1,
            2,
            "offer",
            "a",
            {"connection": "con_a", "price": 4200},
            {"answer": "declined", "offer": 1},
            "declined",
            None,
        ),
        EventRow(1, 3, "offer", "b", {"connection": "con_b", "price": 4200}, None, None, None),
    ]
    told = entries(flow, LeadRow("x", {}, {}), rows, NAMES)
    assert [entry.offer_no for entry in told] == [None, 1, 2]
    assert told[2].said == "Offered at $42.00; no clear answer yet"


def test_a_journal_is_told_even_without_its_flow() -> None:
    rows = [EventRow(1, 1, "note", "f", {}, {}, "stopped", "Not CA solar")]
    assert entries(None, LeadRow("x", {}, {}), rows, NAMES)[0].said == "Not CA solar"


def test_a_lead_that_started_again_is_told_run_by_run_each_in_its_own_version() -> None:
    before, after = a_flow(CA_SOLAR), a_flow(buyer("b", price=30))
    asked = {"accepted": True, "reason": None, "caps": [], "duplicates": None}
    stopped = {"outcome": "stopped", "reason": "Not CA solar"}

    def came_in(run: int) -> EventRow:
        return EventRow(run, 1, "intake", "intake", asked, {"outcome": "passed", "source": {}}, "passed", None)

    def left(run: int, seq: int, by: str) -> EventRow:
        result = {"from": run, "asked_before": {}}
        return EventRow(run, seq, "start_again", "intake", {"version": run + 1, "by": by}, result, "passed", None)

    rows = [
        came_in(1),
        EventRow(1, 2, "note", "f", stopped, {}, "stopped", "Not CA solar"),
        left(1, 3, "dana"),
        came_in(2),
        left(2, 2, ""),
        came_in(3),
    ]
    assert versions_of(rows, 3) == {1: 1, 2: 2, 3: 3}
    lead = LeadRow("x", {"state": "NV"}, {"state": "NV"})
    names = Names({}, people={"dana": "Dana"})
    told = entries(after, lead, rows, names, earlier={1: before})
    assert [(entry.title, entry.said) for entry in told if entry.kind != "intake"] == [
        ("Filter", "Continue only if State is CA and Product is Solar"),
        ("Began again", "Started again in version 2, asked for by Dana"),
        ("Began again", "Started again in version 3, asked for through the API"),
    ]
    assert told[1].conditions[0].text == "State is CA: lead has NV"
