"""Noisy neighbours: fifty buyers of one seller never answer, and the leads of another go out as quickly as before.

python -m tests.chaos.neighbours [seconds] [leads per second] [noisy leads per second]     30 seconds, 10, 20
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder import db, embedded
from tests.support import cast
from tests.support.buyers import Buyer, a_buyer, accepting
from tests.support.command import in_private, numbers
from tests.support.flows import buyer
from tests.support.market import Market, a_market
from tests.support.verdicts import Verdict, report
from tests.support.yard import Yard, a_yard, posting

SECONDS, RATE, NOISE = 30, 10, 20
PITS, WORKERS = 50, 2
MOST = 1.2
"""How many times as long the 95th percentile may take beside the neighbour."""
TELL_APART = 0.010
"""Seconds below which a difference says nothing."""
QUIETEN = """
    UPDATE lead SET state = 'done', outcome = 'error', waiting_for = NULL, finished_at = now() WHERE account_id = :id
"""


@contextmanager
def a_pit() -> Iterator[Buyer]:
    """Give a buyer that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as door:
        yield Buyer(door.getsockname()[1], accepting)


def noisy_market(market: Market, stack: ExitStack) -> Market:
    """Return the market of another seller whose leads are shared out among buyers that never answer."""
    with Session(market.database) as session:
        neighbour = cast.a_seller(session, name="Noisy Leads").account.id
        session.commit()
    noisy = Market(market.url, market.redis_url, market.database, neighbour)
    pits = [noisy.connect(stack.enter_context(a_pit()), timeout_ms=30_000, breaker="off") for _ in range(PITS)]
    offers = [buyer(pit, f"pit{at}", timeout="30s") for at, pit in enumerate(pits)]
    tens = [_shared_out(f"ten{at}", [[offer] for offer in offers[at : at + 10]]) for at in range(0, PITS, 10)]
    noisy.publish([_shared_out("pits", [[ten] for ten in tens])])
    market.allowed.extend(noisy.allowed)
    return noisy


def _shared_out(step: str, lanes: Sequence[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return a split whose lanes get as many leads each."""
    return {"split": {"id": step, "percent": [{"share": 100 // len(lanes), "steps": lane} for lane in lanes]}}


def measure(market: Market, sunrise: Buyer, seconds: float, rate: float, round_: int) -> float:
    """Return the 95th percentile of the seconds from a lead's coming to the moment its buyer has it."""
    came: dict[str, float] = {}
    lock = threading.Lock()

    def post(number: int) -> None:
        email = f"round{round_}lead{number}@example.com"
        with lock:
            came[email] = time.monotonic()
        market.post(1, fields={"email": email})

    before = len(sunrise.seen)
    with posting(post, rate, int(rate * seconds)):
        pass
    sunrise.wait_for(before + int(rate * seconds), 60)
    took = sorted(request.at - came[request.body["email"]] for request in sunrise.seen[before:])
    return took[len(took) * 95 // 100]


def quieten(yard: Yard, noisy: Market) -> None:
    """End the neighbour's leads behind the workers' backs, and have other workers go on."""
    for worker in yard.workers:
        worker.kill()
        worker.wait()
    yard.workers.clear()
    noisy.execute(QUIETEN, id=noisy.account_id)
    hire(yard)


def hire(yard: Yard) -> None:
    """Start workers and return once they are at work."""
    yard.market.execute("DELETE FROM worker")
    yard.hire(WORKERS)
    yard.market.wait_until(f"(SELECT count(*) FROM worker) >= {WORKERS}", 60)


def compare(yard: Yard, noisy: Market, sunrise: Buyer, seconds: float, rate: float, noise: float) -> Verdict:
    """Measure alone, beside the neighbour, and alone again."""
    alone = measure(yard.market, sunrise, seconds, rate, 1)
    with posting(lambda _number: noisy.post(1), noise):
        time.sleep(seconds)  # So that its calls pile up.
        beside = measure(yard.market, sunrise, seconds, rate, 2)
        out = noisy.count_open()
    quieten(yard, noisy)
    again = measure(yard.market, sunrise, seconds, rate, 3)
    quiet = (alone + again) / 2
    figures = (
        f"p95 of delivery {alone * 1000:.0f} ms alone, {beside * 1000:.0f} ms beside {out} leads that hang at {PITS} "
        f"buyers, {again * 1000:.0f} ms alone again: {beside / quiet:.2f} times"
    )
    is_disturbed = beside > quiet * MOST and beside - quiet > TELL_APART
    return Verdict("P13 a noisy neighbour", figures, [figures] if is_disturbed or out < noise * seconds else [])


@contextmanager
def a_street(servers: embedded.Servers) -> Iterator[tuple[Yard, Market, Buyer]]:
    """Give a yard with its workers, the neighbour's market, and the buyer whose leads are timed."""
    with ExitStack() as stack:
        db.migrate(servers.database_url)
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url, checks=False))
        sunrise = stack.enter_context(a_buyer(accepting))
        market.publish([buyer(market.connect(sunrise))])
        noisy = noisy_market(market, stack)
        yard = stack.enter_context(a_yard(market, servers))
        yard.forks = True
        hire(yard)
        yield yard, noisy, sunrise


def main(words: Sequence[str]) -> int:
    """Run it and print the verdict; return 1 when the neighbour disturbs."""
    seconds, rate, noise = numbers(words, SECONDS, RATE, NOISE)
    with in_private("neighbours") as (servers, _), a_street(servers) as (yard, noisy, sunrise):
        said, broken = report([compare(yard, noisy, sunrise, seconds, rate, noise)])
    sys.stdout.write(said)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
