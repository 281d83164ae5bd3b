"""Handing things from other threads to a loop that waits on sockets."""

import socket
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue that a selector can wait for: its descriptor is readable while something lies in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._things: list[T] = []
        self._is_closed = False
        self._outside, self._inside = socket.socketpair()

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._inside.fileno()

    def put(self, thing: T) -> bool:
        """Add a thing, from any thread; return False if the inbox is closed and will not be read again."""
        with self._lock:
            if self._is_closed:
                return False
            if not self._things:
                self._outside.send(b"\0")
            self._things.append(thing)
            return True

    def take(self) -> list[T]:
        """Return everything that lies in it, oldest first, and leave it empty."""
        with self._lock:
            things, self._things = self._things, []
            if things:
                self._inside.recv(1)
            return things

    def close(self) -> list[T]:
        """Take nothing in any more; return what still lay in it."""
        with self._lock:
            self._is_closed = True
            self._outside.close()
            self._inside.close()
            return self._things
