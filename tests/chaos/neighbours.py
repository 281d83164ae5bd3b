"""Noisy neighbours: fifty buyers of one seller never answer, and the leads of another go out as quickly as before.

python -m tests.chaos.neighbours [seconds] [leads a second] [noisy leads a second] [rounds]     12 seconds, 10, 40, 3

After a beginning that does not count, rounds without the neighbour and beside it take turns; the workers stay the same.
"""

import multiprocessing
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import db, embedded
from tests.support import cast
from tests.support.buyers import Buyer, a_buyer, accepting
from tests.support.command import in_private, numbers
from tests.support.flows import buyer
from tests.support.market import Market, a_market
from tests.support.verdicts import Verdict, report
from tests.support.yard import a_yard, posting

SECONDS, RATE, NOISE, ROUNDS = 12, 10, 40, 3
PITS, WORKERS = 50, 2
TOGETHER = 4
"""How many leads of the neighbour come at once."""
MOST = 1.2
"""How many times as long the 95th percentile may take beside the neighbour."""
TELL_APART = 0.010
"""Seconds below which a difference says nothing."""
QUIETEN = """
    UPDATE lead SET state = 'done', outcome = 'error', waiting_for = NULL, finished_at = now()
     WHERE account_id = :id AND state = 'waiting'
"""
OPEN = "(SELECT count(*) FROM lead WHERE state <> 'done' AND account_id = '{account}')"


@dataclass
class Pit:
    """A buyer that lets everybody in and never says a word; closed, it hangs up on all of them."""

    port: int = 0
    _door: socket.socket | None = None

    def open(self) -> None:
        """Let callers in."""
        self._door = socket.create_server(("127.0.0.1", self.port), backlog=4096)
        self.port = self._door.getsockname()[1]

    def close(self) -> None:
        """Hang up on all callers, and on those that still come."""
        if self._door:
            self._door.close()
            self._door = None


@dataclass
class Neighbour:
    """The other seller, and the buyers that never answer."""

    market: Market
    pits: list[Pit] = field(default_factory=list)

    @property
    def open_leads(self) -> str:
        """Return what counts its leads that have not ended."""
        return OPEN.format(account=self.market.account_id)

    @contextmanager
    def noisy(self, rate: float) -> Iterator[None]:
        """Have its leads come meanwhile, posted by a process of their own; none is left when this ends."""
        for pit in self.pits:
            pit.open()
        spawn = multiprocessing.get_context("spawn")
        ends, market = spawn.Event(), self.market
        where = market.url, market.redis_url, market.account_id, market.flow_id, market.source_id
        poster = spawn.Process(target=make_noise, args=(where, rate, ends), daemon=True)
        poster.start()
        try:
            self.market.wait_until(f"{self.open_leads} > 0", 60)
            yield
        finally:
            ends.set()
            poster.join()
            self._quieten()

    def _quieten(self) -> None:
        """Have its buyers hang up, and end its leads once no worker has them in hand."""
        for pit in self.pits:
            pit.close()
        deadline = time.monotonic() + 120
        while self.market.value(text(f"SELECT {self.open_leads}")):
            assert time.monotonic() < deadline, "the neighbour's leads do not end"
            self.market.execute(QUIETEN, id=self.market.account_id)
            time.sleep(0.2)


Where = tuple[str, str, UUID, UUID | None, UUID | None]


def make_noise(where: Where, rate: float, ends: Event) -> None:
    """Post leads until told to end."""
    url, redis_url, account, flow, source = where
    market = Market(url, redis_url, db.make_engine(url), account, flow_id=flow, source_id=source)
    with posting(lambda _number: market.post(TOGETHER), rate / TOGETHER, threads=1):
        ends.wait()


def noisy_neighbour(market: Market) -> Neighbour:
    """Return another seller whose leads are shared out among buyers that never answer."""
    with Session(market.database) as session:
        account = cast.a_seller(session, name="Noisy Leads").account.id
        session.commit()
    neighbour = Neighbour(Market(market.url, market.redis_url, market.database, account))
    offers = []
    for at in range(PITS):
        pit = Pit()
        pit.open()
        pit.close()
        neighbour.pits.append(pit)
        connection = neighbour.market.connect(Buyer(pit.port, accepting), timeout_ms=30_000, breaker="off")
        offers.append(buyer(connection, f"pit{at}", timeout="30s"))
    tens = [_shared_out(f"ten{at}", [[offer] for offer in offers[at : at + 10]]) for at in range(0, PITS, 10)]
    neighbour.market.publish([_shared_out("pits", [[ten] for ten in tens])])
    market.allowed.extend(neighbour.market.allowed)
    return neighbour


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


def compare(
    market: Market, neighbour: Neighbour, sunrise: Buyer, seconds: float, rate: float, noise: float, rounds: int
) -> Verdict:
    """Measure without the neighbour and beside it in turn."""
    round_numbers = iter(range(1_000))

    def one_round() -> float:
        return measure(market, sunrise, seconds, rate, next(round_numbers))

    one_round()
    alone, beside, hanging = [one_round()], [], []
    for _ in range(rounds):
        with neighbour.noisy(noise):
            time.sleep(seconds)  # So that its calls pile up.
            beside.append(one_round())
            hanging.append(neighbour.market.count(text(f"SELECT {neighbour.open_leads}")))
        alone.append(one_round())
    return judged(alone, beside, hanging, noise * seconds)


def judged(alone: Sequence[float], beside: Sequence[float], hanging: Sequence[int], wanted: float) -> Verdict:
    """Return what came of it; without enough leads that hang it proves nothing."""
    quiet, loud = statistics.median(alone), statistics.median(beside)
    figures = (
        f"p95 of delivery {_in_ms(alone)} ms alone, {_in_ms(beside)} ms beside {min(hanging)} leads that hang at "
        f"{PITS} buyers: {loud / quiet:.2f} times by their medians"
    )
    is_disturbed = loud > quiet * MOST and loud - quiet > TELL_APART
    return Verdict("P13 a noisy neighbour", figures, [figures] if is_disturbed or min(hanging) < wanted else [])


def _in_ms(seconds: Sequence[float]) -> str:
    return ", ".join(f"{one * 1000:.0f}" for one in seconds)


@contextmanager
def a_street(servers: embedded.Servers) -> Iterator[tuple[Market, Neighbour, Buyer]]:
    """Give the market of the seller whose leads are timed, with its buyer and workers at work, and the neighbour."""
    with ExitStack() as stack:
        db.migrate(servers.database_url)
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url, checks=False))
        sunrise = stack.enter_context(a_buyer(accepting))
        market.publish([buyer(market.connect(sunrise))])
        neighbour = noisy_neighbour(market)
        yard = stack.enter_context(a_yard(market, servers))
        yard.forks = True
        yard.hire(WORKERS)
        market.wait_until(f"(SELECT count(*) FROM worker) >= {WORKERS}", 60)
        yield market, neighbour, sunrise


def main(words: Sequence[str]) -> int:
    """Run it and print the verdict; return 1 when the neighbour disturbs."""
    seconds, rate, noise, rounds = numbers(words, SECONDS, RATE, NOISE, ROUNDS)
    with in_private("neighbours") as (servers, _), a_street(servers) as (market, neighbour, sunrise):
        said, broken = report([compare(market, neighbour, sunrise, seconds, rate, noise, rounds)])
    sys.stdout.write(said)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
