"""Buyers are asked for bids side by side, and the lead goes down the ranking of those that count."""

import math
import threading
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from tests.support.bidders import a_bidder, a_crowd, auction, bidding, connect, failing_ping, pings, posts
from tests.support.buyers import DECLINES, a_buyer, declining, silent_until
from tests.support.flows import SILENT, quickly
from tests.support.loops import a_loop, hear, turn
from tests.support.market import Market

FIELDS = [
    {"key": "first_name", "type": "name"},
    {"key": "email", "type": "email"},
    {"key": "phone_1", "type": "phone", "region": "US"},
    {"key": "state", "type": "state"},
]


def rows_of(market: Market, phase: str) -> dict[str, tuple[str, int | None, str | None]]:
    """Return state, bid and reason of each row of the newest lead."""
    found = market.offers(market.leads()[-1].id)
    return {row.buyer: (row.state, row.bid, row.lost_reason) for row in found if row.phase == phase}


def bids_of(market: Market) -> list[dict[str, Any]]:
    [event] = [event for event in market.events(market.leads()[-1].id) if event.effect == "ping"]
    assert event.result is not None
    bids: list[dict[str, Any]] = event.result["bids"]
    return bids


def test_the_highest_bid_gets_the_lead_at_its_bid(market: Market) -> None:
    with a_bidder(30) as helio, a_bidder(41.5) as sunrise, a_bidder(38) as bright:
        market.publish([auction(*(connect(market, one) for one in (helio, sunrise, bright)))])
        [lead_id] = market.post()
        market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue) == ("sold", 4150)
    assert [len(posts(one)) for one in (helio, sunrise, bright)] == [0, 1, 0]
    assert rows_of(market, "ping") == {
        "b1": ("accepted", 3000, "outbid"),
        "b2": ("accepted", 4150, None),
        "b3": ("accepted", 3800, "outbid"),
    }
    assert rows_of(market, "post") == {"b2": ("accepted", 4150, None)}
    assert {row.winning_bid for row in market.offers(lead_id)} == {4150}


def test_an_offer_tells_the_buyer_its_own_bid(market: Market) -> None:
    told = [["price", {"var": "offer.price"}], ["bid", {"var": "offer.bid"}], ["bid_id", {"var": "offer.bid_id"}]]
    with a_bidder(41.5) as sunrise:
        market.publish([auction(connect(market, sunrise, mapping=told))])
        market.post()
        market.carry()
    assert [request.body for request in posts(sunrise)] == [{"price": 41.5, "bid": 41.5, "bid_id": "B-41.5"}]
    assert pings(sunrise)[0].key != posts(sunrise)[0].key


def test_before_it_buys_a_buyer_learns_no_name(market: Market) -> None:
    with a_bidder(41.5) as sunrise:
        market.publish([auction(connect(market, sunrise))], fields=FIELDS)
        market.post(fields={"first_name": "Ana", "phone_1": "+15125550148"})
        market.carry()
    assert pings(sunrise)[0].body == {"phone_1": "+1512*******", "state": "CA"}


def test_down_the_ranking_until_one_accepts(market: Market) -> None:
    with a_bidder(41, then=declining) as first, a_bidder(40, then=declining) as second, a_bidder(39) as third:
        market.publish([auction(*(connect(market, one) for one in (third, first, second)))])
        [lead_id] = market.post()
        market.carry()
    posted = [row for row in market.offers(lead_id) if row.phase == "post"]
    assert [(row.buyer, row.cascade_position, row.state) for row in posted] == [
        ("b2", 1, "declined"), ("b3", 2, "declined"), ("b1", 3, "accepted"),
    ]  # fmt: skip
    assert market.lead(lead_id).revenue == 3900


