"""The waiting room: requests that wait for their lead's answer, and the one thread that hears the answers for all.

Workers put the ids of leads that have an answer on the list of this web process. A message may be lost and Valkey
may be away, so rows are looked at as well; a request that nobody calls leaves by itself when its time is up.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar, cast
from uuid import UUID

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from flowbuilder import enqueue
from flowbuilder.intake import meters
from flowbuilder.intake.store import LeadStore
from flowbuilder.intake.tickets import Ticket

LISTEN_FOR = 1.0  # seconds without an answer after which the workers are nudged again
LOOK_EVERY = 0.25  # seconds between looks at the rows while Valkey is away
LOOK_AFTER = 1.0  # seconds after which a request's row is looked at although no message came
MOST_AT_ONCE = 1_000

log = logging.getLogger(__name__)
T = TypeVar("T")


class WaitingRoom:
    """Holds the tickets of waiting requests by lead, in `places` places at most."""

    def __init__(
        self, redis: Redis, store: LeadStore, *, web_id: str, places: int, nudge: Callable[[int], object]
    ) -> None:
        self.web_id = web_id
        self._redis = redis
        self._store = store
        self._nudge = nudge
        self._free = places
        self._tickets: dict[UUID, list[Ticket]] = {}
        self._lock = threading.Lock()
        self._occupied = threading.Event()
        self._thread: threading.Thread | None = None
        self._look_at = 0.0
        self._valkey_back_at = 0.0
        self._ends = False

    def take_place(self) -> bool:
        """Return whether there is room for one more request, which then holds a place."""
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
        meters.WAITING.inc()
        return True

    def leave_place(self) -> None:
        """Give the place back."""
        with self._lock:
            self._free += 1
        meters.WAITING.dec()

    def add(self, ticket: Ticket) -> None:
        """Call this ticket when its lead has an answer."""
        with self._lock:
            self._tickets.setdefault(ticket.lead_id, []).append(ticket)
        if not self._occupied.is_set():
            self._occupied.set()
            self._start()

    def remove(self, ticket: Ticket) -> None:
        """Forget the ticket, called or not."""
        with self._lock:
            tickets = self._tickets.pop(ticket.lead_id, [])
            if ticket in tickets:
                tickets.remove(ticket)
            if tickets:
                self._tickets[ticket.lead_id] = tickets

    def close(self) -> None:
        """End the thread and let go of its connection; who waits still leaves when the time is up."""
        self._ends = True
        self._occupied.set()
        if self._thread is not None:
            with suppress(RedisError):
                self._redis.rpush(enqueue.DONE + self.web_id, "")
            self._thread.join()
        self._redis.close()
        self._store.drop()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="intake-listener", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ends:
            self._occupied.wait()
            try:
                self._listen_once()
            except psycopg.Error as problem:
                log.warning("answers could not be read: %s", type(problem).__name__)
                time.sleep(LOOK_EVERY)
            except Exception as problem:  # noqa: BLE001 - the outermost place of a thread that must live on
                log.error("listening for answers failed: %s", type(problem).__name__)  # noqa: TRY400
                time.sleep(LOOK_EVERY)

    def _listen_once(self) -> None:
        if time.monotonic() < self._valkey_back_at:
            time.sleep(LOOK_EVERY)
            self._rest_when_empty()
            self._call(self._waiting_since(0.0))
        else:
            self._answer(self._hear())

    def _answer(self, heard: list[tuple[UUID, int | None]] | None) -> None:
        if heard:
            self._call([lead_id for lead_id, price in heard if not self._call_sold(lead_id, price)])
        elif heard is not None:
            self._after_silence()
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_AFTER
            self._call(self._waiting_since(LOOK_AFTER))

    def _hear(self) -> list[tuple[UUID, int | None]] | None:
        """Return what workers said of leads, nothing after a silent second, None while Valkey is away."""
        name = enqueue.DONE + self.web_id
        pipe = self._redis.pipeline(transaction=False)
        pipe.blpop([name], timeout=LISTEN_FOR)
        pipe.lpop(name, MOST_AT_ONCE)  # Sent along: what came together is taken together.
        try:
            first, rest = cast("tuple[tuple[bytes, bytes] | None, list[bytes] | None]", pipe.execute())
        except RedisError as problem:
            log.warning("Valkey does not answer, rows are watched instead: %s", type(problem).__name__)
            self._valkey_back_at = time.monotonic() + LOOK_AFTER
            return None
        texts = [*(first or ())[1:], *(rest or ())]
        return [told for text in texts if (told := enqueue.read_finished(text)) is not None]

    def _after_silence(self) -> None:
        waiting = self._rest_when_empty()
        if waiting:
            self._nudge(waiting)

    def _rest_when_empty(self) -> int:
        """Return how many leads are waited for; when none is, the thread sleeps until somebody comes."""
        with self._lock:
            if not self._tickets:
                self._occupied.clear()
            return len(self._tickets)

    def _waiting_since(self, seconds: float) -> list[UUID]:
        """Return the leads that requests have waited for at least so long."""
        latest = time.monotonic() - seconds
        with self._lock:
            return [lead_id for lead_id, tickets in self._tickets.items() if any(t.since <= latest for t in tickets)]

    def _call(self, lead_ids: Iterable[UUID]) -> None:
        """Settle the tickets of those leads that have an answer."""
        with self._lock:
            wanted = [lead_id for lead_id in lead_ids if lead_id in self._tickets]
        for some in _chunks(wanted, MOST_AT_ONCE):
            for answer in self._store.answers(some):
                if answer.is_settled:
                    for ticket in self._taken(answer.id):
                        ticket.settle(answer)

    def _call_sold(self, lead_id: UUID, price: int | None) -> bool:
        """Settle the tickets of a lead that was sold; False while one of them needs its row."""
        if price is None:
            return False
        with self._lock:
            tickets = self._tickets.get(lead_id, [])
        return all(ticket.settle_sold(price) for ticket in tickets)

    def _taken(self, lead_id: UUID) -> list[Ticket]:
        with self._lock:
            return self._tickets.pop(lead_id, [])


def _chunks(values: list[T], size: int) -> Iterable[list[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
