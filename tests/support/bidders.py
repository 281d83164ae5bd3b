"""Buyers that bid: what they answer to a ping and then to the lead, and many of them on one quick server."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from tests.support.buyers import Buyer, Reaction, Seen, a_buyer, accepting
from tests.support.market import Market

PING = "/ping"
POST = "/leads"
LENGTH = re.compile(b"content-length: *([0-9]+)", re.IGNORECASE)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
BID_PATHS = {"bid_path": "body.bid", "bid_id_path": "body.bid_id", "reason_path": "body.reason"}


def bidding(bid: Any, then: Reaction = accepting, after: float = 0.0) -> Reaction:
    """Answer a ping with a bid, after some seconds, and an offer as told."""

    def react(request: Seen) -> tuple[int, dict[str, Any]]:
        if request.path != PING:
            return then(request)
        time.sleep(after)
        return 200, {"bid": bid, "bid_id": f"B-{bid}"}

    return react


def failing_ping(status: int, then: Reaction = accepting) -> Reaction:
    """Answer a ping with a status, and an offer as told."""
    return lambda request: (status, {}) if request.path == PING else then(request)


@contextmanager
def a_bidder(bid: Any = 0, *, react: Reaction | None = None, **how: Any) -> Iterator[Buyer]:
    """Run the server of a buyer that bids."""
    with a_buyer(react or bidding(bid, **how)) as buyer:
        yield buyer


def connect(market: Market, buyer: Buyer, *, ping: dict[str, Any] | None = None, **destination: Any) -> str:
    """Make a connection to a buyer that bids."""
    asked = {"url": buyer.url(PING), **BID_PATHS, **(ping or {})}
    return market.connect(buyer, ping=asked, **destination)


def auction(*rows: dict[str, Any] | str, step: str = "g", **settings: Any) -> dict[str, Any]:
    """Return a group of the highest bid; its rows b1, b2 … are connections, or settings with one."""
    written = [{"connection": row} if isinstance(row, str) else row for row in rows]
    buyers = [{"id": f"b{number}", **row} for number, row in enumerate(written, start=1)]
    return {"group": {"id": step, "mode": "highest_bid", "buyers": buyers, **settings}}


def pings(buyer: Buyer) -> list[Seen]:
    """Return the pings that a buyer got."""
    return [request for request in buyer.seen if request.path == PING]


def posts(buyer: Buyer) -> list[Seen]:
    """Return the offers that a buyer got."""
    return [request for request in buyer.seen if request.path != PING]


Answering = Callable[[int, str, dict[str, Any]], tuple[float, dict[str, Any]]]
"""Says, for the number of a bidder, the path and the body, after how many seconds what is answered."""


@dataclass
class Crowd:
    """Many bidders on one port, each under a number of its own: `/7/ping`, `/7/leads`."""

    answering: Answering
    port: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    most_at_once: int = 0
    connections: set[asyncio.Transport] = field(default_factory=set)
    _at_once: int = 0

    def url(self, path: str = POST) -> str:
        """Return an address of the first bidder."""
        return f"http://127.0.0.1:{self.port}/0{path}"

    def connect(self, market: Market, number: int, **settings: Any) -> str:
        """Make a connection to one of the bidders."""
        base, ping = f"http://127.0.0.1:{self.port}/{number}", settings.pop("ping", {})
        asked = {"url": f"{base}{PING}", **BID_PATHS, **ping}
        return market.connect(self, url=f"{base}{POST}", ping=asked, **settings)  # type: ignore[arg-type]

    def asked(self, head: bytes, body: bytes) -> tuple[float, dict[str, Any]]:
        """Return after how many seconds a request is answered, and how; noting it."""
        _, number, path = head.split(b" ", 2)[1].decode().split("/")
        self.counts[path] = self.counts.get(path, 0) + 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        return self.answering(int(number), path, json.loads(body))

    def answered(self) -> None:
        """Note that an answer goes out."""
        self._at_once -= 1


class _Connection(asyncio.Protocol):
    """One connection to a crowd, on which a request comes when the one before was answered."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._unread = crowd, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._crowd.connections.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        found = LENGTH.search(head) if end else None
        if found is None or len(rest) < int(found[1]):
            return
        self._unread = b""
        delay, answer = self._crowd.asked(head, rest)
        if delay:
            asyncio.get_running_loop().call_later(delay, self._answer, answer)
        else:
            self._answer(answer)

    def _answer(self, answer: dict[str, Any]) -> None:
        self._crowd.answered()
        text = json.dumps(answer).encode()
        if not self._transport.is_closing():
            self._transport.write(OK % len(text) + text)


@contextmanager
def a_crowd(answering: Answering, ports: Sequence[int] = (0,)) -> Iterator[Crowd]:
    """Run the server of many bidders, in a thread; at some ports, or at one that is free."""
    crowd, ready = Crowd(answering), threading.Event()
    loop, ends = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        create = asyncio.get_running_loop().create_server
        servers = [
            await create(lambda: _Connection(crowd), "127.0.0.1", port, backlog=4096, reuse_port=True) for port in ports
        ]
        crowd.port = servers[0].sockets[0].getsockname()[1]
        ready.set()
        await ends.wait()
        for server in servers:
            server.close()
        for transport in list(crowd.connections):
            transport.abort()
        await asyncio.sleep(0)  # So that each of them is told that it ended.

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(60)
    try:
        yield crowd
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join(60)
        loop.close()
