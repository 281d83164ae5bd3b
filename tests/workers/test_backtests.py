"""Leads that real workers carried are run through documents again: an unchanged one changes nothing."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from flowbuilder import ids
from tests.support.backtesting import (
    FIELDS,
    IN_CA,
    STATES,
    assert_nothing_changes,
    by_number,
    fates,
    live,
    post,
    three_buyers,
    tried,
)
from tests.support.bidders import a_bidder, auction, connect
from tests.support.buyers import Buyer, Seen, a_buyer
from tests.support.listing import a_list
from tests.support.market import Market
from tests.support.pinging import a_pinger


@pytest.fixture
def buyers() -> Iterator[dict[str, Buyer]]:
    """Give the three buyers."""
    with three_buyers() as running:
        yield running


def test_filters_caps_duplicates_lanes_and_a_wait_are_replayed(market: Market, buyers: dict[str, Buyer]) -> None:
    yes, odd, third = (market.connect(buyers[name]) for name in ("yes", "odd", "third"))
    big = {"at_least": [{"var": "lead.bill"}, 100]}
    market.publish(
        [
            {"transform": {"id": "t", "set": [["grade", "B"], ["grade", "A", {"when": big}]]}},
            {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.state"}, "AZ"]}, "reason": "Not AZ"}},
            {"cap": {"id": "k", "limit": 14, "per": "day", "when_full": "hold"}},
            {"split": {"id": "s", "cases": [{"name": "ca", "when": IN_CA, "steps": [
                {"buyer": {"id": "a", "connection": third, "price": 42, "caps": [{"limit": 3, "per": "day"}]}}]}],
                "else": []}},
            {"buyer": {"id": "b", "connection": odd, "price": 30, "caps": [{"spend": 200, "per": "day"}],
                       "duplicates": {"by": ["email"], "within": "30d"}}},
            {"buyer": {"id": "c", "connection": yes, "price": 20, "caps": [{"limit": 4, "per": "day"}],
                       "when_full": "hold"}},
        ],
        fields=FIELDS,
        intake={"duplicates": {"by": ["email"], "within": "30d"}, "caps": [{"limit": 30, "per": "day"}]},
    )  # fmt: skip
    post(market, 45)
    outcomes = {lead.outcome for lead in market.leads()}
    assert outcomes == {"sold", "rejected", "duplicate", None}
    assert_nothing_changes(market)
    market.later(26 * 3600)
    post(market, 5, first=50)
    assert_nothing_changes(market)


@pytest.mark.parametrize("mode", ["waterfall", "round_robin", "weighted", "least_loaded", "quota", "broadcast"])
def test_groups_in_every_mode_are_replayed(market: Market, buyers: dict[str, Buyer], mode: str) -> None:
    rows = [
        {"id": name, "connection": market.connect(buyers[name]), "price": 30 + at, "caps": [{"limit": 9, "per": "day"}]}
        for at, name in enumerate(buyers)
    ]
    mix = {"mix": {"by": {"var": "lead.state"}, "shares": {"CA": 50, "NV": 50}}} if mode == "quota" else {}
    several = {"sell_up_to": 2} if mode == "broadcast" else {}
    market.publish([{"group": {"id": "g", "mode": mode, "buyers": rows, **mix, **several}}], fields=FIELDS)
    post(market, 24)
    assert any(lead.outcome == "sold" for lead in market.leads())
    assert_nothing_changes(market)


def test_bids_look_ups_and_a_last_buyer_are_replayed(market: Market, buyers: dict[str, Buyer]) -> None:
    with a_bidder(31) as helio, a_bidder(28) as bright, a_bidder(0) as silent, a_buyer(grade_of) as service:
        rows = [connect(market, one) for one in (helio, bright, silent)]
        asks = {"id": "l", "connection": market.connect(service), "inputs": [["s", {"var": "lead.state"}]]}
        last = {"connection": market.connect(buyers["odd"]), "id": "z", "price": 5}
        market.publish(
            [
                {"look_up": {**asks, "outputs": [["grade", "body.grade"]]}},
                {"filter": {"id": "f", "continue_if": {"is": [{"var": "lead.grade"}, "A"]}, "otherwise": "fallback"}},
                auction(*rows, floor=20),
            ],
            fields=FIELDS,
            fallback={"id": "end", "do": "buyer", "buyer": last},
        )
        post(market, 18)
    assert {lead.outcome for lead in market.leads()} == {"sold", "rejected"}
    assert_nothing_changes(market)


def grade_of(request: Seen) -> tuple[int, dict[str, Any]]:
    """Answer as a service that grades by the state."""
    return 200, {"grade": "A" if request.body["s"] == "CA" else "B"}


def test_the_fastest_bids_and_the_money_that_a_buyer_may_spend_are_replayed(market: Market) -> None:
    with a_bidder(31) as quick, a_bidder(50, after=0.3) as slow, a_bidder(12, then=no_for_odd, after=0.1) as cheap:
        spends = {"connection": connect(market, quick), "caps": [{"spend": 100, "per": "day"}]}
        rows = [spends, connect(market, slow), connect(market, cheap)]
        market.publish([auction(*rows, mode="fastest", floor=10)], fields=FIELDS)
        post(market, 16)
    assert market.used()["b1/day/spend"] == 9300
    assert len({lead.revenue for lead in market.leads()}) > 1
    assert_nothing_changes(market)


def test_leads_that_were_pinged_first_are_replayed(market: Market) -> None:
    known = {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.email"}, "ana2@example.com"]}, "reason": "Known"}}
    with a_bidder(30) as helio, a_bidder(42, then=no_for_odd) as sunrise:
        steps = [known, auction(connect(market, helio), connect(market, sunrise))]
        with a_pinger(market, steps) as supplier:
            for number in range(6):
                supplier.post(supplier.quoted(), {"state": "CA", "email": f"ana{number}@example.com"})
            market.wait_until_settled()
    assert {lead.outcome for lead in market.leads()} == {"sold", "rejected"}
    assert all(lead.pinged for lead in market.leads())
    assert_nothing_changes(market)


def test_stored_lists_are_replayed_as_they_were_then(market: Market, buyers: dict[str, Buyer]) -> None:
    refused, suppressed = (a_list(market, *map("ana{}@example.com".format, some)) for some in ((1, 4), (2, 5)))
    yes, odd = market.connect(buyers["yes"]), market.connect(buyers["odd"])
    stops = {"id": "f", "stop_if": {"in_list": [{"var": "lead.email"}, refused]}, "reason": "Do not contact"}
    first = {"id": "a", "connection": yes, "price": 42, "suppress": [{"list": suppressed, "field": "email"}]}
    second = {"id": "b", "connection": odd, "price": 20}
    market.publish([{"filter": stops}, {"buyer": first}, {"buyer": second}], fields=FIELDS)
    post(market, 8)
    market.execute("DELETE FROM stored_list_entry")
    outcomes = [(lead.outcome, lead.revenue) for lead in market.leads()]
    assert [outcomes[number] for number in (0, 1, 2, 5)] == [("sold", 4200), *[("rejected", 0)] * 2, ("sold", 2000)]
    assert_nothing_changes(market)


def no_for_odd(request: Seen) -> tuple[int, dict[str, Any]]:
    """Decline leads with an odd number in their email address."""
    return by_number(lambda number: number % 2 == 1)(request)


def test_a_thousand_leads_take_seconds(market: Market, buyers: dict[str, Buyer]) -> None:
    yes, odd = market.connect(buyers["yes"]), market.connect(buyers["odd"])
    market.publish(
        [
            {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.state"}, "AZ"]}}},
            {"buyer": {"id": "a", "connection": odd, "price": 42, "caps": [{"limit": 300, "per": "day"}]}},
            {"buyer": {"id": "b", "connection": yes, "price": 20}},
        ],
        fields=FIELDS,
    )
    for number in range(1000):
        market.post(fields={"email": f"ana{number}@example.com", "state": STATES[number % 3], "bill": 90})
    market.carry(timeout=120)
    began = time.process_time()
    found = tried(market, live(market))
    took = time.process_time() - began
    assert (found.leads, found.differs) == (1000, ())
    assert took < 6, f"it took {took:.2f} s of this process"


def test_only_leads_of_the_flow_itself_are_asked(market: Market, buyers: dict[str, Buyer]) -> None:
    market.publish([{"buyer": {"id": "a", "connection": market.connect(buyers["yes"]), "price": 42}}], fields=FIELDS)
    market.post(fields={}, is_test=True)
    [real] = market.post(fields={})
    market.carry()
    assert list(fates(market, live(market))) == [str(real)]
    assert ids.show(real)
