"""Posts that web processes hand straight to a loop: its door, and what a post is to a turn."""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from flowbuilder import handover
from flowbuilder.db import read_json
from workers.calling import Brought
from workers.carrying import Carried
from workers.journal import Claimed

PIECE = 1 << 18
TRY_EVERY = 5.0
"""Seconds between two tries to open a door."""
MOST_WAITING = 512
"""How many posts wait for a turn at most, before the door is shut."""
_ABSENT = ("test_outcome", "answer_to", "last_step", "instruction", "pinged", "key", "body_hash")
"""What a row leaves out where there is nothing to say, or what no post has yet."""

log = logging.getLogger(__name__)


class Door:
    """Where web processes of the same home hand posts over; `put` is given what came, in other threads.

    All else is for the loop's own thread. Posts that came and are not carried when the door is shut belong to the web
    again, which hears that it was shut.
    """

    def __init__(self, home: Path | None, loop: str, put: Callable[[Brought], object]) -> None:
        self._home, self._loop, self._put = home, loop, put
        self._ear: socket.socket | None = None
        self._try_at, self.is_broken, self._is_told = 0.0, False, False
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Return whether posts are taken."""
        return self._ear is not None

    def open(self) -> object | None:
        """Take posts from now on, and return what they come with; None where no socket can be made, for some seconds.

        Posts come as ever then.
        """
        if self._ear is None and self._home is not None and time.monotonic() >= self._try_at:
            try:
                self._ear = self._listening(self._home)
                threading.Thread(target=self._let_in, args=(self._ear,), name="door", daemon=True).start()
                self._is_told = False
            except (OSError, RuntimeError) as problem:
                if not self._is_told:
                    log.warning("posts are not taken straight from the web: %s", problem)
                self._is_told = True
                self.shut(TRY_EVERY)
        return self._ear

    def _listening(self, home: Path) -> socket.socket:
        folder = handover.make_folder(home)
        _clear_away(folder)
        ear, hidden = socket.socket(socket.AF_UNIX), folder / f".{self._loop}"
        try:
            hidden.unlink(missing_ok=True)
            ear.bind(str(hidden))
            ear.listen()
            hidden.rename(handover.address_of(home, self._loop))  # Whoever finds it can connect.
        except OSError:
            ear.close()
            raise
        return ear

    def shut(self, rest: float = 0.0) -> None:
        """Take no more posts, and have the web know; stay shut for so many seconds at least."""
        ear, self._ear = self._ear, None
        self._try_at = max(self._try_at, time.monotonic() + rest)
        self.is_broken = False
        if ear is None or self._home is None:
            return
        with suppress(OSError):
            Path(handover.address_of(self._home, self._loop)).unlink()
        with self._lock:
            links, self._links = self._links, set()
        for one in (ear, *links):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # Ends the wait of the thread that has it, which closes a link.
        ear.close()

    def _let_in(self, ear: socket.socket) -> None:
        while True:
            try:
                link, _ = ear.accept()
            except OSError:
                self._break(ear)
                return
            with self._lock:
                if self._ear is not ear:
                    link.close()
                    return
                self._links.add(link)
            try:
                threading.Thread(target=self._take, args=(ear, link), name="door-link", daemon=True).start()
            except RuntimeError:
                link.close()
                self._break(ear)
                return

    def _break(self, ear: socket.socket) -> None:
        with self._lock:
            self.is_broken = self.is_broken or self._ear is ear

    def _take(self, ear: socket.socket, link: socket.socket) -> None:
        unpacker = handover.Unpacker()
        try:
            while piece := link.recv(PIECE):
                if rows := unpacker.rows(piece):
                    self._put(Brought(ear, rows))
        except (OSError, ValueError) as problem:
            log.warning("a web process was hung up on: %s", type(problem).__name__)
        with self._lock:
            self._links.discard(link)
        link.close()


def as_kept(value: Any) -> Any:
    """Return a value as PostgreSQL gives it back that keeps it as `jsonb`, so that a run goes on from there unchanged.

    Names come in the order of their lengths; a number has its digits and no exponent, and zero no sign.
    """
    if isinstance(value, dict):
        return {name: as_kept(value[name]) for name in sorted(value, key=_length_first)}
    if isinstance(value, list):
        return [as_kept(entry) for entry in value]
    if isinstance(value, Decimal):
        whole = value.as_tuple().exponent
        return int(value) if isinstance(whole, int) and whole > 0 else abs(value) if value == 0 else value
    return value


def _length_first(name: str) -> tuple[int, bytes]:
    written = name.encode()
    return len(written), written


def _clear_away(folder: Path) -> None:
    """Take away the sockets of loops that were killed: nobody listens there any more."""
    for left in folder.glob("[!.]*"):
        with socket.socket(socket.AF_UNIX) as link:
            link.setblocking(False)  # Who stands still lets nobody in.
            try:
                link.connect(str(left))
            except ConnectionRefusedError:
                left.unlink(missing_ok=True)
            except OSError:
                continue


def read(rows: Iterable[bytes]) -> list[Carried]:
    """Return the leads that posts are; what cannot be read is left to the web."""
    leads = []
    for row in rows:
        try:
            leads.append(carried(row))
        except (ValueError, LookupError, TypeError, AttributeError) as problem:
            log.error("a post that was handed over cannot be read: %s", type(problem).__name__)  # noqa: TRY400
    return leads


def carried(row: bytes) -> Carried:
    """Return the lead that a post is, as one that was just claimed; its first write puts it into the database."""
    claimed: Claimed = dict.fromkeys(_ABSENT) | read_json(row)
    for name in ("id", "account_id", "flow_id", "source_id"):
        claimed[name] = UUID(claimed[name])
    for name in ("posted", "fields"):
        claimed[name] = as_kept(claimed[name])
    claimed["received_at"] = datetime.fromisoformat(claimed["received_at"])
    claimed.setdefault("kind", "post")
    token = random.getrandbits(62)
    claimed |= {"lease_token": token, "was": token, "run": 1, "asked_before": {}, "crashes": 1}
    claimed |= {"is_fresh": True, "is_left": False}
    return Carried(claimed, is_fresh=True, post=row)
