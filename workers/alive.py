"""Tells the database which workers live, and refuses to work on a clock of its own."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder import ids
from workers.crashpoints import committed

MOST_APART = timedelta(seconds=2)
EVERY = 10.0  # seconds

log = logging.getLogger(__name__)

SEEN = text("""
    INSERT INTO worker (id, kind, started_at, seen_at) VALUES (:id, :kind, now(), now())
        ON CONFLICT (id) DO UPDATE SET seen_at = now()
""")


class WrongClock(RuntimeError):
    """The clocks of this machine and of the database are more than two seconds apart."""


class Presence:
    """One worker process as the database knows it."""

    def __init__(self, engine: Engine, kind: str) -> None:
        self._engine, self._kind = engine, kind
        self._id: UUID = ids.new_id()

    def tell(self) -> None:
        """Write that this process lives."""
        with committed(self._engine, "presence") as database:
            database.execute(SEEN, {"id": self._id, "kind": self._kind})

    def tell_at_rest(self, is_busy: Callable[[], bool], *, every: float = EVERY) -> None:
        """Write so from a thread, every so many seconds, while the loop of this process has nothing to do.

        A loop that is busy tells so itself: one that stands still must not be taken for one that lives.
        """

        def run() -> None:
            while True:
                if not is_busy():
                    self.tell_or_warn()
                time.sleep(every)

        threading.Thread(target=run, name="presence", daemon=True).start()

    def tell_or_warn(self) -> None:
        """Write so, or a line in the log where the database does not answer."""
        try:
            self.tell()
        except SQLAlchemyError as problem:
            log.warning("the database was not told that this worker lives: %s", type(problem).__name__)


def keep_telling(engine: Engine, kind: str) -> None:
    """Write every ten seconds, from a thread, that this process lives: for one that has no loop of its own.

    In between no connection is open: each job is done by a copy of the process, which would share it.
    """
    presence = Presence(engine, kind)

    def run() -> None:
        while True:
            presence.tell_or_warn()
            engine.dispose()
            time.sleep(EVERY)

    threading.Thread(target=run, name="presence", daemon=True).start()


def check_clock(engine: Engine, ours: Callable[[], datetime]) -> None:
    """Raise WrongClock when the clock that `ours` reads is more than two seconds off the database's.

    It is read before the database tells its own and after: an answer that takes long says nothing of clocks.
    """
    with engine.connect() as database:
        before = ours()
        theirs: datetime = database.execute(text("SELECT clock_timestamp()")).scalar_one()
        after = ours()
    apart = max(before - theirs, theirs - after)
    if apart > MOST_APART:
        raise WrongClock(
            f"The clock of this machine is {apart.total_seconds():.1f} s off the database's; set it right and start "
            "again."
        )
