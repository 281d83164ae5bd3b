"""Calls that wait for a name to be looked up, on a few threads, so that a slow name service delays nobody else."""

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue

from flowbuilder.addresses import AddressBlocked, AddressUnresolved, Checked
from rules.delivery.url import Target
from workers.delivery.calls import Flight
from workers.delivery.spares import Origin, origin_of

Verdict = Checked | AddressBlocked | AddressUnresolved

QUICK = 1.0
"""Seconds that the look-up of a name takes at most that is quick."""
MOST_KNOWN = 10_000


class _Lane:
    """Threads that do look-ups: as many as are under way or wait, up to a number."""

    def __init__(self, work: Callable[[Target], object], max_threads: int) -> None:
        self._work, self._max_threads = work, max_threads
        self._asked: SimpleQueue[Target | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._undone = 0

    def ask(self, target: Target) -> None:
        """Have a look-up done, on a thread of its own if there may be another one."""
        with self._lock:
            self._undone += 1
            if self._threads < min(self._undone, self._max_threads):
                self._threads += 1
                # A look-up can hang for many seconds; a daemon thread does not keep the process from ending.
                threading.Thread(target=self._run, name="name-lookup", daemon=True).start()
        self._asked.put(target)

    def stop(self) -> None:
        """Let each thread end after the look-up it is doing."""
        for _ in range(self._threads):
            self._asked.put(None)

    def _run(self) -> None:
        while (target := self._asked.get()) is not None:
            self._work(target)
            with self._lock:
                self._undone -= 1


class Lookups:
    """The waiting calls, by the host they are for. Calls to the same host share the look-up that is under way.

    Names that were quick the last time have threads of their own, so that many that hang, or were never looked up,
    hold up none of those. All but the look-ups themselves happens in the thread of the loop; each verdict reaches the
    loop by `tell`.
    """

    def __init__(
        self,
        check: Callable[[Target], Checked],
        tell: Callable[[tuple[Target, Verdict]], object],
        max_threads: int = 32,
    ) -> None:
        self._check, self._tell = check, tell
        self._waiting: dict[Origin, list[Flight]] = {}
        self._deadlines: list[tuple[float, int, Flight]] = []
        self._number = count()
        self._quick: set[Origin] = set()
        self._quick_lane, self._lane = (_Lane(self._look_up, max_threads) for _ in range(2))

    def wait(self, flight: Flight) -> None:
        """Have the address of a call looked up."""
        heapq.heappush(self._deadlines, (flight.connect_by, next(self._number), flight))
        origin = origin_of(flight.target)
        if origin in self._waiting:
            self._waiting[origin].append(flight)
        else:
            self._waiting[origin] = [flight]
            (self._quick_lane if origin in self._quick else self._lane).ask(flight.target)

    def answer(self, target: Target) -> list[Flight]:
        """Return the calls that a verdict about this target is for; those that waited too long are gone already."""
        flights = [flight for flight in self._waiting.pop(origin_of(target), []) if flight.is_waiting]
        for flight in flights:
            flight.is_waiting = False
        return flights

    def expired(self, now: float) -> list[Flight]:
        """Return the calls that have no time left to wait; `now` is monotonic."""
        expired = []
        while self._deadlines and (self._deadlines[0][0] <= now or not self._deadlines[0][2].is_waiting):
            flight = heapq.heappop(self._deadlines)[2]
            if flight.is_waiting:
                flight.is_waiting = False
                expired.append(flight)
        return expired

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which the next call gives up waiting."""
        return self._deadlines[0][0] if self._deadlines else None

    def stop(self) -> list[Flight]:
        """Let each thread end after the look-up it is doing; return the calls that still wait."""
        for lane in (self._quick_lane, self._lane):
            lane.stop()
        return self.expired(float("inf"))

    def _look_up(self, target: Target) -> None:
        began = time.monotonic()
        verdict = self._verdict(target)
        self._note(origin_of(target), time.monotonic() - began)
        self._tell((target, verdict))

    def _note(self, origin: Origin, seconds: float) -> None:
        if seconds > QUICK:
            self._quick.discard(origin)
        elif len(self._quick) < MOST_KNOWN:
            self._quick.add(origin)

    def _verdict(self, target: Target) -> Verdict:
        try:
            return self._check(target)
        except (AddressBlocked, AddressUnresolved) as refusal:
            return refusal
