"""Posts that web processes hand straight to a loop: its door, and what a post is to a turn."""

import logging
import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from flowbuilder import handover
from flowbuilder.db import read_json
from workers.carrying import Carried
from workers.journal import Claimed

PIECE = 1 << 18
MOST_WAITING = 1024
"""How many posts wait for a turn at most, before the door is shut."""
_ABSENT = ("test_outcome", "answer_to", "last_step", "instruction", "pinged", "key", "body_hash")
"""What a row leaves out where there is nothing to say, or what no post has yet."""

log = logging.getLogger(__name__)


class Door:
    """Where web processes of the same home hand posts over; `put` is given what came, in other threads.

    All else is for the loop's own thread. Posts that came and are not carried when the door is shut belong to the web
    again, which hears that it was shut.
    """

    def __init__(self, home: Path | None, loop: str, put: Callable[[list[bytes]], object]) -> None:
        self._home, self._loop, self._put = home, loop, put
        self._ear: socket.socket | None = None
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Return whether posts are taken."""
        return self._ear is not None

    def open(self) -> None:
        """Take posts from now on; where no socket can be made here, nobody is let in, and posts come as ever."""
        if self._home is None or self._ear is not None:
            return
        ear = socket.socket(socket.AF_UNIX)
        try:
            _clear_away(handover.make_folder(self._home))
            ear.bind(handover.address_of(self._home, self._loop))
            ear.listen()
        except OSError as problem:
            ear.close()
            self._home = None
            log.warning("posts are not taken straight from the web: %s", type(problem).__name__)
            return
        self._ear = ear
        threading.Thread(target=self._let_in, args=(ear,), name="door", daemon=True).start()

    def shut(self) -> None:
        """Take no more posts, and have the web know."""
        ear, self._ear = self._ear, None
        if ear is None or self._home is None:
            return
        with suppress(OSError):
            Path(handover.address_of(self._home, self._loop)).unlink()
        with self._lock:
            links, self._links = self._links, set()
        for one in (ear, *links):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # Ends the wait of the thread that has it.
            one.close()

    def _let_in(self, ear: socket.socket) -> None:
        while True:
            try:
                link, _ = ear.accept()
            except OSError:
                return
            with self._lock:
                if self._ear is not ear:
                    link.close()
                    return
                self._links.add(link)
            threading.Thread(target=self._take, args=(link,), name="door-link", daemon=True).start()

    def _take(self, link: socket.socket) -> None:
        unpacker = handover.Unpacker()
        with suppress(OSError):
            while piece := link.recv(PIECE):
                if rows := unpacker.rows(piece):
                    self._put(rows)
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
    for left in folder.iterdir():
        with socket.socket(socket.AF_UNIX) as link:
            try:
                link.connect(str(left))
            except ConnectionRefusedError:
                left.unlink(missing_ok=True)
            except OSError:
                continue


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
