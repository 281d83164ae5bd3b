"""Leases are prolonged while their leads are in hand, and with them goes the word that this worker lives."""

import logging
import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine as DatabaseEngine

from workers import journal
from workers.carrying import Carried
from workers.crashpoints import committed
from workers.load import Load
from workers.outages import DATABASE_ERRORS, where
from workers.transactions import Transactions

MOST_RENEWED = 128
"""How many leases are renewed at once."""

log = logging.getLogger(__name__)


class Renewals:
    """Prolongs all leases of a loop three times in the life of one, and tells the database and RQ that it lives.

    Those of leads that hang may be thousands, and nobody's lead moves while they are written: some at a time.
    """

    def __init__(
        self,
        database: DatabaseEngine,
        redis: Redis,
        load: Load,
        transactions: Transactions,
        tell_alive: Callable[[], object],
    ) -> None:
        self._database, self._redis, self._load = database, redis, load
        self._transactions, self._tell_alive = transactions, tell_alive
        self._renewed_at = self._round_at = 0.0
        self._left: list[Carried] = []
        self.on_beat: Callable[[Redis], object] = lambda _redis: None

    @property
    def is_under_way(self) -> bool:
        """Return whether leases are left that are to be prolonged before long."""
        return bool(self._left)

    def renew(self) -> None:
        """Prolong the next leases, if it is time for that; what goes wrong is logged, and tried again."""
        now = time.monotonic()
        if not self._left:
            if now - self._renewed_at < journal.LEASE.total_seconds() / 3:
                return
            self._left, self._round_at = list(self._load.leads.values()), now
        try:
            self._renew_some()
            if self._left:
                return
            self._transactions.plan_anew()
            self._tell_alive()
            self._renewed_at = self._round_at
            self.on_beat(self._redis)
        except DATABASE_ERRORS as problem:
            log.warning("leases could not be renewed: %s", where(problem))
        except RedisError as problem:
            log.warning("Valkey did not answer: %s", where(problem))

    def forget(self) -> None:
        """Leave the leases that are left: nobody is to hold them any more."""
        self._left.clear()

    def _renew_some(self) -> None:
        """Prolong the next leases, or all that are left where turns are so long that it would take too many of them."""
        is_late = time.monotonic() - self._round_at > journal.LEASE.total_seconds() / 6
        some = self._left[: None if is_late else MOST_RENEWED]
        leases = [carried.lease for carried in some if self._load.holds(carried)]
        if leases:
            with committed(self._database, "renewal") as database:
                held = journal.renew(database, leases)
            self._load.lose(set(leases) - held)
        del self._left[: len(some)]
