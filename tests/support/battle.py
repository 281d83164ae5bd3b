"""A whole installation under fire: web, workers and servers of its own, twenty buyers, and all that they write down."""

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowbuilder import db, embedded
from tests.support import bazaar
from tests.support.beside import beside
from tests.support.buyers import a_buyer
from tests.support.evidence import AWAY, KILLED, Breaking, Evidence, Filled, Posted, Record
from tests.support.flows import buyer
from tests.support.listing import a_list
from tests.support.market import Market, a_market
from tests.support.trade import MAPPING, PING, PING_PATH, SERVICE_PATH, Poster, Trader
from tests.support.yard import Yard, a_yard, posting

SETTLE = 60.0
"""Seconds after the last fault within which every lead has ended."""


@dataclass
class Battle:
    """What a proof breaks things in."""

    yard: Yard
    folder: Path
    breaking: Breaking
    poster: Poster
    dice: random.Random
    posted: int = 0
    """How many leads were posted, or are just now."""

    @property
    def market(self) -> Market:
        """Return the market with its rows."""
        return self.yard.market

    @contextmanager
    def posting(self, leads: int, seconds: float, threads: int = 32) -> Iterator[None]:
        """Have so many leads posted meanwhile, evenly over some seconds."""
        first, self.posted = self.posted, self.posted + leads
        with posting(lambda number: self.poster.post(first + number), leads / seconds, leads, threads):
            yield
        assert not self.poster.refused, f"{len(self.poster.refused)} leads were never taken in"

    def kill_every(self, pause: float, seconds: float) -> None:
        """Kill a random worker again and again, and start another each time.

        At first all are killed, so that the one that carries most is among them, however short this lasts.
        """
        ends = time.monotonic() + seconds
        victims = list(self.yard.workers)
        while time.monotonic() < ends:
            time.sleep(pause)
            for worker in victims:
                worker.kill()
                with self.breaking.noted(KILLED):
                    worker.wait()
                self.yard.replace(worker, signal.SIGKILL)
            victims = [self.dice.choice(self.yard.workers)]

    def acknowledged(self) -> list[Posted]:
        """Return the leads that suppliers were told are taken."""
        return Evidence.read(self.folder).posted

    def wipe_valkey(self, away: float = 1.5) -> None:
        """End Valkey as a crash does and start it with nothing in it."""
        with self.breaking.noted("Valkey wiped"):
            self.yard.servers.kill_valkey(wipe=True)
            time.sleep(away)
            self.yard.servers.start_valkey()

    def stop_postgres(self, away: float = 1.5) -> None:
        """End PostgreSQL as a crash does and start it again."""
        with self.breaking.noted("PostgreSQL stopped"):
            self.yard.servers.kill_postgres()
            with self.breaking.noted(AWAY):
                time.sleep(away)
            self.yard.servers.start_postgres()

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Start workers again meanwhile that end by themselves."""

        def supervise(ends: threading.Event) -> None:
            while not ends.wait(0.5):
                self.yard.revive()

        with beside(supervise):
            yield

    def settle(self, seconds: float = 2 * SETTLE) -> None:
        """Wait until every lead has ended; workers that end by themselves are started again, as the supervisor does."""
        deadline = time.monotonic() + seconds
        while count := self.market.count_open():
            assert time.monotonic() < deadline, f"{count} leads have not ended"
            self.yard.revive()
            time.sleep(0.5)

    def fill_caps(self, leads: int) -> None:
        """Post more than enough leads for each capped buyer, now that no place will come back any more."""
        at, self.posted = time.time(), bazaar.TO_FILL
        with self.posting(max(100, leads // 10), max(5.0, leads / 400)):
            pass
        self.settle()
        record = Record(self.folder / "filled.jsonl")
        for cap in bazaar.FILLED:
            record.add(Filled(cap, at, time.time()))
        record.close()


def traders_of(folder: Path, stack: ExitStack, market: Market, who: dict[str, Trader]) -> dict[str, str]:
    """Open every buyer's server with its log in a folder; return the connections to them."""
    connections = {}
    for name, trader in who.items():
        record = Record(folder / "buyers" / f"{name}.jsonl")
        stack.callback(record.close)
        trader.log = record.add
        server = stack.enter_context(a_buyer(trader.react))
        ping = PING | {"url": server.url(PING_PATH)}
        breaker = bazaar.BREAKERS.get(name, "off")
        connections[name] = market.connect(server, mapping=MAPPING, ping=ping, breaker=breaker)
        if name == bazaar.SERVICE:
            known = server.url(SERVICE_PATH)
            connections["service"] = market.connect(server, mapping=MAPPING, url=known, breaker="off")
    return connections


@contextmanager
def a_battle(
    servers: embedded.Servers,
    folder: Path,
    *,
    leads: int,
    workers: int,
    publish: Callable[[Market, dict[str, str], int], object] | None = None,
    redis_url: str = "",
) -> Iterator[Battle]:
    """Give a battle with its buyers, its web open and its workers at work; `leads` sizes the caps.

    Its processes reach Valkey at `redis_url`, if that is given.
    """
    with ExitStack() as stack:
        db.migrate(servers.database_url)
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url, checks=False))
        connections = traders_of(folder, stack, market, bazaar.traders())
        (publish or publish_bazaar)(market, connections, leads)
        yard = stack.enter_context(a_yard(market, servers))
        yard.said, yard.redis_url, yard.forks = folder / "said.log", redis_url, True
        yard.open()
        yard.hire(workers)
        posted = Record(folder / "posted.jsonl")
        breaking = Breaking(folder)
        stack.callback(posted.close)
        stack.callback(breaking.close)
        poster = Poster(*yard.address(), bazaar.fields_of, posted.add, pings=publish is None)
        market.wait_until(f"(SELECT count(*) FROM worker) >= {workers}", 60)
        yield Battle(yard, folder, breaking, poster, random.Random(leads))


def publish_plain(market: Market, connections: dict[str, str], leads: int) -> None:
    """Publish a flow that sells every lead to a buyer who takes most, or else to another."""
    terms = {"price": 20, "retry": bazaar.RETRY, "timeout": bazaar.TIMEOUT}
    market.publish(
        [buyer(connections["plain_1"], "plain_1", **terms), buyer(connections["plain_2"], "plain_2", **terms)]
    )


def publish_bazaar(market: Market, connections: dict[str, str], leads: int) -> None:
    """Publish the bazaar's flow."""
    listed = a_list(market, *bazaar.unwanted(leads))
    settings: dict[str, Any] = bazaar.document(connections, leads, listed)
    market.publish(settings.pop("steps"), source={"cost": {"share": 60}}, **settings)
