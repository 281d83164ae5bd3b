"""Reads entries from what people paste and upload, line by line, without holding all of it."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from rules.stored_lists import LONGEST_ENTRY

MOST_BYTES = 128 * 1024 * 1024
"""More than a million of the longest hashes take."""
LONGEST_LINE = 4 * LONGEST_ENTRY + 64
NO_ENTRY = "\0"
BETWEEN = re.compile(r"[,;\t]")
"""What stands between the entries of a line, where it cannot be part of one."""

Split = Callable[[str], Iterable[str]]


class NotText(Exception):
    """What was sent is not text in UTF-8."""


class Reads(Protocol):
    """What can be read line by line, as bytes."""

    def readline(self, most: int, /) -> bytes:
        """Return the next line, or so much of it; nothing at the end."""


def lines_of(reader: Reads) -> Iterator[str]:
    """Yield the lines of a stream of bytes as they arrive; one that is too long for an entry comes as one that is none.

    Raises NotText.
    """
    while line := reader.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield _decoded(line)
            continue
        while line and not line.endswith(b"\n"):
            line = reader.readline(LONGEST_LINE)
        yield NO_ENTRY


def whole(line: str) -> Iterable[str]:
    """Return a line as the one entry that it is."""
    return (line,)


def split_for(kind: str) -> Split:
    """Return what takes the entries of a kind out of a line of a spreadsheet: a text may hold commas itself."""
    return _cells if kind != "text" else lambda line: (cell.strip('"') for cell in line.split("\t"))


def _cells(line: str) -> Iterable[str]:
    return (cell.strip().strip("\"'") for cell in BETWEEN.split(line))


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotText from None
