"""Workers that go while the web hands them posts: each is answered, stored once and sold once."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
import requests

from flowbuilder import db, enqueue
from flowbuilder.config import settings
from flowbuilder.embedded.homes import posts_folder
from tests.support.buyers import Buyer, a_buyer
from tests.support.flows import buyer, cap, quickly
from tests.support.market import a_market, empty
from tests.support.processes import eventually
from tests.support.servers import private_servers
from tests.support.yard import Worker, Yard, a_yard, posting

RATE, THREADS, ROUNDS = 60.0, 48, 4
WITH_SHORT_LEASES = ("-m", "tests.support.armed", "never", "1", "leads")
Scene = tuple[Yard, Buyer]


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Give a yard with its web and two workers, and a buyer that takes each lead."""
    with ExitStack() as stack:
        servers = stack.enter_context(private_servers())
        db.migrate(servers.database_url)
        empty(servers.database_url)
        with enqueue.connect(servers.redis_url) as redis:
            redis.flushall()
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url))
        sunrise = stack.enter_context(a_buyer())
        market.publish([cap(100_000), buyer(market.connect(sunrise), **quickly(after=["1s"] * 5))])
        yard = stack.enter_context(a_yard(market, servers))
        yard.open()
        yard.workers = [hired(yard) for _ in range(2)]
        yield yard, sunrise


def hired(yard: Yard) -> Worker:
    return yard.start(*WITH_SHORT_LEASES)


def at_the_door(yard: Yard) -> int | None:
    """Return which worker takes posts, by its place, None while none does."""
    for at, worker in enumerate(yard.workers):
        with suppress(psutil.Error):
            sockets = psutil.Process(worker.pid).net_connections("unix")
            if any(one.laddr.startswith(str(posts_folder(settings().home.resolve()))) for one in sockets):
                return at
    return None


@pytest.mark.timeout(240)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_posts_that_are_handed_to_a_worker_that_goes_are_sold_once(scene: Scene, how: signal.Signals) -> None:
    yard, sunrise = scene
    address, key = yard.address()
    answers: dict[int, requests.Response] = {}

    def post(number: int) -> None:
        lead = {"email": f"lead{number}@example.com", "state": "CA"}
        headers = {"X-API-Key": key, "Idempotency-Key": f"key-{number}"}
        answers[number] = requests.post(address, json=lead, headers=headers, params={"wait": "5"}, timeout=60)

    with posting(post, RATE, threads=THREADS):
        for _ in range(ROUNDS):
            eventually(lambda: at_the_door(yard) is not None)
            many = len(answers)
            eventually(lambda many=many: len(answers) > many + 20)
            at = at_the_door(yard)
            gone = yard.workers[at if at is not None else 0]
            gone.send_signal(how)
            many = len(answers)
            eventually(lambda many=many: len(answers) > many + 60)
            if how == signal.SIGSTOP:
                gone.send_signal(signal.SIGCONT)
            else:
                gone.wait(60)
                yard.workers = [hired(yard) if worker is gone else worker for worker in yard.workers]
    yard.market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert {answer.status_code for answer in answers.values()} <= {201, 202}
    leads = yard.market.leads()
    assert len(leads) == len(answers) == len({answer.json()["lead"]["id"] for answer in answers.values()})
    assert {lead.outcome for lead in leads} == {"sold"}
    yard.market.check()
    yard.market.check_requests(sunrise)
