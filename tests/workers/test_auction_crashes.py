"""A worker may end anywhere between a ping and the post: nothing is sold twice, nobody is asked under two keys."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flowbuilder import config
from tests.support import armed
from tests.support.armed import exit_code
from tests.support.bidders import a_bidder, auction, connect, pings, posts
from tests.support.buyers import Buyer, accepting, after
from tests.support.flows import quickly
from tests.support.market import Market
from workers import journal
from workers.crashpoints import CRASHED

TURNS = 6


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)


@contextmanager
def an_auction(market: Market, **settings: Any) -> Iterator[tuple[Buyer, Buyer]]:
    with a_bidder(41, after=0.05) as best, a_bidder(30) as second:
        first = {"connection": connect(market, best), "caps": [{"limit": 5, "per": "total"}], **quickly()}
        market.publish([auction(first, {"connection": connect(market, second), **quickly()}, **settings)])
        yield best, second


def environ(market: Market) -> dict[str, str]:
    allowed = ",".join(f"{host}:{port}" for host, port in market.allowed)
    own = {"DATABASE_URL": market.url, "REDIS_URL": market.redis_url, "OUTBOUND_ALLOW": allowed}
    return config.child_environ(config.settings()) | own


def recover(market: Market) -> None:
    """Carry what the dead worker left, until every lead has ended."""
    with market.carrying():
        market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    market.check()


def check_keys(*buyers: Buyer) -> None:
    """Fail unless each lead was pinged and posted under one key each, and pinged once."""
    for buyer in buyers:
        assert set(Counter(request.key for request in pings(buyer)).values()) <= {1}
        by_lead = {request.headers["x-lead-id"]: request.key for request in posts(buyer)}
        assert len(by_lead) == len({request.key for request in posts(buyer)})


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_may_end_around_any_turn_of_an_auction(market: Market, side: str) -> None:
    with an_auction(market) as buyers:
        for turn in range(1, TURNS + 1):
            market.post(2)
            worker = armed.start(environ(market), f"{side} turn", turn, "leads")
            assert exit_code(worker) == CRASHED, turn
        recover(market)
        market.check_requests(*buyers)
        check_keys(*buyers)
        wins = Counter(row.buyer for lead in market.leads() for row in market.offers(lead.id) if row.is_winner)
        assert wins["b1"] <= 5
        market.post(10)
        recover(market)
    assert market.count_offers("b1", "accepted") == 5


def kill_once_called(market: Market, *bidders: Buyer, times: int = 1) -> None:
    """Start a worker, and kill it once each of these bidders was called so many times."""
    worker = armed.start(environ(market), "never", 1, "leads")
    for bidder in bidders:
        bidder.wait_for(times)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join()


def test_after_a_crash_what_was_not_answered_counts_as_too_late(market: Market) -> None:
    with an_auction(market) as (best, second):
        best.delay = second.delay = 5.0
        [lead_id] = market.post()
        kill_once_called(market, best, second)
        best.delay = second.delay = 0.0
        recover(market)
        check_keys(best, second)
    assert {(row.phase, row.state, row.lost_reason) for row in market.offers(lead_id)} == {("ping", "error", "timeout")}
    assert market.lead(lead_id).outcome == "rejected"


def test_after_a_crash_it_is_known_still_why_a_bidder_was_not_asked(market: Market) -> None:
    with a_bidder(41) as best, a_bidder(50) as choosy:
        best.delay = 5.0
        needs = {"mapping": [["zip", {"var": "lead.postal_code"}, {"required": True}]]}
        market.publish([auction(connect(market, best), connect(market, choosy, ping=needs))])
        [lead_id] = market.post()
        kill_once_called(market, best)
        best.delay = 0.0
        recover(market)
        assert pings(choosy) == []
    [settled] = [event for event in market.events(lead_id) if event.effect == "settle"]
    assert {one["buyer"]: one["reason"] for one in settled.asks["lost"]} == {"b1": "timeout", "b2": "missing_field"}


def test_a_worker_that_dies_between_ping_and_answer_to_the_post_sells_once_under_one_key(market: Market) -> None:
    with an_auction(market) as (best, second):
        slow, best.react = best.react, after(5.0, accepting)
        best.react = lambda request: slow(request) if request.path == "/ping" else after(5.0, accepting)(request)
        [lead_id] = market.post()
        kill_once_called(market, best, times=2)
        best.react = accepting
        recover(market)
        assert posts(second) == []
        check_keys(best)
        assert len(posts(best)) == 2
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue) == ("sold", 4100)


def test_workers_that_stop_finish_their_pings(market: Market) -> None:
    with an_auction(market, wait_ms=5000) as (best, second):
        best.delay = 0.2
        market.post(5)
        worker = armed.start(environ(market) | {armed.GRACE: "15"}, "never", 1, "leads")
        best.wait_for(5)
        worker.terminate()
        worker.join(60)
        recover(market)
        check_keys(best, second)
    assert {row.state for lead in market.leads() for row in market.offers(lead.id) if row.phase == "ping"} == {
        "accepted"
    }
