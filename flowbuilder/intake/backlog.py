"""How many leads are due and not taken yet; when there are far too many, posts are turned away instead of piling up."""

import time
from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy import text

from flowbuilder.intake.refused import unavailable
from flowbuilder.intake.store import Database

COUNT_EVERY = 1.0  # seconds
RETRY_AFTER = 30  # seconds
ALL = 2
"""How many times the limit may be due before the posts of those are turned away, too, who have few leads there."""
DUE = text("""
    WITH due AS (SELECT account_id FROM lead WHERE state <> 'done' AND due_at <= now() LIMIT :most),
         held AS (SELECT account_id, count(*) AS many FROM due GROUP BY account_id)
    SELECT COALESCE(sum(many), 0) AS due,
           array_agg(account_id) FILTER (WHERE many >= (SELECT avg(many) FROM held)) AS loudest FROM held
""")


class Backlog:
    """Counts due leads at most once a second; one request does it, the others go by the last count.

    While more are due than the limit allows, the accounts that have the most of them are turned away: one that has
    less than the average is not to blame, until there are twice as many.
    """

    def __init__(self, database: Database, *, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._limit = limit
        self._clock = clock
        self._count_again_at = 0.0
        self._is_full = False
        self._turned_away: Collection[UUID] = ()

    def is_due(self) -> bool:
        """Return whether somebody must count now, which is once a second; whoever is told so counts."""
        now = self._clock()
        if now < self._count_again_at:
            return False
        self._count_again_at = now + COUNT_EVERY
        return True

    def refuse_when_full(self, account_id: UUID) -> None:
        """Raise Refused (503) while, by the last count, too many leads are due for another one of an account."""
        if self._is_full or account_id in self._turned_away:
            message = "Too many leads are waiting to be worked on. Post this one again later."
            raise unavailable("backlog", message, retry_after=RETRY_AFTER)

    def count(self) -> None:
        """Count the leads that are due; raises Refused (503) when the database is away."""
        row = self._database.first(DUE, most=self._limit * ALL + 1)
        due = row.due if row else 0
        self._is_full = due > self._limit * ALL
        self._turned_away = frozenset(row.loudest) if row and due > self._limit else ()
