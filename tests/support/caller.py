"""A running sender whose results a test can wait for."""

from queue import SimpleQueue
from typing import Any

from rules.delivery.wire import HttpRequest
from workers.delivery.send import Call, Sender, Sent


class Caller:
    """A sender and what it handed over."""

    def __init__(self, **options: Any) -> None:
        self.results: SimpleQueue[Sent] = SimpleQueue()
        self.sender = Sender(self.results.put, **options)
        self.sender.start()

    def submit(self, url: str, *, key: object = "key", body: bytes = b'{"a":1}', **limits: Any) -> None:
        """Submit a POST; the whole call may take five seconds unless said otherwise."""
        headers = (("Content-Type", "application/json"), ("Idempotency-Key", str(key)))
        self.sender.submit(Call(key, HttpRequest("POST", url, headers, body), **{"timeout_ms": 5000} | limits))

    def result(self, patience: float = 30) -> Sent:
        """Wait for the next result."""
        return self.results.get(timeout=patience)

    def post(self, url: str, **options: Any) -> Sent:
        """Submit one POST and wait for what becomes of it."""
        self.submit(url, **options)
        return self.result()
