"""Hands posts straight to the loop that carries leads, which writes them down with what it does first.

That saves a commit, and the loop its search. Nothing rests on it: a post that is not answered soon is looked for in the
database and stored where it is not there, and so is whatever was handed to a loop that hung up.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from flowbuilder import enqueue, handover
from flowbuilder.handover import LONGEST_TURN, LOOK_AFTER
from flowbuilder.intake import meters
from flowbuilder.intake.posted import FullKey
from flowbuilder.intake.store import LeadStore
from flowbuilder.intake.tickets import Entry

LOOK_EVERY = 0.25
TRY_EVERY = 0.25
"""Seconds between two tries to find a loop."""
SELDOM = 10
"""How many times as long as a try took there is none, where that is more."""
DISTRUST = 5.0
"""Seconds without a try after a loop did not take what it was handed."""
PATIENCE = 0.5
"""Seconds within which a loop takes what it is handed."""
EXPECTED_FOR = 600.0
"""Seconds for which more used keys are expected after one."""
LOOKED_FOR = LONGEST_TURN + 3
"""Seconds since it came for which a post is looked for again that a loop may be storing just now."""
SHORTEST_WAIT = 2.0
"""Seconds that a request waits at least whose post is handed over: it must be known in time that it is stored."""


class Handing:
    """What one web process has handed over; all but `_watch` is for the batcher's thread, which has the store.

    `wake` has that thread look at once.
    """

    def __init__(self, redis: Redis, home: Path, store: LeadStore, wake: Callable[[], object]) -> None:
        self._redis, self._home, self._store, self._wake = redis, home, store, wake
        self._link: socket.socket | None = None
        self._is_over, self._has_ended = threading.Event(), False
        self._out: list[tuple[float, Entry]] = []
        self._try_at = self._look_at = self._expects_until = 0.0

    @property
    def look_at(self) -> float | None:
        """Return the monotonic time at which something has to be looked for, None while nothing is out."""
        return self._look_at if self._out else None

    def hand(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Hand posts over, and return those that have to be stored as ever.

        A key that was used costs a loop its turn. So a second post of a key that is out is kept until somebody has
        looked for the first one, and where used keys came lately, all are looked up; that is a trip to the database.
        """
        link = self._open() if any(map(_fits, entries)) else None
        first, seconds = self._by_key(entries, hands_over=link is not None)
        self._note(seconds)
        fitting = self._without_used_keys(list(filter(_fits, first))) if link is not None else []
        if link is not None and fitting:
            self._send(link, fitting)
        handed = set(map(id, fitting))
        return [entry for entry in first if id(entry) not in handed]

    def _by_key(self, entries: Sequence[Entry], *, hands_over: bool) -> tuple[list[Entry], list[Entry]]:
        """Return posts that may be stored now, and those that come with a key that is out, or is about to be."""
        out = self._keys_out() if any(entry.key for entry in entries) else set()
        first, seconds, keys = list[Entry](), list[Entry](), set[FullKey]()
        for entry in entries:
            key, is_handed = entry.full_key, hands_over and _fits(entry)
            is_second = key in out or (is_handed and key in keys)
            (seconds if is_second else first).append(entry)
            if key is not None and not is_second:
                (out if is_handed else keys).add(key)
        return first, seconds

    def _send(self, link: socket.socket, entries: Sequence[Entry]) -> None:
        # Noted first: what breaks off in the middle may have been taken all the same.
        now = self._note(entries)
        for entry in entries:
            entry.was_handed = True
        meters.HANDED_OVER.inc(len(entries))
        try:
            link.sendall(handover.pack((entry.row for entry in entries), now))
        except OSError:
            self._try_at = now + DISTRUST
            self._is_over.set()

    def _note(self, entries: Sequence[Entry]) -> float:
        """Note what is out from now on, and return the time."""
        now = time.monotonic()
        self._look_at = self._look_at if self._out else now + LOOK_EVERY
        self._out += [(now, entry) for entry in entries]
        return now

    def _keys_out(self) -> set[FullKey]:
        out = (entry for _, entry in self._out if entry.ticket.settlement is None)
        return {entry.full_key for entry in out if entry.full_key is not None}

    def expect_used_keys(self) -> None:
        """Have keys looked up for some minutes before posts are handed over, as one came that was used."""
        self._expects_until = time.monotonic() + EXPECTED_FOR

    def _without_used_keys(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return those posts that may be handed over by their keys: none where that cannot be told."""
        keys = {entry.full_key for entry in entries if entry.full_key is not None}
        if not keys or time.monotonic() >= self._expects_until:
            return entries
        try:
            used = self._store.used_keys(keys)
        except psycopg.Error:
            return []
        return [entry for entry in entries if entry.full_key not in used]

    def look_again(self, entries: Sequence[Entry]) -> list[Entry]:
        """Have posts looked for later that somebody is storing just now, and return those that came too long ago."""
        earliest = time.monotonic() - LOOKED_FOR
        self._note([entry for entry in entries if entry.ticket.since >= earliest])
        return [entry for entry in entries if entry.ticket.since < earliest]

    def overdue(self) -> list[Entry]:
        """Return the posts of which nobody knows whether they are stored, and that have waited for an answer too long.

        Those are all that are out where the loop hung up.
        """
        now, is_over = time.monotonic(), self._is_over.is_set()
        if not (is_over or (self._out and now >= self._look_at)):
            return []
        if is_over:
            self._hang_up()
        self._look_at = now + LOOK_EVERY
        latest = now if is_over else now - LOOK_AFTER
        out = [(since, entry) for since, entry in self._out if entry.ticket.settlement is None]
        self._out = [(since, entry) for since, entry in out if since > latest]
        return [entry for since, entry in out if since <= latest]

    def distrust(self) -> None:
        """Hang up, and try no loop for a while, if one that did not hang up has not stored what it was handed.

        It may be about to: whatever else is out is looked for as ever.
        """
        if self._link is not None and not self._is_over.is_set():
            self._try_at = time.monotonic() + DISTRUST
            self._hang_up()

    def end(self) -> None:
        """Hang up for good: all that is out is overdue."""
        if not self._has_ended:
            self._has_ended = True
            self._is_over.set()

    def _open(self) -> socket.socket | None:
        """Return the link to the loop that carries leads here, None while there is none that takes posts."""
        may_try = not (self._has_ended or self._is_over.is_set())
        if self._link is None and may_try and time.monotonic() >= self._try_at:
            began = time.monotonic()
            self._link = self._connected()
            # No post is stored meanwhile: where Valkey is slow, it is seldom asked.
            self._try_at = time.monotonic() + max(TRY_EVERY, (time.monotonic() - began) * SELDOM)
            if self._link is not None:
                self._begin_to_watch(self._link)
        return None if self._is_over.is_set() else self._link

    def _begin_to_watch(self, link: socket.socket) -> None:
        try:
            threading.Thread(target=self._watch, args=(link,), name="intake-link", daemon=True).start()
        except RuntimeError:
            self._is_over.set()  # Nobody would hear that the loop hangs up.

    def _connected(self) -> socket.socket | None:
        try:
            loop = enqueue.carrying_loop(self._redis)
        except RedisError:
            return None
        if loop is None:
            return None
        try:
            link = socket.socket(socket.AF_UNIX)
        except OSError:
            return None
        link.settimeout(PATIENCE)
        try:
            link.connect(handover.address_of(self._home, loop))
        except OSError:
            link.close()
            return None
        return link

    def _watch(self, link: socket.socket) -> None:
        """Wait until the loop hangs up: it says nothing before."""
        while link is self._link:
            try:
                link.recv(1)
            except TimeoutError:
                continue
            except OSError:
                pass
            if link is self._link:
                self._is_over.set()
                self._wake()
            return

    def _hang_up(self) -> None:
        link, self._link = self._link, None
        self._is_over.clear()
        if link is not None:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()


def _fits(entry: Entry) -> bool:
    return entry.may_be_handed and not entry.was_handed
