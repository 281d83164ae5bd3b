"""How many leads are due and not taken yet; when there are far too many, posts are turned away instead of piling up."""

import time
from collections.abc import Callable

from sqlalchemy import text

from flowbuilder.intake.refused import unavailable
from flowbuilder.intake.store import Database

COUNT_EVERY = 1.0  # seconds
RETRY_AFTER = 30  # seconds
DUE = text(
    "SELECT count(*) FROM (SELECT FROM lead WHERE state <> 'done' AND due_at <= now() LIMIT :most) AS due",
)


class Backlog:
    """Counts due leads at most once a second; one request does it, the others go by the last count."""

    def __init__(self, database: Database, *, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._limit = limit
        self._clock = clock
        self._count_again_at = 0.0
        self._is_full = False

    def refuse_when_full(self) -> None:
        """Raise Refused (503) while more leads are due than the limit allows, or when they cannot be counted."""
        now = self._clock()
        if now >= self._count_again_at:
            self._count_again_at = now + COUNT_EVERY
            row = self._database.first(DUE, most=self._limit + 1)
            self._is_full = row is not None and row[0] > self._limit
        if self._is_full:
            message = "Too many leads are waiting to be worked on. Post this one again later."
            raise unavailable("backlog", message, retry_after=RETRY_AFTER)