@pytest.mark.parametrize(
    ("react", "answer", "reason"),
    [
        (bidding(0), "no_bid", "no_bid"), (bidding(-5), "no_bid", "no_bid"), (bidding("NaN"), "no_bid", "no_bid"),
        (bidding(None), "no_bid", "no_bid"), (bidding(1e9), "no_bid", "no_bid"),
        (failing_ping(204), "no_bid", "no_bid"), (failing_ping(404), "no_bid", "no_bid"),
        (failing_ping(503), "error", "error"), (bidding(50, after=4.0), "timeout", "timeout"),
    ],
)  # fmt: skip
def test_what_is_no_bid_is_refused(market: Market, react: Any, answer: str, reason: str) -> None:
    with a_bidder(react=react) as odd, a_bidder(31) as sunrise:
        market.publish([auction(connect(market, odd), connect(market, sunrise), wait_ms=2500)])
        [lead_id] = market.post()
        market.carry()
        assert posts(odd) == []
    [first, second] = bids_of(market)
    assert (first["answer"], first["bid"], first["reason"]) == (answer, None, reason)
    assert (second["answer"], second["bid"], second["bid_id"]) == ("bid", 3100, "B-31")
    assert market.lead(lead_id).revenue == 3100


LATE, NEVER = 15.0, 30.0
TEN = [(0, 30), (NEVER, 90), (0, 41), (NEVER, 91), (0, math.nan), (0, -5), (0, 1e9), (LATE, 92), (0, 41), (NEVER, 93)]
"""After how many seconds each of ten buyers bids, and what."""


