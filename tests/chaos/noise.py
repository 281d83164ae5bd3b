"""A noisy neighbour: another seller with fifty buyers, who answer at once or never say a word."""

import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

from sqlalchemy import text

from flowbuilder import db, open_files
from tests.support.bidders import a_crowd
from tests.support.buyers import ACCEPTS, Buyer, accepting
from tests.support.flows import buyer
from tests.support.market import Market
from tests.support.yard import posting

BUYERS = 50
NEVER = 3600.0
QUIETEN = """
    UPDATE lead SET state = 'done', outcome = 'error', waiting_for = NULL, finished_at = now()
     WHERE account_id = :id AND state = 'waiting'
"""
OPEN = "(SELECT count(*) FROM lead WHERE state <> 'done' AND account_id = '{account}')"
NEW = "(SELECT count(*) FROM lead WHERE state = 'received' AND account_id = '{account}')"

Where = tuple[str, str, UUID, UUID | None, UUID | None]


@dataclass
class Neighbour:
    """The other seller, and the doors of its buyers, which are kept for them while they are away."""

    market: Market
    doors: Sequence[socket.socket]

    @property
    def ports(self) -> list[int]:
        """Return the ports of its buyers."""
        return [door.getsockname()[1] for door in self.doors]

    @property
    def open_leads(self) -> int:
        """Return how many of its leads have not ended."""
        return self.market.count(text(f"SELECT {OPEN.format(account=self.market.account_id)}"))

    @contextmanager
    def noisy(self, rate: float, *, hangs: bool) -> Iterator[Callable[[], None]]:
        """Have its leads come meanwhile, and buyers answer or hang; what is given has no more come.

        A process of its own posts them and is the buyers. None of its leads is left when this ends.
        """
        spawn = multiprocessing.get_context("spawn")
        begun, hushed, ends = spawn.Event(), spawn.Event(), spawn.Event()
        market = self.market
        where = market.url, market.redis_url, market.account_id, market.flow_id, market.source_id
        process = spawn.Process(target=make_noise, args=(where, self.ports, rate, hangs, begun, hushed, ends))
        process.start()

        def hush() -> None:
            hushed.set()
            time.sleep(1)
            market.wait_until(f"{NEW.format(account=market.account_id)} = 0")

        try:
            assert begun.wait(60), "the neighbour does not begin"
            yield hush
        finally:
            hushed.set()
            ends.set()
            process.join()
            self._quieten()

    def _quieten(self) -> None:
        """End its leads, once no worker has them in hand; its buyers have hung up."""
        deadline = time.monotonic() + 120
        while self.open_leads:
            assert time.monotonic() < deadline, "the neighbour's leads do not end"
            self.market.execute(QUIETEN, id=self.market.account_id)
            time.sleep(0.2)


def make_noise(
    where: Where, ports: Sequence[int], rate: float, hangs: bool, begun: Event, hushed: Event, ends: Event
) -> None:
    """Be the buyers until told to end, and post so many leads a second, one by one, until told to be quiet."""
    url, redis_url, account, flow, source = where
    market = Market(url, redis_url, db.make_engine(url), account, flow_id=flow, source_id=source)
    answer = NEVER if hangs else 0.0, ACCEPTS
    open_files.allow_many()
    with a_crowd(lambda *_: answer, ports):
        begun.set()
        if rate:
            with posting(lambda _number: market.post(), rate, threads=2):
                hushed.wait()
        ends.wait()


def noisy_neighbour(market: Market) -> Neighbour:
    """Return another seller whose leads are shared out among its buyers, of whom no breaker takes notice."""
    neighbour = Neighbour(market.neighbour(), [_door() for _ in range(BUYERS)])
    offers = []
    for at, port in enumerate(neighbour.ports):
        there = Buyer(port, accepting)
        connection = neighbour.market.connect(there, url=there.url(f"/{at}/leads"), timeout_ms=60_000, breaker="off")
        offers.append(buyer(connection, f"buyer{at}", timeout="60s"))
    tens = [_shared_out(f"ten{at}", [[offer] for offer in offers[at : at + 10]]) for at in range(0, BUYERS, 10)]
    neighbour.market.publish([_shared_out("all", [[ten] for ten in tens])])
    return neighbour


def _door() -> socket.socket:
    """Return a port that is nobody else's; a server with the same option can listen there."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    door.bind(("127.0.0.1", 0))
    return door


def _shared_out(step: str, lanes: Sequence[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return a split whose lanes get as many leads each."""
    return {"split": {"id": step, "percent": [{"share": 100 // len(lanes), "steps": lane} for lane in lanes]}}
