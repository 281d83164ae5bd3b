"""What was read a moment ago, and is read again together."""

import math
import time
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Connection as Database

K = TypeVar("K")
V = TypeVar("V")


LATELY = 2.0
"""Seconds since a key was asked for, for which it is read again with others that are asked for all the time: these wait
for nothing that only leads that hang have asked for."""
IN_USE_FOR = 30.0
"""Seconds since a key was asked for, for which it is read again with others that are asked for now and then."""


class Together(Generic[K, V]):
    """What a statement said of some keys, until it is forgotten.

    The first key that has to be read after that is read together with all that were asked for lately, and the first one
    of those that were not with the others of its kind: turns ask for many, one after the other, and for the same ones
    again.
    """

    def __init__(self, read: Callable[[Database, Collection[K]], Mapping[K, V]]) -> None:
        self._read = read
        self._known: dict[K, V | None] = {}
        self._asked: dict[K, float] = {}
        self._now = 0.0

    def find(self, database: Database, key: K) -> V | None:
        """Return what is known of a key, None when the statement says nothing of it.

        When the statement fails, nothing more is known than before: no key passes for one that there is nothing of.
        """
        before, self._asked[key] = self._asked.get(key, -math.inf), self._now
        if key not in self._known:
            wanted = self._in_use(before)
            found = self._read(database, wanted)
            self._known |= {asked: found.get(asked) for asked in wanted}
        return self._known[key]

    def get(self, database: Database, key: K) -> V:
        """Return what is known of a key; raises LookupError when the statement says nothing of it."""
        found = self.find(database, key)
        if found is None:
            raise LookupError(f"nothing is known of {key}")
        return found

    def change(self, key: K, change: Callable[[V], V]) -> None:
        """Change what is known of a key, where anything is."""
        known = self._known.get(key)
        if known is not None:
            self._known[key] = change(known)

    def forget(self) -> None:
        """Forget what is known."""
        self._known.clear()
        self._now = time.monotonic()

    def _in_use(self, before: float) -> Collection[K]:
        """Return the keys to read with one that is asked for now and was asked for at some time before."""
        self._asked = {key: at for key, at in self._asked.items() if self._now - at <= IN_USE_FOR}
        since = self._now - (LATELY if self._now - before <= LATELY else IN_USE_FOR)
        return [key for key, at in self._asked.items() if at >= since and key not in self._known]
