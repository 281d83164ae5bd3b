"""How posts get from a web process straight to the loop that carries leads: over a socket that nobody else can open.

Each row travels as one line behind the time at which it was handed over, and nothing is answered. A loop that takes no
more hangs up, and whoever handed something over that was not answered looks for it in the database.
"""

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from flowbuilder.embedded.homes import posts_folder
from flowbuilder.intake.posted import RECORD

END = b"\n"
"""What stands behind each row, and in none: they are written without line breaks."""
LOOK_AFTER = 1.0
"""Seconds without an answer after which the web looks for what it handed over, and stores what is not there."""
LONGEST_TURN = 10.0
"""Seconds that a loop's transaction takes at most: PostgreSQL ends the one of a loop that stands still."""
TOO_OLD = 0.6
"""Seconds after which a loop leaves it to the web: its turn takes time as well."""

Handed = tuple[float, bytes]
_VERSION = hashlib.sha256(RECORD.encode()).hexdigest()[:8]
"""What a row has in it: a web process and a loop of two versions do not meet, but over the database."""


def make_folder(home: Path) -> Path:
    """Return the folder in which the loops of a home have their sockets, made private.

    Raises PermissionError where it is somebody else's.
    """
    folder = posts_folder(home.resolve())
    folder.mkdir(mode=0o700, exist_ok=True)
    _insist_on_private(folder)
    return folder


def address_of(home: Path, loop: str) -> str:
    """Return the path of a loop's socket; raises OSError where there is none that nobody else can have made."""
    folder = posts_folder(home.resolve())
    _insist_on_private(folder)
    return str(folder / f"{loop}-{_VERSION}")


def _insist_on_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not private to this account.")


def pack(rows: Iterable[bytes], at: float) -> bytes:
    """Return rows as they travel that are handed over now, by the monotonic clock, which is one for a machine."""
    return b"".join(b"%.3f %b%b" % (at, row, END) for row in rows)


class Unpacker:
    """Puts what came in pieces together again."""

    def __init__(self) -> None:
        self._begun = b""

    def rows(self, piece: bytes) -> list[Handed]:
        """Return the rows that are whole by now, each with the time at which it was handed over."""
        *whole, self._begun = (self._begun + piece).split(END)
        split = (line.partition(b" ") for line in whole)
        return [(float(at), row) for at, _, row in split]
