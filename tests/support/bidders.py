"""Buyers that bid: what they answer to a ping and then to the lead, and many of them on one quick server."""

import heapq
import itertools
import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.support.buyers import Buyer, Reaction, Seen, a_buyer, accepting
from tests.support.market import Market

PING = "/ping"
POST = "/leads"
LENGTH = re.compile(b"content-length: *([0-9]+)", re.IGNORECASE)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
PATIENT = {"timeout_ms": 20_000}
"""How long a bid may take that is late only where the machine is."""
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
    asked = {"url": buyer.url(PING), **BID_PATHS, **PATIENT, **(ping or {})}
    return market.connect(buyer, ping=asked, **destination)


def auction(*rows: dict[str, Any] | str, step: str = "g", **settings: Any) -> dict[str, Any]:
    """Return a group of the highest bid; its rows b1, b2 … are connections, or settings with one."""
    written = [{"connection": row} if isinstance(row, str) else row for row in rows]
    buyers = [{"id": f"b{number}", **row} for number, row in enumerate(written, start=1)]
    return {"group": {"id": step, "mode": "highest_bid", "buyers": buyers, "wait_ms": 10_000, **settings}}


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
    """Many bidders, each under a number of its own: `/7/ping`, `/7/leads`; on one port, or on as many as there are."""

    answering: Answering
    ports: Sequence[int] = ()
    counts: dict[str, int] = field(default_factory=dict)
    most_at_once: int = 0
    problems: list[Exception] = field(default_factory=list)
    _at_once: int = 0

    @property
    def port(self) -> int:
        """Return the port of the first bidder."""
        return self.ports[0]

    def url(self, path: str = POST) -> str:
        """Return an address of the first bidder."""
        return f"http://127.0.0.1:{self.port}/0{path}"

    def connect(self, market: Market, number: int, **settings: Any) -> str:
        """Make a connection to one of the bidders."""
        port = self.ports[number % len(self.ports)]
        base, ping = f"http://127.0.0.1:{port}/{number}", settings.pop("ping", {})
        asked = {"url": f"{base}{PING}", **BID_PATHS, **PATIENT, **ping}
        market.allowed.append(("127.0.0.1", port))
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


class _Desk:
    """Serves a crowd in one thread; on a connection a request comes when the one before was answered.

    It takes little more than half of what asyncio took: in a proof the machine is for those that call.
    """

    def __init__(self, crowd: Crowd, ports: Sequence[int]) -> None:
        self._crowd, self._selector = crowd, selectors.DefaultSelector()
        self._unread: dict[socket.socket, bytes] = {}
        self._due: list[tuple[float, int, socket.socket, dict[str, Any]]] = []
        self._numbers, self._is_over = itertools.count(), False
        self._bell, heard = socket.socketpair()
        self._listeners = [socket.create_server(("127.0.0.1", port), backlog=4096, reuse_port=True) for port in ports]
        for listener in self._listeners:
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, self._let_in)
        self._selector.register(heard, selectors.EVENT_READ, self._end)
        crowd.ports = [listener.getsockname()[1] for listener in self._listeners]

    def serve(self) -> None:
        """Serve until told to close."""
        while not self._is_over:
            patience = self._due[0][0] - time.monotonic() if self._due else None
            for key, _ in self._selector.select(patience):
                key.data(key.fileobj)
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                *_, one, answer = heapq.heappop(self._due)
                self._answer(one, answer)
        for one in [*self._unread, *self._listeners]:
            one.close()
        self._selector.close()

    def close(self) -> None:
        """Have it end; from any thread."""
        self._bell.send(b"x")

    def _end(self, heard: socket.socket) -> None:
        self._is_over = True
        self._bell.close()
        heard.close()

    def _let_in(self, listener: socket.socket) -> None:
        with suppress(OSError):  # There is nobody more, or no descriptor for them.
            while True:
                one, _ = listener.accept()
                one.setblocking(False)
                self._unread[one] = b""
                self._selector.register(one, selectors.EVENT_READ, self._read)

    def _read(self, one: socket.socket) -> None:
        try:
            data = one.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(one)
            del self._unread[one]
            one.close()
            return
        read = self._unread[one] + data
        head, end, rest = read.partition(b"\r\n\r\n")
        found = LENGTH.search(head) if end else None
        if found is None or len(rest) < int(found[1]):
            self._unread[one] = read
            return
        self._unread[one] = b""
        try:
            delay, answer = self._crowd.asked(head, rest)
        except Exception as problem:  # noqa: BLE001  (whoever asked is answered all the same, and the test fails)
            self._crowd.problems.append(problem)
            delay, answer = 0.0, {}
        if delay:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._numbers), one, answer))
        else:
            self._answer(one, answer)

    def _answer(self, one: socket.socket, answer: dict[str, Any]) -> None:
        self._crowd.answered()
        text = json.dumps(answer).encode()
        with suppress(OSError):  # It may have hung up.
            one.send(OK % len(text) + text)


@contextmanager
def a_crowd(answering: Answering, ports: Sequence[int] = (0,)) -> Iterator[Crowd]:
    """Run the server of many bidders, in a thread; at some ports, or at one that is free."""
    crowd = Crowd(answering)
    desk = _Desk(crowd, ports)
    thread = threading.Thread(target=desk.serve, daemon=True)
    thread.start()
    try:
        yield crowd
    finally:
        desk.close()
        thread.join(60)
    assert not crowd.problems, crowd.problems
