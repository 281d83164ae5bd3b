"""Suppliers that post until they are told that a lead is taken, and buyers that take, decline, fail and dawdle.

Each buyer keeps a log of its own: what it was sent, and whether it took the lead. A buyer that took a lead says so
again when it is asked again with the same key.
"""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from flowbuilder import ids
from tests.support.buyers import Reaction, Seen
from tests.support.flows import NO, YES

Decision = Literal["taken", "declined", "failed"]


@dataclass(frozen=True)
class Logged:
    """One request in a buyer's log, and what the buyer decided; whether we ever heard of it is another matter."""

    key: str
    email: str
    decision: Decision
    at: float


@dataclass
class Trader:
    """A buyer: how many in a hundred it declines, how many calls fail, how many leads it answers too late.

    Of those that are answered late a third is answered late for ever, the others are answered in time when asked
    again.
    """

    name: str
    declines: int = 0
    fails: int = 0
    dawdles: int = 0
    late: float = 1.6
    log: list[Logged] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def react(self, request: Seen) -> tuple[int, dict[str, Any]]:
        """Decide, write it down, and answer."""
        email = request.body["email"]
        with self.lock:
            earlier = [entry for entry in self.log if entry.key == request.key]
            decision = self._decide(request, len(earlier))
            self.log.append(Logged(request.key, email, decision, time.monotonic()))
        if decision == "failed":
            return 503, {}
        luck = self._luck("late", email)
        if luck < self.dawdles and (not earlier or luck < self.dawdles / 3):
            time.sleep(self.late)
        return YES if decision == "taken" else NO

    def _decide(self, request: Seen, earlier: int) -> Decision:
        email = request.body["email"]
        if self._luck(f"fails {earlier}", request.key) < self.fails:
            return "failed"
        return "declined" if self._luck("declines", email) < self.declines else "taken"

    def _luck(self, what: str, who: str) -> int:
        """Return 0 to 99, the same each time for the same buyer, question and lead."""
        return hashlib.sha256(f"{self.name} {what} {who}".encode()).digest()[0] * 100 // 256

    @property
    def reaction(self) -> Reaction:
        """Return how the buyer's server answers."""
        return self.react


@dataclass
class Poster:
    """A supplier: posts each lead with a key until the answer is 2xx; `acknowledged` holds the ids it was given."""

    address: str
    key: str
    acknowledged: dict[int, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    patience: float = 60.0
    _local: threading.local = field(default_factory=threading.local)

    def post(self, number: int) -> None:
        """Post one lead, again and again while the web is away or cannot store it."""
        lead = {"email": f"lead{number}@example.com", "state": ("CA", "NV", "TX", "FL")[number % 4]}
        headers = {"X-API-Key": self.key, "Idempotency-Key": f"lead {number}"}
        give_up = time.monotonic() + self.patience
        while time.monotonic() < give_up:
            answer = self._try(lead, headers)
            if answer is not None and answer.ok:
                self.acknowledged[number] = str(ids.read(answer.json()["lead"]["id"]))
                return
            time.sleep(0.2)
        self.refused.append(number)

    def _try(self, lead: dict[str, str], headers: dict[str, str]) -> requests.Response | None:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        try:
            return self._local.session.post(self.address, json=lead, headers=headers, params={"wait": "0"}, timeout=20)
        except requests.RequestException:
            return None
