"""How posts get from a web process straight to the loop that carries leads: over a socket that nobody else can open.

Each row travels as one line, and nothing is answered. A loop that takes no more hangs up, and whoever handed something
over that was not answered looks for it in the database.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from flowbuilder.embedded.homes import posts_folder

END = b"\n"
"""What stands behind each row, and in none: they are written without line breaks."""


def make_folder(home: Path) -> Path:
    """Return the folder in which the loops of a home have their sockets, made private.

    Raises PermissionError where it is somebody else's.
    """
    folder = posts_folder(home.resolve())
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not private to this account.")
    return folder


def address_of(home: Path, loop: str) -> str:
    """Return the path of a loop's socket."""
    return str(posts_folder(home.resolve()) / loop)


def pack(rows: Iterable[bytes]) -> bytes:
    """Return rows as they travel."""
    return b"".join(row + END for row in rows)


class Unpacker:
    """Puts what came in pieces together again."""

    def __init__(self) -> None:
        self._begun = b""

    def rows(self, piece: bytes) -> list[bytes]:
        """Return the rows that are whole by now."""
        *whole, self._begun = (self._begun + piece).split(END)
        return whole
