"""All that one web process needs to take leads in: its store, its batcher, its waiting room."""

import time
from functools import partial
from uuid import UUID

from flowbuilder import db, enqueue, ids
from flowbuilder.config import Settings
from flowbuilder.intake.backlog import Backlog
from flowbuilder.intake.batch import LOCKED_FOR, Batcher
from flowbuilder.intake.guard import WRONG_KEYS, Buckets
from flowbuilder.intake.handing import Handing
from flowbuilder.intake.loop import IntakeLoop
from flowbuilder.intake.sources import OpenSource, Sources
from flowbuilder.intake.store import Database, LeadStore
from flowbuilder.intake.waiting import LISTEN_FOR, WaitingRoom

QUIET_AFTER_FAILURE = 1.0  # seconds
SPARE_CONNECTIONS = 16


class Desk:
    """The front desk of a web process; threads start with the first post, so that a server may fork before."""

    def __init__(self, settings: Settings) -> None:
        engine = db.make_engine(settings.database_url)
        most = settings.web_threads + SPARE_CONNECTIONS
        self.redis = enqueue.connect(settings.redis_url, most_connections=most)
        self.database = Database(engine)
        self.loop = IntakeLoop()
        self.sources = Sources(self.database)
        self.backlog = Backlog(self.database, limit=settings.backlog_limit)
        self.wrong_keys = Buckets(WRONG_KEYS)
        self.without_key = Buckets(settings.open_posts_per_minute)
        # All leads wait for what it asks.
        self._asking = enqueue.connect(settings.redis_url, most_connections=2, timeout=0.1)
        self.batcher = Batcher(
            LeadStore(engine, lock_timeout=LOCKED_FOR), self.announce, partial(Handing, self._asking, settings.home)
        )
        listening = enqueue.connect(settings.redis_url, most_connections=2, timeout=enqueue.SOCKET_TIMEOUT + LISTEN_FOR)
        self.room = WaitingRoom(
            listening,
            LeadStore(engine),
            web_id=ids.show(ids.new_id()),
            places=settings.web_threads // 2,
            nudge=self.announce,
        )
        self._engine = engine
        self._quiet_until = 0.0

    def close(self) -> None:
        """Store what has come, end the threads, and let go of every connection."""
        self.batcher.close()
        self.room.close()
        self.loop.close()
        self.redis.close()
        self._asking.close()
        self._engine.dispose()

    async def find_source(self, flow_key: str, source_key: str) -> OpenSource:
        """Return a source as `Sources.find` does, and raise what that raises."""
        if source := self.sources.at_hand(flow_key, source_key):
            return source
        return await self.loop.blocking(self.sources.find, flow_key, source_key)

    async def refuse_when_full(self, account_id: UUID) -> None:
        """Raise Refused (503) as `Backlog.refuse_when_full` does, and once a second when the database is away."""
        if self.backlog.is_due():
            await self.loop.blocking(self.backlog.count)
        self.backlog.refuse_when_full(account_id)

    def announce(self, leads: int) -> None:
        """Tell the workers that leads are due; after a failure there is a quiet second, because each try takes time."""
        if time.monotonic() >= self._quiet_until and not enqueue.nudge(self.redis, leads=leads):
            self._quiet_until = time.monotonic() + QUIET_AFTER_FAILURE
