"""Suppliers that post until they are told that a lead is taken, and buyers that take, decline, fail and dawdle.

Each buyer keeps a log of its own: what it was sent, and whether it took the lead. A buyer that took a lead says so
again when it is asked again with the same key.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from flowbuilder import ids
from tests.support.buyers import Seen
from tests.support.evidence import Decision, Logged, Posted
from tests.support.flows import NO, YES

MAPPING = [
    ["email", {"var": "lead.email"}],
    ["attempt", {"var": "offer.attempt"}],
    ["price", {"var": "offer.price"}],
]
"""What a trader needs to be sent."""
PING = {"mapping": MAPPING, "bid_path": "body.bid", "bid_id_path": "body.bid_id", "timeout_ms": 1000}
"""How it is asked for bids."""
PING_PATH = "/ping"
SERVICE_PATH = "/known"
CONFLICT = 409
NO_BIDS: tuple[Any, ...] = ("NaN", -5, 0, None, 1e9)


@dataclass
class Trader:
    """A buyer: how many in a hundred it declines, how many calls fail, how many leads it answers too late.

    Of those that are answered late a third is answered late for ever, the others are answered in time when asked
    again. A `slow` one takes so many seconds for each answer, up to twice that. One that is a `pit` never answers in
    time, and takes nothing. One in five answers to a ping is no bid, one in ten comes late.
    """

    name: str
    declines: int = 0
    fails: int = 0
    dawdles: int = 0
    slow: float = 0.0
    pit: bool = False
    late: float = 1.6
    log: Callable[[Logged], object] = lambda _request: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    _times: Counter[str] = field(default_factory=Counter)

    def react(self, request: Seen) -> tuple[int, dict[str, Any]]:
        """Decide, write it down, and answer."""
        body, key = request.body, request.key
        if request.path == PING_PATH:
            return self._bid(body, key)
        if request.path == SERVICE_PATH:
            return self._tell(body, key)
        with self.lock:
            earlier = self._times[key]
            self._times[key] += 1
        decision = self._decide(body["email"], key, earlier)
        self.log(Logged(self.name, key, body["attempt"], body["email"], str(body["price"]), decision, time.time()))
        time.sleep(self._pause(body["email"], key, earlier))
        return {"taken": YES, "declined": NO}.get(decision, (503, {}))

    def _bid(self, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        """Answer a ping, by luck with nothing that can be meant as a bid."""
        luck, amount = self._luck("bid", body["email"]), 10 + self._luck("amount", body["email"]) / 4
        bid = NO_BIDS[luck % len(NO_BIDS)] if luck < 20 else amount
        decision: Decision = "no bid" if luck < 20 else "bid"
        self.log(Logged(self.name, key, body["attempt"], body["email"], str(bid), decision, time.time()))
        time.sleep(PING["timeout_ms"] / 1000 + 0.3 if luck >= 90 else self.slow)
        return 200, {"bid": bid, "bid_id": f"{self.name}-{key}"}

    def _tell(self, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        """Answer what is known of a person; one in ten times not at all, and one in ten times too late."""
        luck = self._luck("told", body["email"])
        self.log(Logged(self.name, key, body["attempt"], body["email"], "", "told", time.time()))
        time.sleep(1.3 if luck >= 90 else 0.0)
        return (503, {}) if luck < 10 else (200, {"score": luck})

    def _decide(self, email: str, key: str, earlier: int) -> Decision:
        if self.pit:
            return "ignored"
        if self._luck(f"fails {earlier}", key) < self.fails:
            return "failed"
        return "declined" if self._luck("declines", email) < self.declines else "taken"

    def _pause(self, email: str, key: str, earlier: int) -> float:
        """Return after how many seconds it answers."""
        luck = self._luck("late", email)
        is_late = luck < self.dawdles and (not earlier or luck < self.dawdles / 3)
        slowly = self.slow * (1 + self._luck("slow", key) / 100)
        return self.late if is_late or self.pit else slowly

    def _luck(self, what: str, who: str) -> int:
        """Return 0 to 99, the same each time for the same buyer, question and lead."""
        return hashlib.sha256(f"{self.name} {what} {who}".encode()).digest()[0] * 100 // 256


@dataclass
class Poster:
    """A supplier: posts each lead with a key until the answer is 2xx, and writes down the ids it was given.

    Every other post waits two seconds for a buyer: those are handed straight to a loop, where one takes them. One that
    `pings` asks for the price of every fifth lead first. `fields_of` says what is posted under a number. `answers`
    counts what came back, by status; 0 is no answer.
    """

    address: str
    key: str
    fields_of: Callable[[int], dict[str, Any]]
    log: Callable[[Posted], object]
    patience: float = 90.0
    answers: Counter[int] = field(default_factory=Counter)
    refused: list[int] = field(default_factory=list)
    pings: bool = False
    _local: threading.local = field(default_factory=threading.local)

    def post(self, number: int) -> None:
        """Post one lead, again and again while the web is away or cannot store it."""
        ping, quoted = self._ask_for_price(number) if self.pings and number % 5 == 0 else ("", "")
        give_up = time.monotonic() + self.patience
        while time.monotonic() < give_up:
            sent = time.time()
            answer = self._try(number, ping, wait=2 * (number % 2))
            self.answers[answer.status_code if answer is not None else 0] += 1
            if answer is not None and answer.ok:
                lead = str(ids.read(answer.json()["lead"]["id"]))
                self.log(Posted(number, lead, sent, time.time(), quoted))
                return
            if answer is not None and answer.status_code == CONFLICT:
                ping, quoted = "", ""  # What was told does not hold any more.
            time.sleep(0.2)
        self.refused.append(number)

    def _ask_for_price(self, number: int) -> tuple[str, str]:
        """Return the id of a ping and the price that was told, nothing where none was in time."""
        answer = self._send(f"{self.address}/ping", self.fields_of(number), f"ping {number}", wait=3)
        told = answer.json() if answer is not None and answer.ok else {}
        return (told["ping"]["id"], str(told["price"])) if told.get("outcome") == "success" else ("", "")

    def _try(self, number: int, ping: str, *, wait: int) -> requests.Response | None:
        key = f"lead {number} {ping}".strip()
        return self._send(self.address, self.fields_of(number) | ({"ping_id": ping} if ping else {}), key, wait=wait)

    def _send(self, address: str, lead: dict[str, Any], key: str, *, wait: int) -> requests.Response | None:
        headers, params = {"X-API-Key": self.key, "Idempotency-Key": key}, {"wait": str(wait)}
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        try:
            return self._local.session.post(address, json=lead, headers=headers, params=params, timeout=20)
        except requests.RequestException:
            return None
