"""A loop that only waits for its last calls goes on with all else that its process owes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from rq import Queue as RqQueue

from flowbuilder import enqueue
from tests.support.armed import STOPPED, SURVIVED, exit_code, start_worker
from tests.support.buyers import Buyer, a_buyer, silent_at_first
from tests.support.flows import buyer
from tests.support.market import Market
from tests.support.processes import eventually
from workers import engine
from workers.engine import Engine

QUEUE = RqQueue.redis_queue_namespace_prefix + enqueue.LEADS


@pytest.fixture
def speaks() -> Iterator[threading.Event]:
    """Give the event after which the buyer answers the first request."""
    event = threading.Event()
    yield event
    event.set()


@contextmanager
def winding_up(market: Market, speaks: threading.Event) -> Iterator[tuple[Engine, threading.Thread, Buyer]]:
    """Give a loop that joined another one and only waits for its last call, which hangs; its thread; its buyer."""
    with (
        pytest.MonkeyPatch.context() as patch,
        a_buyer(silent_at_first(speaks)) as silent,
        enqueue.connect(market.redis_url) as redis,
    ):
        patch.setattr(engine, "STAYS_FOR", 0.2)
        market.publish([buyer(market.connect(silent, timeout_ms=30_000))])
        redis.set(enqueue.CARRIED, "another loop, which this one joins")
        loop = market.engine()
        thread = threading.Thread(target=loop.carry, daemon=True)
        loop.start()
        thread.start()
        market.post()
        silent.wait_for(1)
        eventually(lambda: loop._is_winding_up)
        redis.delete(QUEUE)
        try:
            yield loop, thread, silent
        finally:
            loop.stop()
            thread.join(60)
            loop.close()


def test_nudges_are_left_to_others(market: Market, speaks: threading.Event) -> None:
    with winding_up(market, speaks) as (loop, thread, _), enqueue.connect(market.redis_url) as redis:
        enqueue.nudge(redis)
        looked = looks(redis)
        eventually(lambda: looks(redis) >= looked + 3)
        assert (redis.llen(enqueue.WAKE), redis.llen(QUEUE), loop._is_winding_up) == (1, 0, True)
        speaks.set()
        thread.join(60)
    assert [lead.outcome for lead in market.leads()] == ["sold"]


def looks(redis: enqueue.Redis) -> int:
    """Return how often somebody has looked whether a loop is asked for."""
    return int(redis.info("commandstats").get("cmdstat_llen", {}).get("calls", 0))


def test_it_goes_on_where_a_loop_is_asked_for_and_no_worker_is_free(market: Market, speaks: threading.Event) -> None:
    with winding_up(market, speaks) as (_, thread, silent), enqueue.connect(market.redis_url) as redis:
        redis.delete(enqueue.CARRIED)
        market.post(3)
        market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') = 3")
        assert (redis.llen(QUEUE), market.count_open()) == (0, 1)
        speaks.set()
        market.wait_until_settled()
    assert not thread.is_alive()
    assert len({request.key for request in silent.seen}) == len(silent.seen) == 4


def test_the_only_worker_goes_on_after_its_shift_while_a_call_hangs(
    market: Market, speaks: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LONGEST_SHIFT", 0.3)
    with a_buyer(silent_at_first(speaks)) as silent:
        market.publish([buyer(market.connect(silent, timeout_ms=30_000))])
        market.post()
        loop = market.engine()
        loop.start()
        thread = threading.Thread(target=loop.carry, daemon=True)
        thread.start()
        silent.wait_for(1)
        for shift in range(1, 4):
            eventually(lambda: loop._is_winding_up)
            market.post()
            market.wait_until(f"(SELECT count(*) FROM lead WHERE outcome = 'sold') = {shift}")
        assert market.count_open() == 1
        speaks.set()
        market.wait_until_settled()
        loop.stop()
        thread.join(60)
        loop.close()
    assert [attempt.state for lead in market.leads() for attempt in market.attempts(lead.id)] == ["ok"] * 4


def test_without_valkey_a_shift_goes_on(
    market: Market, speaks: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LONGEST_SHIFT", 0.1)
    market.redis_url = "redis://127.0.0.1:1"
    with a_buyer(silent_at_first(speaks)) as silent:
        market.publish([buyer(market.connect(silent, timeout_ms=30_000))])
        market.post()
        with market.carrying():
            silent.wait_for(1)
            for number in range(1, 4):
                market.post()
                market.wait_until(f"(SELECT count(*) FROM lead WHERE outcome = 'sold') = {number}")
            speaks.set()
            market.wait_until_settled()
    assert len(silent.seen) == 4


def test_its_lease_is_renewed_and_it_says_that_it_lives(
    market: Market, speaks: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.journal.LEASE", timedelta(seconds=4))
    beats: list[float] = []
    with winding_up(market, speaks) as (loop, _, silent):
        loop.renewals.on_beat = lambda _redis: beats.append(time.monotonic())
        with market.carrying():
            eventually(lambda: len(beats) >= 4)
            assert loop._is_winding_up
            speaks.set()
            market.wait_until_settled()
    assert len(silent.seen) == 1
    assert [attempt.state for attempt in market.attempts(market.leads()[0].id)] == ["ok"]


def test_told_to_stop_it_waits_no_longer_than_any_other(
    market: Market, speaks: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", 0.3)
    with winding_up(market, speaks) as (loop, thread, silent):
        loop.stop()
        thread.join(60)
        assert not thread.is_alive()
        [lead] = market.leads()
        market.wait_until("(SELECT due_at <= now() AND crashes = 0 FROM lead)")
        speaks.set()
        market.carry()
    assert [attempt.state for attempt in market.attempts(lead.id)] == ["ambiguous"]
    assert len(silent.seen) == 1


@pytest.mark.parametrize("kind", ["leads", "jobs"])
def test_a_worker_that_is_told_to_stop_before_it_waits_for_jobs_ends_in_order(market: Market, kind: str) -> None:
    assert exit_code(start_worker(market, STOPPED, 1, kind)) == SURVIVED
