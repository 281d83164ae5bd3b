"""Workers that are told to stop, are paused, or lose Valkey: nothing is lost, nobody is asked twice."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import clock, db, embedded, enqueue, ids
from flowbuilder.models import ConnectionTest
from tests.support import armed, fencing
from tests.support.buyers import Buyer, a_buyer, accepting, silent_until
from tests.support.flows import SURELY, buyer, cap, quickly
from tests.support.market import a_market, empty
from tests.support.servers import private_servers
from tests.support.yard import Yard, a_yard, posting

RATE = 20.0
STOPS, PAUSES = 6, 3
ALL_DONE = "(SELECT count(*) FROM lead WHERE state <> 'done') = 0"
WITH_SHORT_LEASES = ("-m", armed.__name__, "never", "1", "leads")
JOBS = ("-m", "workers", "jobs")
ASKED_AGAIN = "(SELECT count(*) FROM attempt WHERE attempt_no > 1 AND state = 'sending') > 0"

Scene = tuple[Yard, Buyer]


@pytest.fixture(scope="module")
def servers_of_module() -> Iterator[embedded.Servers]:
    """Give servers that these tests stop and start."""
    with private_servers() as servers:
        db.migrate(servers.database_url)
        yield servers


@pytest.fixture
def scene(servers_of_module: embedded.Servers) -> Iterator[Scene]:
    """Give a yard without workers yet, and a buyer that takes a fifth of a second for each lead."""
    with ExitStack() as stack:
        empty(servers_of_module.database_url)
        with enqueue.connect(servers_of_module.redis_url) as redis:
            redis.flushall()
        market = stack.enter_context(a_market(servers_of_module.database_url, servers_of_module.redis_url))
        sunrise = stack.enter_context(a_buyer(accepting))
        sunrise.delay = 0.2
        market.publish([cap(100_000), buyer(market.connect(sunrise, **SURELY), **quickly(after=["1s"] * 5))])
        yield stack.enter_context(a_yard(market, servers_of_module)), sunrise


def hire_and_wait(yard: Yard, many: int) -> None:
    """Start workers and return once they are at work."""
    before = yard.market.count(text("SELECT count(*) FROM worker"))
    yard.hire(many)
    yard.market.wait_until(f"(SELECT count(*) FROM worker) >= {before + many}")


def post(yard: Yard, number: int) -> None:
    yard.market.post(1, fields={"email": f"lead{number}@example.com"})


def test_workers_that_are_told_to_stop_one_after_the_other_lose_nothing_and_ask_nobody_twice(scene: Scene) -> None:
    yard, sunrise = scene
    hire_and_wait(yard, 2)
    ends = []
    with posting(lambda number: post(yard, number), RATE):
        for number in range(STOPS):
            yard.market.wait_until(f"(SELECT count(*) FROM worker) >= {number + 2}")
            ends.append(yard.replace(yard.workers[0], signal.SIGTERM))
    yard.market.wait_until(ALL_DONE)
    assert [code for code, _ in ends] == [0] * STOPS
    assert max(seconds for _, seconds in ends) <= 30
    leads = yard.market.leads()
    assert {lead.outcome for lead in leads} == {"sold"}
    assert len(sunrise.seen) == len({request.body["email"] for request in sunrise.seen}) == len(leads)


def test_a_worker_that_was_paused_writes_nothing_when_it_wakes(scene: Scene) -> None:
    yard, sunrise = scene
    speaks = threading.Event()
    sunrise.delay, sunrise.react = 0, silent_until(speaks)
    fencing.write_down_who_writes(yard.market.database)
    workers = {name: yard.start(*WITH_SHORT_LEASES, called=name) for name in ("one", "two")}
    yard.workers = list(workers.values())
    yard.market.wait_until("(SELECT count(*) FROM worker) >= 2", 120)
    for _ in range(PAUSES):
        before = len(sunrise.seen)
        speaks.clear()
        yard.market.post(20)
        sunrise.wait_for(before + 10)
        # Whoever wrote has leads in hand: nobody was answered yet.
        paused = workers[fencing.newest_writer(yard.market.database, workers.keys())]
        paused.send_signal(signal.SIGSTOP)
        yard.market.wait_until(ASKED_AGAIN)
        paused.send_signal(signal.SIGCONT)
        speaks.set()
        yard.market.wait_until(ALL_DONE)
    yard.close()
    late, _, who = fencing.late_writes(yard.market.database)
    fencing.forget(yard.market.database)
    assert (late, who) == (0, {"one", "two"})
    assert {lead.outcome for lead in yard.market.leads()} == {"sold"}
    yard.market.check_requests(sunrise)


@pytest.mark.parametrize("wipe", [False, True])
def test_leads_that_came_while_valkey_was_away_are_done_soon_after(scene: Scene, wipe: bool) -> None:
    yard, sunrise = scene
    hire_and_wait(yard, 2)
    for _ in range(2):
        yard.market.post(10)
        yard.servers.kill_valkey(wipe=wipe)
        yard.market.post(20)
        yard.servers.start_valkey()
        back_at = time.monotonic()
        while yard.market.count_open():
            assert time.monotonic() - back_at <= 90
            yard.revive()
            time.sleep(0.2)
    assert len(sunrise.seen) == 60


@pytest.mark.parametrize("command", [JOBS, ("-m", "workers", "leads")])
@pytest.mark.parametrize("away", [False, True])
def test_an_idle_worker_ends_at_once(scene: Scene, command: tuple[str, ...], away: bool) -> None:
    yard, _ = scene
    worker = yard.start(*command)
    with enqueue.connect(yard.servers.redis_url) as redis:
        until_idle(redis, worker)
    if away:
        yard.servers.kill_valkey()
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(60) == 0
    assert time.monotonic() - began <= 60
    yard.servers.start_valkey()


def until_idle(redis: enqueue.Redis, worker: subprocess.Popen[bytes]) -> None:
    """Wait until RQ says that a worker listens; it died if it never does."""
    for _ in range(2400):
        assert worker.poll() is None
        if any(redis.hget(name, "state") == b"idle" for name in redis.smembers("rq:workers")):
            return
        time.sleep(0.05)
    raise AssertionError("the worker never listened")


def test_a_stopped_worker_lets_its_calls_end(scene: Scene) -> None:
    yard, sunrise = scene
    sunrise.delay = 4.0
    hire_and_wait(yard, 1)
    yard.market.post(5)
    sunrise.wait_for(5)
    [worker] = yard.workers
    worker.terminate()
    worker.terminate()
    assert worker.wait(60) == 0
    assert {lead.outcome for lead in yard.market.leads()} == {"sold"}
    assert len(sunrise.seen) == 5


def test_a_job_that_runs_is_finished_before_its_worker_ends(scene: Scene) -> None:
    yard, sunrise = scene
    sunrise.delay = 1.5
    shown = yard.market.connect(sunrise)
    with Session(yard.market.database) as session:
        test = ConnectionTest(id=ids.new_id(), account_id=yard.market.account_id, connection_id=ids.read(shown, "con"))
        test.state, test.fields, test.created_at = "queued", {"email": "ana@example.com"}, clock.now()
        session.add(test)
        session.commit()
        test_id = test.id
    worker = yard.start(*JOBS)
    with enqueue.connect(yard.servers.redis_url, timeout=30) as redis:
        assert enqueue.enqueue_job(redis, enqueue.TEST_CONNECTION, test_id)
    sunrise.wait_for(1)
    worker.terminate()
    assert worker.wait(60) == 0
    with Session(yard.market.database) as session:
        assert session.get_one(ConnectionTest, test_id).state == "done"
