"""What workers count for `/metrics`: sums in one hash in Valkey, which outlive the processes that count.

A worker adds what it counted every few seconds. Should Valkey be emptied, all sums begin at 0 again, which collectors
take for a restart. Labels are the words below and no others.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

SUMS = "fb:counts"
ALL = ""


@dataclass(frozen=True)
class Series:
    """One metric: what it is called, its label with all words that it can have, and the bounds of a histogram."""

    name: str
    about: str
    label: str = ""
    words: tuple[str, ...] = (ALL,)
    bounds: tuple[float, ...] = ()

    def place(self, word: str = ALL, bucket: str = "") -> str:
        """Return under which name in the hash a sum stands."""
        return "/".join(filter(None, (self.name, word, bucket)))

    def bucket(self, value: float) -> str:
        """Return the bucket that a value belongs to."""
        at = bisect_left(self.bounds, value)
        return f"{self.bounds[at]:g}" if at < len(self.bounds) else "+Inf"


LEADS = Series(
    "flowbuilder_leads", "Leads that ended, by outcome.", "outcome", ("sold", "rejected", "duplicate", "error")
)
QUARANTINED = Series("flowbuilder_leads_quarantined", "Leads that no worker could carry; they count as errors too.")
OFFERS = Series(
    "flowbuilder_offers",
    "Offers that ended, by the buyer's answer.",
    "answer",
    ("accepted", "declined", "error", "unknown", "cancelled"),
)
ATTEMPTS = Series(
    "flowbuilder_attempt_seconds",
    "How long calls to buyers took, by outcome.",
    "outcome",
    ("ok", "declined", "error", "ambiguous", "blocked"),
    (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
TURNS = Series(
    "flowbuilder_turn_leads",
    "Leads moved by one transaction of a worker.",
    bounds=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048),
)
BREAKERS = Series(
    "flowbuilder_breaker_changes",
    "How often breakers of connections opened or closed.",
    "state",
    ("open", "closed"),
)
ALL_SERIES = (LEADS, QUARANTINED, OFFERS, ATTEMPTS, TURNS, BREAKERS)


class Sums:
    """What one process has counted and not handed over yet; any thread may count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: Counter[str] = Counter()

    def count(self, series: Series, words: Iterable[str] = (ALL,)) -> None:
        """Count one for each word; a word that the series does not have is left out."""
        with self._lock:
            for word in words:
                if word in series.words:
                    self._sums[series.place(word)] += 1

    def observe(self, series: Series, value: float, word: str = ALL) -> None:
        """Put a value into its bucket; sums are kept in thousandths, so that they are whole."""
        if word in series.words:
            with self._lock:
                self._sums[series.place(word, series.bucket(value))] += 1
                self._sums[series.place(word, "sum")] += round(value * 1000)

    def hand_over(self, redis: Redis) -> None:
        """Add all to the sums in Valkey; raises RedisError and keeps them when it cannot."""
        with self._lock:
            taken, self._sums = self._sums, Counter()
        try:
            with redis.pipeline(transaction=True) as pipe:
                for place, many in taken.items():
                    pipe.hincrby(SUMS, place, many)
                pipe.execute()
        except RedisError:
            with self._lock:
                self._sums.update(taken)
            raise


def read_sums(redis: Redis) -> dict[str, float]:
    """Return every sum by its name; raises RedisError while Valkey is away."""
    found = cast("dict[bytes, bytes]", redis.hgetall(SUMS))
    sums = {place.decode(): float(many) for place, many in found.items()}
    return {place: many / 1000 if place.endswith("/sum") else many for place, many in sums.items()}
