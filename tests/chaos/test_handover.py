"""Workers that go while the web hands them posts: each is answered, stored once and sold once."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import psutil
import pytest
import requests

from flowbuilder import db, enqueue
from flowbuilder.config import settings
from flowbuilder.embedded.homes import posts_folder
from tests.support.buyers import Buyer, a_buyer
from tests.support.flows import SURELY, buyer, cap, quickly
from tests.support.market import a_market, empty
from tests.support.processes import eventually
from tests.support.servers import private_servers
from tests.support.yard import Worker, Yard, a_yard, posting
from workers.crashpoints import CRASHED

RATE, THREADS, ROUNDS = 40.0, 32, 3
TURNS = 20
"""With how many turns that had posts a worker ends by itself."""
Scene = tuple[Yard, Buyer]


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Give a yard with its web, and a buyer that takes each lead."""
    with ExitStack() as stack:
        servers = stack.enter_context(private_servers())
        db.migrate(servers.database_url)
        empty(servers.database_url)
        with enqueue.connect(servers.redis_url) as redis:
            redis.flushall()
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url))
        sunrise = stack.enter_context(a_buyer())
        market.publish([cap(100_000), buyer(market.connect(sunrise, **SURELY), **quickly(after=["1s"] * 5))])
        yard = stack.enter_context(a_yard(market, servers))
        yard.open()
        yield yard, sunrise


def hire(yard: Yard, many: int, point: str = "never") -> None:
    """Start workers with short leases that end once they have passed a point some times."""
    yard.workers += [yard.start("-m", "tests.support.armed", point, str(TURNS), "leads") for _ in range(many)]


def at_the_door(yard: Yard) -> Worker | None:
    """Return the worker that takes posts, None while none does."""
    for worker in yard.workers:
        with suppress(psutil.Error):
            sockets = psutil.Process(worker.pid).net_connections("unix")
            if any(one.laddr.startswith(str(posts_folder(settings().home.resolve()))) for one in sockets):
                return worker
    return None


@contextmanager
def suppliers(scene: Scene) -> Iterator[dict[int, requests.Response]]:
    """Have leads posted that wait for a buyer; give the answers, which must say at last that each was sold once."""
    yard, sunrise = scene
    address, key = yard.address()
    answers: dict[int, requests.Response] = {}

    def post(number: int) -> None:
        lead = {"email": f"lead{number}@example.com", "state": "CA"}
        headers = {"X-API-Key": key, "Idempotency-Key": f"key-{number}"}
        answers[number] = requests.post(address, json=lead, headers=headers, params={"wait": "5"}, timeout=60)

    with posting(post, RATE, threads=THREADS):
        yield answers
    yard.market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert yard.handed_over() not in ("0", "?")
    assert {answer.status_code for answer in answers.values()} <= {201, 202}
    leads = yard.market.leads()
    assert len(leads) == len(answers) == len({answer.json()["lead"]["id"] for answer in answers.values()})
    assert {lead.outcome for lead in leads} == {"sold"}
    yard.market.check()
    yard.market.check_requests(sunrise)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_posts_that_are_handed_to_a_worker_that_goes_are_sold_once(scene: Scene, how: signal.Signals) -> None:
    yard, _ = scene
    hire(yard, 2)
    with suppliers(scene) as answers:
        for _ in range(ROUNDS):
            eventually(lambda: at_the_door(yard) is not None, 120)
            many = len(answers)
            eventually(lambda many=many: len(answers) > many + 20, 120)
            gone = at_the_door(yard) or yard.workers[0]
            gone.send_signal(how)
            many = len(answers)
            eventually(lambda many=many: len(answers) > many + 60, 120)
            if how == signal.SIGSTOP:
                gone.send_signal(signal.SIGCONT)
            else:
                gone.wait(60)
                yard.workers.remove(gone)
                hire(yard, 1)


@pytest.mark.parametrize("point", ["before posts", "after posts"])
def test_posts_that_are_handed_to_a_worker_that_ends_around_its_commit_are_sold_once(scene: Scene, point: str) -> None:
    yard, _ = scene
    hire(yard, 2, point)
    with suppliers(scene):
        for _ in range(ROUNDS):
            eventually(lambda: any(worker.poll() is not None for worker in yard.workers), 120)
            gone, *_ = [worker for worker in yard.workers if worker.poll() is not None]
            assert gone.wait() == CRASHED
            yard.workers.remove(gone)
            hire(yard, 1, point)
        hire(yard, 1)