def test_of_ten_that_bid_in_every_way_the_best_live_bid_gets_the_lead_in_time(market: Market) -> None:
    first_says_no = iter([{"status": "rejected"}])

    def answering(number: int, path: str, _body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        after, bid = TEN[number]
        if path == "ping":
            return after, {"bid": bid, "bid_id": f"B-{number}"}
        return 0.0, next(first_says_no, {"status": "accepted"})

    with a_crowd(answering) as crowd:
        rows = [crowd.connect(market, number, ping={"timeout_ms": 30_000}) for number in range(len(TEN))]
        market.publish([auction(*rows, wait_ms=3000)])
        [lead_id] = market.post()
        market.carry()
    asked = [(row.buyer, row.state, row.bid) for row in market.offers(lead_id) if row.phase == "post"]
    assert asked == [("b3", "declined", 4100), ("b9", "accepted", 4100)]
    late, odd = dict.fromkeys(("b2", "b4", "b8", "b10"), "timeout"), dict.fromkeys(("b5", "b6", "b7"), "no_bid")
    refused = {bid["buyer"]: bid["reason"] or bid["answer"] for bid in bids_of(market) if bid["answer"] != "bid"}
    assert refused == late | odd
    [pinged] = [event for event in market.events(lead_id) if event.effect == "ping"]
    assert pinged.done_at
    assert timedelta(seconds=1) <= pinged.done_at - pinged.at < timedelta(seconds=LATE)


def test_consent_is_asked_for_before_a_ping(market: Market) -> None:
    with a_bidder(50) as careful, a_bidder(30) as helio:
        strict = connect(market, careful, consent={"yes": "opt_in"})
        fields = [*FIELDS, {"key": "opt_in", "type": "boolean"}]
        market.publish([auction(strict, connect(market, helio))], fields=fields)
        market.post(fields={"opt_in": False})
        market.carry()
        market.post(fields={"opt_in": True})
        market.carry()
    no_consent, consent = [{row.buyer for row in market.offers(lead.id)} for lead in market.leads()]
    assert (no_consent, consent, len(pings(careful))) == ({"b2"}, {"b1", "b2"}, 1)


def test_a_buyer_that_hangs_up_or_is_away_is_an_error(market: Market) -> None:
    with a_bidder(50) as rude, a_bidder(31) as sunrise, a_bidder(40) as gone:
        rude.hangs_up = True
        away = connect(market, gone, ping={"url": "http://127.0.0.1:1/ping"})
        market.allowed.append(("127.0.0.1", 1))
        market.publish([auction(connect(market, rude), away, connect(market, sunrise))])
        market.post()
        market.carry()
    assert [bid["answer"] for bid in bids_of(market)] == ["error", "error", "bid"]


def test_all_bids_lost_or_none_made_leaves_the_lead_to_the_next_step(market: Market) -> None:
    with a_bidder(0) as helio, a_bidder(5) as cheap:
        market.publish([auction(connect(market, helio), connect(market, cheap), floor=10)])
        [lead_id] = market.post()
        market.carry()
        assert posts(cheap) == []
    assert market.lead(lead_id).outcome == "rejected"
    assert rows_of(market, "ping") == {"b1": ("declined", None, "no_bid"), "b2": ("accepted", 500, "below_floor")}


def test_the_fastest_bid_ends_the_wait(market: Market) -> None:
    speaks = threading.Event()
    with a_bidder(react=silent_until(speaks)) as slow, a_bidder(31) as quick:
        patient = connect(market, slow, ping={"timeout_ms": 60_000})
        market.publish([auction(patient, connect(market, quick), mode="fastest", wait_ms=10_000)])
        with market.carrying():
            [lead_id] = market.post()
            market.wait_until_settled()
            assert len(pings(slow)) == 1
            speaks.set()
        assert posts(slow) == []
    lead = market.lead(lead_id)
    assert lead.revenue == 3100
    assert lead.finished_at
    assert lead.finished_at - lead.received_at < timedelta(seconds=9)
    assert rows_of(market, "ping")["b1"][0] == "error"


def test_no_ping_goes_out_once_the_auction_has_ended(market: Market) -> None:
    speaks, takes = threading.Event(), threading.Event()
    with a_bidder(react=silent_until(speaks)) as network, a_bidder(31, then=silent_until(takes)) as quick:
        patient = connect(market, network, ping={"timeout_ms": 60_000}, row={"concurrency": 1})
        rows = (connect(market, quick), patient, patient)
        market.publish([auction(*rows, mode="fastest", wait_ms=10_000)])
        [lead_id] = market.post()
        with a_loop(market) as loop:
            turn(loop)
            hear(loop, 1)
            turn(loop)
            quick.wait_for(2)
            speaks.set()
            loop._take_in(timeout=30)
            assert len(loop._load.out) == 1
            takes.set()
            hear(loop, 1)
            turn(loop)
        assert (market.lead(lead_id).state, len(pings(network))) == ("done", 1)


def test_a_fast_bid_under_the_floor_ends_no_wait(market: Market) -> None:
    with a_bidder(5) as cheap, a_bidder(31, after=0.2) as sunrise:
        market.publish([auction(connect(market, cheap), connect(market, sunrise), mode="fastest", floor=10)])
        [lead_id] = market.post()
        market.carry()
    assert market.lead(lead_id).revenue == 3100


def test_a_buyer_that_is_paused_or_unknown_is_not_asked(market: Market) -> None:
    with a_bidder(50) as paused, a_bidder(31) as sunrise:
        resting = connect(market, paused, row={"state": "paused"})
        market.publish([auction(resting, connect(market, sunrise))])
        market.post()
        market.carry()
    assert paused.seen == []
    assert list(rows_of(market, "ping")) == ["b2"]


def test_the_answers_price_is_never_above_the_bid(market: Market) -> None:
    accepts = (200, {"status": "accepted", "price": 99})
    with a_bidder(31, then=lambda _: accepts) as sunrise:
        market.publish([auction(connect(market, sunrise, price_from="answer"))])
        [lead_id] = market.post()
        market.carry()
    assert market.lead(lead_id).revenue == 3100


def test_the_winner_that_may_have_taken_it_is_asked_again_and_nobody_else(market: Market) -> None:
    answers = iter([SILENT, (200, {"status": "accepted"})])
    with a_bidder(41, then=lambda _: next(answers)) as first, a_bidder(40) as second:
        rows = {"connection": connect(market, first), **quickly()}, connect(market, second)
        market.publish([auction(*rows)])
        [lead_id] = market.post()
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
        assert posts(second) == []
    assert len({request.key for request in posts(first)}) == 1
    assert market.lead(lead_id).revenue == 4100


def test_pings_wait_for_room_at_a_buyer_and_hold_up_nobody_else(market: Market) -> None:
    with a_bidder(50, after=1.2) as busy, a_bidder(31) as sunrise:
        narrow = connect(market, busy, row={"concurrency": 1})
        market.publish([auction(narrow, connect(market, sunrise), wait_ms=4000)])
        leads = market.post(8)
        market.carry()
        assert 1 <= len(pings(busy)) <= 4
    answers = [bid["answer"] for lead in leads for bid in _bids(market, lead) if bid["buyer"] == "b1"]
    assert answers.count("timeout") == 8 - answers.count("bid")
    assert {market.lead(lead).outcome for lead in leads} == {"sold"}


def _bids(market: Market, lead_id: Any) -> list[dict[str, Any]]:
    [event] = [event for event in market.events(lead_id) if event.effect == "ping"]
    assert event.result is not None
    bids: list[dict[str, Any]] = event.result["bids"]
    return bids


def test_a_test_lead_calls_nobody(market: Market) -> None:
    with a_bidder(31) as sunrise, a_bidder(30) as helio:
        market.publish([auction(connect(market, sunrise), connect(market, helio))])
        [lead_id] = market.post(is_test=True)
        market.carry()
        assert sunrise.seen == helio.seen == []
    assert market.lead(lead_id).outcome == "sold"
    assert market.offers(lead_id) == []


def test_many_auctions_at_once_and_other_leads_meanwhile(market: Market) -> None:
    def answering(number: int, path: str, _body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        return (0.5, {"bid": 20 + number}) if path == "ping" else (0.0, {"status": "accepted"})

    with a_crowd(answering) as crowd:
        market.publish([auction(*(crowd.connect(market, number) for number in range(20)))])
        leads = market.post(20)
        market.carry()
    assert crowd.counts == {"ping": 400, "leads": 20}
    assert crowd.most_at_once > 100
    assert {market.lead(lead).revenue for lead in leads} == {3900}


def test_a_cap_is_not_passed_by_auctions_at_once(market: Market) -> None:
    with ExitStack() as stack:
        best, second = (stack.enter_context(a_bidder(bid)) for bid in (40, 30))
        limited = {"connection": connect(market, best), "caps": [{"limit": 7, "per": "day"}]}
        market.publish([auction(limited, connect(market, second))])
        market.post(30)
        with market.carrying(loops=3):
            market.wait_until_settled()
    assert market.count_offers("b1", "accepted") == 7
    assert market.count_offers("b2", "accepted") == 23


def test_a_declined_winner_gives_its_place_back(market: Market) -> None:
    answers = iter([(200, DECLINES)])
    with a_bidder(40, then=lambda _: next(answers, (200, {"status": "accepted"}))) as best, a_bidder(30) as second:
        limited = {"connection": connect(market, best), "caps": [{"limit": 1, "per": "day"}]}
        market.publish([auction(limited, connect(market, second))])
        with market.carrying():
            for _ in range(2):
                market.post()
                market.wait_until_settled()
    assert [lead.revenue for lead in market.leads()] == [3000, 4000]


def test_each_in_turn_after_the_one_last_sold(market: Market) -> None:
    with a_buyer() as first, a_buyer(declining) as second, a_buyer() as third:
        buyers = first, second, third
        rows = [{"id": f"b{at}", "connection": market.connect(one), "price": 42} for at, one in enumerate(buyers, 1)]
        market.publish([{"group": {"id": "g", "mode": "round_robin", "buyers": rows}}])
        with market.carrying():
            for _ in range(4):
                market.post()
                market.wait_until_settled()
    winners = [row.buyer for lead in market.leads() for row in market.offers(lead.id) if row.is_winner]
    assert winners == ["b1", "b3", "b1", "b3"]
    assert [len(one.seen) for one in buyers] == [2, 2, 2]
