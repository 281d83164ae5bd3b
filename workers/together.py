"""What was read a moment ago, and is read again together."""

from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Connection as Database

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """What a statement said of some keys, until it is forgotten.

    A key that has to be read is read together with all that were asked for since the last time but one that everything
    was forgotten: turns ask for many, one after the other, and for the same ones again in the next second.
    """

    def __init__(self, read: Callable[[Database, Collection[K]], Mapping[K, V]]) -> None:
        self._read = read
        self._known: dict[K, V | None] = {}
        self._asked: set[K] = set()
        self._asked_before: set[K] = set()

    def find(self, database: Database, key: K) -> V | None:
        """Return what is known of a key, None when the statement says nothing of it."""
        self._asked.add(key)
        if key not in self._known:
            wanted, self._asked_before = {key, *self._asked_before}, set()
            self._known |= dict.fromkeys(wanted)
            self._known |= self._read(database, wanted)
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
        """Forget what is known; what was asked for since the last time will be read together."""
        self._known.clear()
        self._asked_before, self._asked = self._asked, set()
