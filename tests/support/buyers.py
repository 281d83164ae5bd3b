"""Buyers for tests: a real HTTP server on loopback that answers as it is told and keeps what it was sent."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

ACCEPTS: dict[str, Any] = {"status": "accepted", "id": "SX-1"}
DECLINES: dict[str, Any] = {"status": "declined", "reason": "outside area"}

Reaction = Callable[["Seen"], tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class Seen:
    """One request as the buyer got it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float

    @property
    def key(self) -> str:
        """Return the idempotency key."""
        return self.headers["idempotency-key"]


@dataclass
class Buyer:
    """A buyer's server: `react` decides each answer, `seen` holds every request in order.

    `headers` go out with every answer, after a `delay` in seconds; one that `hangs_up` closes the connection instead.
    """

    port: int
    react: Reaction
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    delay: float = 0.0
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "/leads") -> str:
        """Return an address of this buyer."""
        return f"http://127.0.0.1:{self.port}{path}"

    def note(self, request: Seen) -> None:
        """Keep a request."""
        with self.arrived:
            self.seen.append(request)
            self.arrived.notify_all()

    def wait_for(self, requests: int, timeout: float = 120) -> None:
        """Wait until so many requests came; fails when they do not."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.seen) >= requests, timeout), f"only {len(self.seen)} came"


def accepting(_request: Seen) -> tuple[int, dict[str, Any]]:
    """Accept."""
    return 200, ACCEPTS


def declining(_request: Seen) -> tuple[int, dict[str, Any]]:
    """Decline."""
    return 200, DECLINES


def after(seconds: float, react: Reaction) -> Reaction:
    """Answer late."""

    def late(request: Seen) -> tuple[int, dict[str, Any]]:
        time.sleep(seconds)
        return react(request)

    return late


def silent_until(speaks: threading.Event) -> Reaction:
    """Accept, but only once the buyer may speak."""

    def react(request: Seen) -> tuple[int, dict[str, Any]]:
        speaks.wait(60)
        return accepting(request)

    return react


def silent_at_first(speaks: threading.Event) -> Reaction:
    """Accept, but the first request only once the buyer may speak."""
    numbers = count()

    def react(request: Seen) -> tuple[int, dict[str, Any]]:
        if next(numbers) == 0:
            speaks.wait(60)
        return accepting(request)

    return react


def in_turn(*answers: tuple[int, dict[str, Any]]) -> Reaction:
    """Give one answer after the other, the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def react(_request: Seen) -> tuple[int, dict[str, Any]]:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return react


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_: object) -> None:
        """Say nothing: callers that are killed break their connections."""


@contextmanager
def a_buyer(react: Reaction = accepting) -> Iterator[Buyer]:
    """Run a buyer's server."""
    buyer = Buyer(0, react)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Take a lead."""
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Seen(self.path, headers, json.loads(body), time.monotonic())
            buyer.note(request)
            if buyer.hangs_up:
                self.close_connection = True
                return
            time.sleep(buyer.delay)
            status, answer = buyer.react(request)
            self._answer(status, json.dumps(answer).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in buyer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's own name)
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    buyer.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield buyer
    finally:
        server.shutdown()
        server.server_close()
