"""Calls that wait for a name to be looked up, on a few threads, so that a slow name service delays nobody else."""

import heapq
import threading
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue

from flowbuilder.addresses import AddressBlocked, AddressUnresolved, Checked
from rules.delivery.url import Target
from workers.delivery.calls import Flight
from workers.delivery.spares import Origin, origin_of

Verdict = Checked | AddressBlocked | AddressUnresolved


class Lookups:
    """The waiting calls, by the host they are for. Calls to the same host share the look-up that is under way.

    All but the look-ups themselves happens in the thread of the loop; each verdict reaches the loop by `tell`.
    """

    def __init__(
        self,
        check: Callable[[Target], Checked],
        tell: Callable[[tuple[Target, Verdict]], object],
        max_threads: int = 32,
    ) -> None:
        self._check, self._tell, self._max_threads = check, tell, max_threads
        self._waiting: dict[Origin, list[Flight]] = {}
        self._deadlines: list[tuple[float, int, Flight]] = []
        self._number = count()
        self._asked: SimpleQueue[Target | None] = SimpleQueue()
        self._threads = 0

    def wait(self, flight: Flight) -> None:
        """Have the address of a call looked up."""
        heapq.heappush(self._deadlines, (flight.connect_by, next(self._number), flight))
        origin = origin_of(flight.target)
        if origin in self._waiting:
            self._waiting[origin].append(flight)
        else:
            self._waiting[origin] = [flight]
            self._ask(flight.target)

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
        for _ in range(self._threads):
            self._asked.put(None)
        return self.expired(float("inf"))

    def _ask(self, target: Target) -> None:
        # As many threads as hosts are being looked up, so that a host whose look-up hangs holds up no other.
        if self._threads < min(len(self._waiting), self._max_threads):
            self._threads += 1
            # A look-up can hang for many seconds; a daemon thread does not keep the process from ending.
            threading.Thread(target=self._work, name="name-lookup", daemon=True).start()
        self._asked.put(target)

    def _work(self) -> None:
        while (target := self._asked.get()) is not None:
            self._tell((target, self._verdict(target)))

    def _verdict(self, target: Target) -> Verdict:
        try:
            return self._check(target)
        except (AddressBlocked, AddressUnresolved) as refusal:
            return refusal
