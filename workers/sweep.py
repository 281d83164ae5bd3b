"""The sweep: every five seconds, in whichever process gets the lock, it finds what nobody took and tidies up."""

import logging
import threading
import time
from datetime import datetime, timedelta

from redis import Redis
from sqlalchemy import Connection, Engine, text

from flowbuilder import clock, enqueue
from flowbuilder.drafts.pruning import KEPT_FOR, PRUNE
from workers.connecting import end_those_that_read_nothing
from workers.crashpoints import committed
from workers.outages import where

EVERY = 5.0
TIDY_EVERY = 60.0
LOCK = 4_207_002
MONTHS_AHEAD = 2

TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
OVERDUE = text("""
    SELECT count(*) FROM (
        SELECT FROM lead WHERE state <> 'done' AND due_at <= GREATEST(now(), :now) - :patience
           AND due_at <= CASE state WHEN 'waiting' THEN CAST(:now AS timestamptz) ELSE now() END - :patience
         LIMIT 16) AS due
""")
COPIES_DUE = text("""
    SELECT count(*) FROM (
        SELECT FROM delivery_copy WHERE finished_at IS NULL AND due_at <= CAST(:now AS timestamptz) LIMIT 1) AS due
""")
PLANNED_DUE = text("SELECT EXISTS (SELECT FROM planned_publication WHERE problem = '' AND at <= :now)")
PATIENCE = timedelta(seconds=1)
"""How long a due lead may wait for the loops that carry leads now."""
TIDY = (
    (text("DELETE FROM idempotency WHERE created_at < :before"), timedelta(days=7)),
    (text("DELETE FROM intake_refusal WHERE at < :before"), timedelta(days=30)),
    (text("DELETE FROM cap_window WHERE ends_at < :before"), timedelta(days=90)),
    (text("DELETE FROM web_session WHERE expires_at < :before"), timedelta(0)),
    (text("DELETE FROM access_token WHERE ends_at < :before"), timedelta(0)),
    (text("DELETE FROM sign_in_throttle WHERE last_at < :before"), timedelta(days=2)),
    (
        text("DELETE FROM delivery_copy WHERE lead_id < first_id_at(:before) AND finished_at IS NOT NULL"),
        timedelta(days=90),
    ),
    (text("DELETE FROM worker WHERE seen_at < :before"), timedelta(minutes=10)),
    # What was sent in one may be of a person whom somebody typed in.
    (text("DELETE FROM connection_test WHERE created_at < :before"), timedelta(days=7)),
    (PRUNE, KEPT_FOR),
)
PARTITIONS = text("SELECT ensure_partitions(:now, :months)")

log = logging.getLogger(__name__)


def sweep(database: Connection, now: datetime) -> int:
    """Return how many leads are overdue and taken by nobody, at most 16; 0 too when another process sweeps."""
    if not database.execute(TRY_LOCK, {"lock": LOCK}).scalar_one():
        return 0
    if unread := end_those_that_read_nothing(database):
        log.warning("%d workers stood still while they were sent something: their transactions were ended", unread)
    return int(database.execute(OVERDUE, {"now": now, "patience": PATIENCE}).scalar_one())


def copies_are_due(database: Connection, now: datetime) -> bool:
    """Return whether a copy of a lead is to be sent, for the first time or again."""
    return bool(database.execute(COPIES_DUE, {"now": now}).scalar_one())


def publish_due(engine: Engine, now: datetime) -> bool:
    """Make live what was planned for a time that has come, and return whether there was any."""
    with engine.connect() as database:
        is_due = database.execute(PLANNED_DUE, {"now": now}).scalar_one()
    if is_due:
        _publish(engine, now)
    return bool(is_due)


def _publish(engine: Engine, now: datetime) -> None:
    # Imported here, because what checks a flow is a large part of the pages, and no lead is carried with it.
    from sqlalchemy.orm import Session  # noqa: PLC0415

    from flowbuilder.review.planning import publish_what_is_due  # noqa: PLC0415

    with committed(engine, "planned") as database:
        database.execute(text("SET LOCAL idle_in_transaction_session_timeout = '60s'"))  # It has flows to check.
        # Not closed: it would take back what the connection is about to commit.
        publish_what_is_due(Session(database), now)


def tidy(database: Connection, now: datetime) -> None:
    """Delete what is out of date."""
    for statement, kept in TIDY:
        database.execute(statement, {"before": now - kept})


def make_partitions(database: Connection, now: datetime) -> None:
    """Make the partitions of the months to come: once a month that locks all leads, so it waits for nobody for long."""
    database.execute(text("SET LOCAL lock_timeout = '200ms'"))
    database.execute(PARTITIONS, {"now": now, "months": MONTHS_AHEAD})


class Sweeper:
    """A thread that sweeps for as long as its process lives."""

    def __init__(self, engine: Engine, redis: Redis) -> None:
        self._engine, self._redis = engine, redis
        self._tidied_at = 0.0
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Start sweeping."""
        self._thread.start()

    def sweep_once(self) -> None:
        """Sweep now, and nudge the workers when something is due."""
        now = clock.now()
        with committed(self._engine, "sweep") as database:
            due, has_copies = sweep(database, now), copies_are_due(database, now)
        if due:
            enqueue.nudge(self._redis, leads=due, joins=True)
        if has_copies:
            enqueue.nudge_copies(self._redis)
        if time.monotonic() - self._tidied_at > TIDY_EVERY:
            self._tidied_at = time.monotonic()
            with committed(self._engine, "tidying") as database:
                tidy(database, now)
            with committed(self._engine, "partitions") as database:
                make_partitions(database, now)
        if publish_due(self._engine, now):
            enqueue.nudge(self._redis)  # Leads that waited may be started again in it.

    def _run(self) -> None:
        while True:
            try:
                self.sweep_once()
            except Exception as problem:  # noqa: BLE001  (the outermost place of a thread that must live on)
                log.warning("the sweep could not be done: %s", where(problem))
            time.sleep(EVERY)
