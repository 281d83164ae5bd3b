"""The only door to addresses that people typed: one thread that carries thousands of HTTP calls at once."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from functools import partial

import certifi
import pycurl

from flowbuilder import open_files
from flowbuilder.addresses import AddressBlocked, Allowed, Checked, Resolver, check_target, parse, system_resolver
from rules.delivery.url import LONGEST_SENT, Target
from workers.delivery.calls import Call, Flight, Kind, Sent
from workers.delivery.inbox import Inbox
from workers.delivery.lookups import Lookups, Verdict
from workers.delivery.sockets import Sockets
from workers.delivery.spares import Spares
from workers.delivery.transfer import MAX_IDLE_SECONDS, NOT_MADE, Transfer

__all__ = ["Call", "Sender", "Sent"]

MAX_ADDRESSES = 3
MOST_BEGUN = 32
"""How many calls begin before it is looked whether others were answered, whose connections the next ones can use."""
MAX_KEPT_CONNECTIONS = 4096
"""Idle ones, besides those that are busy: more than the pings of two hundred auctions leave to one loop. Where there is
one too many, libcurl goes through all of them to close the oldest, after every call."""
FEW_KEPT = 64
"""So many may stay open while nothing is called: with them would go what libcurl knows of certificates and sessions."""


class Sender:
    """Makes calls, many at a time, and hands each result to `on_result` from its own thread, in no special order.

    Every call that was submitted has exactly one result, also when the sender stops. `on_result` must not raise, and
    not take long. `allow` lists the private (host, port) pairs that may be called, `own` this machine's addresses,
    `ca_file` the certificate authorities to trust instead of the usual ones.
    """

    def __init__(
        self,
        on_result: Callable[[Sent], object],
        *,
        allow: Allowed = (),
        own: Collection[str] = (),
        resolve: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        self._on_result = on_result
        self._check = partial(check_target, resolve=resolve, allow=frozenset(allow), own=frozenset(own))
        self._ca_file = ca_file or certifi.where()
        self._inbox: Inbox[Flight | tuple[Target, Verdict] | None] = Inbox()
        self._not_begun: deque[Flight] = deque()
        self._lookups = Lookups(self._check, tell=self._inbox.put)
        self._active: dict[pycurl.Curl, Transfer] = {}
        self._idle: list[Transfer] = []
        self._most_kept = open_files.a_part_of_them(MAX_KEPT_CONNECTIONS)
        self._count_lock = threading.Lock()
        self._in_flight = 0
        self._timer_at: float | None = None
        self._stop_at: float | None = None
        self._used_at = -math.inf
        self._sockets = Sockets()
        self._sockets.watch(self._inbox.fileno(), reads=True, writes=False)
        self._begin_afresh()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    @property
    def in_flight(self) -> int:
        """Return the number of submitted calls whose result was not handed over yet."""
        return self._in_flight

    def start(self) -> None:
        """Start the thread; a sender is started once."""
        self._thread.start()

    def submit(self, call: Call) -> None:
        """Have the call made; returns at once. Raises RuntimeError when the sender is not running."""
        with self._count_lock:
            self._in_flight += 1
        if self._stop_at is not None or not self._inbox.put(Flight(call, time.monotonic())):
            with self._count_lock:
                self._in_flight -= 1
            raise RuntimeError("The sender is not running.")

    def stop(self, grace_seconds: float) -> None:
        """Let the calls end for some seconds, then give up the others; returns when every result was handed over."""
        self._stop_at = time.monotonic() + grace_seconds
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._is_finished():
                self._turn()
        finally:
            self._give_up()

    def _is_finished(self) -> bool:
        if self._stop_at is None:
            return False
        return not self._in_flight or time.monotonic() >= self._stop_at

    def _turn(self) -> None:
        inbox = self._inbox.fileno()
        for fd, can_read, can_write in self._sockets.wait(self._patience()):
            if fd != inbox:
                can_do = (pycurl.CSELECT_IN if can_read else 0) | (pycurl.CSELECT_OUT if can_write else 0)
                self._multi.socket_action(fd, can_do)
        for thing in self._inbox.take():
            self._receive(thing)
        for _ in range(min(len(self._not_begun), MOST_BEGUN)):
            self._depart(self._not_begun.popleft())
        now = time.monotonic()
        for flight in self._lookups.expired(now):
            self._report(flight.sent("not_sent", "The host name was not looked up in time.", now))
        if self._timer_at is not None and self._timer_at <= now:
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        # A transfer can end inside the very call that began it, and nothing would end the wait for it.
        self._collect()
        self._make_room()
        self._close_what_is_old(now)

    def _begin_afresh(self) -> None:
        """Begin without a connection; those that were kept are closed by whoever held them."""
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._spares = Spares(self._most_kept, MAX_IDLE_SECONDS)
        self._make_room()

    def _close_what_is_old(self, now: float) -> None:
        """Close all kept connections once none of them will be used again: libcurl waits for the next call."""
        if now >= self._idle_until():
            self._multi.close()
            self._begin_afresh()

    def _idle_until(self) -> float:
        """Return the monotonic time at which no kept connection is used any more, unless calls are made before."""
        is_worth_it = len(self._spares) > FEW_KEPT and not self._active
        return self._used_at + MAX_IDLE_SECONDS if is_worth_it else math.inf

    def _make_room(self) -> None:
        """Have libcurl keep as many idle connections as ever: it counts busy ones with them.

        Else calls that hang would have all others begin with a new connection.
        """
        self._multi.setopt(pycurl.M_MAXCONNECTS, self._most_kept + len(self._active))

    def _patience(self) -> float | None:
        """Return for how many seconds nothing has to be done unless a socket wakes the loop."""
        if self._not_begun:
            return 0.0
        moments = (self._timer_at, self._stop_at, self._lookups.next_deadline(), self._idle_until())
        earliest = min((moment for moment in moments if moment is not None), default=None)
        return None if earliest in {None, math.inf} else max(0.0, earliest - time.monotonic())

    def _receive(self, thing: Flight | tuple[Target, Verdict] | None) -> None:
        if isinstance(thing, Flight):
            self._not_begun.append(thing)
        elif thing is not None:
            target, verdict = thing
            for flight in self._lookups.answer(target):
                self._connect(flight, verdict)

    def _depart(self, flight: Flight) -> None:
        """Check the address of a call: at once if it is a number, else after its name was looked up."""
        try:
            flight.target = parse(flight.call.request.url, LONGEST_SENT)
            if not flight.target.is_literal:
                self._lookups.wait(flight)
                return
            verdict: Verdict = self._check(flight.target)
        except AddressBlocked as blocked:
            verdict = blocked
        self._connect(flight, verdict)

    def _connect(self, flight: Flight, verdict: Verdict) -> None:
        if isinstance(verdict, Checked):
            flight.addresses = verdict[:MAX_ADDRESSES]
            self._begin(flight)
        else:
            kind: Kind = "blocked" if isinstance(verdict, AddressBlocked) else "not_sent"
            self._report(flight.sent(kind, str(verdict), time.monotonic()))

    def _begin(self, flight: Flight) -> None:
        """Begin the call with the next of its addresses."""
        transfer = self._idle.pop() if self._idle else Transfer(self._ca_file)
        now = time.monotonic()
        transfer.begin(flight, flight.addresses.pop(0), now, has_spare=self._spares.take(flight.target, now))
        self._active[transfer.easy] = transfer
        self._multi.add_handle(transfer.easy)

    def _collect(self) -> None:
        more = 1
        while more:
            more, ended, failed = self._multi.info_read()
            for easy in ended:
                self._finish(easy, pycurl.E_OK, "")
            for easy, code, message in failed:
                self._finish(easy, code, message)

    def _finish(self, easy: pycurl.Curl, code: int, message: str) -> None:
        transfer = self._active.pop(easy)
        self._multi.remove_handle(easy)
        flight = transfer.flight
        kind, error, reply = transfer.outcome(code, message)
        self._idle.append(transfer)
        if kind == "not_sent" and code == pycurl.E_COULDNT_CONNECT and flight.addresses:
            self._begin(flight)
            return
        self._used_at = time.monotonic()
        if reply is not None:
            self._spares.keep(flight.target, self._used_at)
        self._report(flight.sent(kind, error, self._used_at, reply))

    def _report(self, sent: Sent) -> None:
        with self._count_lock:
            self._in_flight -= 1
        self._on_result(sent)

    def _give_up(self) -> None:
        """Hand over a result for every call that has none, and close everything."""
        self._stop_at = time.monotonic()
        for easy in list(self._active):
            self._finish(easy, pycurl.E_ABORTED_BY_CALLBACK, "")
        arrived = [thing for thing in self._inbox.close() if isinstance(thing, Flight)]
        for flight in [*self._not_begun, *arrived, *self._lookups.stop()]:
            self._report(flight.sent("not_sent", NOT_MADE, time.monotonic()))
        for transfer in self._idle:
            transfer.easy.close()
        self._multi.close()
        self._sockets.close()

    def _watch_socket(self, events: int, fd: int, _multi: pycurl.CurlMulti, _extra: object) -> None:
        if events == pycurl.POLL_REMOVE:
            self._sockets.forget(fd)
        else:
            self._sockets.watch(fd, reads=bool(events & pycurl.POLL_IN), writes=bool(events & pycurl.POLL_OUT))

    def _set_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
