"""The sockets that the sender waits for: those of thousands of calls, each of which changes what it waits for."""

import select
import sys
from collections.abc import Iterator
from contextlib import suppress

IN, OUT = select.POLLIN, select.POLLOUT
"""What the system calls it that a socket can be read or written; the same numbers for both ways of waiting."""


class Sockets:
    """Waits until some of many sockets can be read or written.

    It does what the standard selector does, without an object for each socket, which was a tenth of the sender's work.
    """

    def __init__(self) -> None:
        if sys.platform == "linux":
            self._poll, self._unit = select.epoll(), 1
        else:
            self._poll, self._unit = select.poll(), 1000
        self._watched: set[int] = set()

    def watch(self, fd: int, *, reads: bool, writes: bool) -> None:
        """Wait from now on until a socket can be read, or written, whatever was waited for before."""
        mask = (IN if reads else 0) | (OUT if writes else 0)
        if fd in self._watched:
            self._poll.modify(fd, mask)
        else:
            self._watched.add(fd)
            self._poll.register(fd, mask)

    def forget(self, fd: int) -> None:
        """Wait for a socket no more."""
        self._watched.discard(fd)
        with suppress(OSError):  # It may be closed already.
            self._poll.unregister(fd)

    def wait(self, seconds: float | None) -> Iterator[tuple[int, bool, bool]]:
        """Yield each socket of which something can be done, whether it can be read and written; None waits for ever."""
        for fd, mask in self._poll.poll(None if seconds is None else seconds * self._unit):
            # A socket that broke can be read and written: the call then says what is wrong.
            yield fd, bool(mask & ~OUT), bool(mask & ~IN)

    def close(self) -> None:
        """Give up what it holds open."""
        if sys.platform == "linux":
            self._poll.close()
