"""Leads share loops, and loops share leads: a slow buyer holds up its own leads alone."""

import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rq import Queue as RqQueue

from flowbuilder import enqueue
from tests.support import armed
from tests.support.buyers import a_buyer, accepting, silent_at_first, silent_until
from tests.support.flows import buyer, cap, quickly
from tests.support.market import Market
from tests.support.processes import eventually
from workers import engine, load, turn
from workers.claiming import Claiming
from workers.pace import FIRST_FITTING

FAST_DONE = "(SELECT count(*) FROM lead WHERE outcome = 'sold' AND fields->>'state' = 'CA') = 15"


def steps(market: Market, slow: Any, fast: Any) -> list[dict[str, Any]]:
    """Return a flow whose leads from Texas go to the slow buyer, two at once, and all others to the fast one."""
    is_texan = {"is": [{"var": "lead.state"}, "TX"]}
    return [
        buyer(market.connect(slow, row={"concurrency": 2}, timeout_ms=60_000), "slow", when=is_texan),
        buyer(market.connect(fast), "fast"),
    ]


@pytest.mark.parametrize("slots", [2048, 20])
def test_a_slow_buyer_does_not_hold_up_the_leads_of_others(
    market: Market, monkeypatch: pytest.MonkeyPatch, slots: int
) -> None:
    monkeypatch.setattr(load, "SLOTS", slots)
    monkeypatch.setattr(turn, "BUSY_FOR", timedelta(seconds=0.5))
    with a_buyer(accepting) as slow, a_buyer(accepting) as fast:
        speaks = threading.Event()
        slow.react = silent_until(speaks)
        market.publish(steps(market, slow, fast))
        market.post(30, fields={"state": "TX"})
        market.post(15)
        with market.carrying():
            market.wait_until(FAST_DONE)
            assert market.count_open() == 30
            speaks.set()
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert len({request.key for request in slow.seen}) == len(slow.seen) == 30


def test_leads_without_room_in_the_queue_look_again_the_later_the_longer_it_takes(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SLOTS", 20)
    monkeypatch.setattr(turn, "BUSY_FOR", timedelta(seconds=0.1))
    speaks = threading.Event()
    with a_buyer(silent_at_first(speaks)) as silent:
        market.publish([buyer(market.connect(silent, row={"concurrency": 1}, timeout_ms=30_000))])
        market.post(14)
        with market.carrying():
            market.wait_until("(SELECT max(due_at) - now() > '0.8s' FROM lead WHERE state = 'waiting')")
            speaks.set()
            market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') = 14")
    assert len({request.key for request in silent.seen}) == len(silent.seen) == 14


def test_loops_that_share_leads_ask_about_each_one_once(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        with market.carrying(3):
            for _ in range(5):
                market.post(60)
            market.wait_until_settled()
    assert len({request.key for request in sunrise.seen}) == len(sunrise.seen) == 300


@pytest.mark.parametrize(("leads", "asked"), [(FIRST_FITTING + 1, 1), (FIRST_FITTING - 1, 0)])
def test_another_loop_is_asked_to_join_when_more_leads_are_due_than_fit_into_a_turn(
    market: Market, leads: int, asked: int
) -> None:
    queue = RqQueue.redis_queue_namespace_prefix + enqueue.LEADS
    with a_buyer(accepting) as sunrise, enqueue.connect(market.redis_url) as redis:
        market.publish([buyer(market.connect(sunrise))])
        market.post(leads)
        redis.delete(queue)
        market.carry()
        eventually(lambda: redis.llen(queue) == asked)
    assert len(sunrise.seen) == leads


@pytest.mark.parametrize(
    ("claims", "asked"),
    [
        ([(64, 64)] * 3, 0),
        ([(64, 64)] * 4, 1),
        ([(64, 64)] * 3 + [(63, 64)] + [(64, 64)] * 3, 0),
        ([(20, 20)], 1),
        ([(19, 20)], 0),
        ([(4, 4)], 1),  # posts have the other half
        ([(3, 3)], 0),  # there was hardly room
    ],
)
def test_full_claims_tell_of_more_leads_than_fit_into_a_turn(claims: list[tuple[int, int]], asked: int) -> None:
    calls: list[bool] = []
    rhythm = Claiming(on_many=lambda: calls.append(True))
    for claimed, most in claims:
        rhythm._note_whether_full(claimed, most)
    assert len(calls) == asked


def test_a_loop_that_joined_another_leaves_while_the_first_has_little_to_do(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STAYS_FOR", 0.2)
    monkeypatch.setattr(engine, "IDLE_FOR", 60.0)
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        loops = [market.engine() for _ in range(2)]
        threads = [threading.Thread(target=loop.carry, daemon=True) for loop in loops]
        for loop, thread in zip(loops, threads, strict=True):
            loop.start()
            thread.start()
        market.post(20)
        market.wait_until_settled()
        eventually(lambda: [thread.is_alive() for thread in threads].count(True) == 1)
        market.post(20)
        market.wait_until_settled()
        assert [thread.is_alive() for thread in threads].count(True) == 1
        for loop, thread in zip(loops, threads, strict=True):
            loop.close()
            thread.join(timeout=20)
    assert {lead.outcome for lead in market.leads()} == {"sold"}
    assert len(sunrise.seen) == 40


def test_a_call_that_outlasts_its_lease_keeps_it(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.journal.LEASE", timedelta(seconds=4))
    with a_buyer(accepting) as sunrise:
        sunrise.delay = 6
        market.publish([buyer(market.connect(sunrise))])
        [lead_id] = market.post(1)
        with market.carrying(2):
            market.wait_until_settled()
    assert [attempt.state for attempt in market.attempts(lead_id)] == ["ok"]
    assert len(sunrise.seen) == 1


def test_a_loop_that_ends_its_shift_finishes_its_calls_and_gives_back_the_rest(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LONGEST_SHIFT", 0.3)
    with a_buyer(accepting) as sunrise:
        sunrise.delay = 0.2
        market.publish([buyer(market.connect(sunrise, row={"concurrency": 3}))])
        market.post(20)
        market.carry()
    assert len({request.key for request in sunrise.seen}) == len(sunrise.seen) == 20
    assert {lead.outcome for lead in market.leads()} == {"sold"}


def test_a_loop_that_waits_for_its_last_call_lets_others_carry_the_rest(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LONGEST_SHIFT", 0.3)
    speaks = threading.Event()
    with a_buyer(silent_at_first(speaks)) as silent:
        market.publish([buyer(market.connect(silent, row={"concurrency": 1}, timeout_ms=30_000))])
        market.post(5)
        with market.carrying(2):
            market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') = 4")
            speaks.set()
            market.wait_until_settled()
    assert len({request.key for request in silent.seen}) == len(silent.seen) == 5


def test_a_worker_that_stands_still_in_a_turn_does_not_hold_up_the_others_for_long(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([cap(1000), buyer(market.connect(sunrise), **quickly())])
        market.post(3)
        worker = armed.start_worker(market, "pause before turn", 2)
        eventually(lambda: is_stopped(worker.pid))
        began = time.monotonic()
        market.post(20)
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') >= 20")
            assert time.monotonic() - began <= 60
            os.kill(worker.pid, signal.SIGCONT)
            worker.terminate()
            armed.exit_code(worker)
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    market.check_requests(sunrise)


def is_stopped(pid: int | None) -> bool:
    """Say whether a process stands still."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
