"""Starts one worker process: `leads` carries leads, `jobs` does everything else."""

import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from sqlalchemy import Engine as Database
from sqlalchemy.exc import OperationalError

from flowbuilder import clock, enqueue, logs, open_files
from flowbuilder.claim_keys import duplicates_secret
from flowbuilder.config import Settings, settings, vault_keys_now
from flowbuilder.operating.vault_keys import WrongKeys, check_keys
from flowbuilder.scheduling import be_patient
from flowbuilder.vault import Vault
from workers import lead_worker
from workers.alive import Presence, WrongClock, check_clock, keep_telling
from workers.book import Book
from workers.connecting import make_engine
from workers.delivery.senders import make_sender
from workers.engine import Engine
from workers.sweep import Sweeper

BLOCKED_FOR = 75.0
WAIT_FOR_SERVERS = 60.0
QUIETLY = 3.0

log = logging.getLogger(__name__)


class NoServer(RuntimeError):
    """A server that this process cannot do without did not answer in time."""


def main(kind: str) -> int:
    """Work until SIGTERM or SIGINT; return the exit code. `kind` is `leads` or `jobs`."""
    own = settings()
    open_files.allow_many()
    be_patient()
    logs.set_up(level=own.log_level, as_json=logs.wants_json(own.log_format, sys.stderr), process=kind)
    database = make_engine(own.database_url)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    blocking = enqueue.connect(own.redis_url, timeout=BLOCKED_FOR)
    try:
        _wait_for("The database of DATABASE_URL", lambda: _check(database, own))
        _wait_for("The Valkey of REDIS_URL", blocking.ping)
    except (WrongClock, NoServer, WrongKeys) as problem:
        log.error("%s", problem)  # noqa: TRY400  (where it was found out is of no use)
        return 1
    database.dispose()
    if kind == "leads":
        lead_worker.run(make_lead_engine(own, database), blocking)
    else:
        keep_telling(database, "jobs")
        _run_jobs(blocking)
    return 0


def _check(database: Database, own: Settings) -> None:
    """Raise WrongClock or WrongKeys where this process would do harm: leads wait until that is mended."""
    check_clock(database, lambda: clock.now() - timedelta(seconds=own.clock_offset))
    check_keys(database, vault_keys_now(own))


def _run_jobs(redis: Redis) -> None:
    """Do short jobs, each in a process of its own, until a signal comes; the job in hand is finished."""
    worker = Worker([enqueue.JOBS], connection=redis, serializer=JSONSerializer, log_job_description=False)
    with suppress(RedisError, StopRequested):  # The latter where a signal comes before RQ waits for jobs.
        worker.work(logging_level="WARNING", with_scheduler=False)


def make_lead_engine(own: Settings, database: Database) -> Engine:
    """Return the engine of a lead worker, its sweep started."""
    redis = enqueue.connect(own.redis_url)
    Sweeper(database, redis).start()
    presence = Presence(database, "leads")
    presence.tell()
    engine = Engine(
        database,
        redis,
        Book(Vault(own.vault_keys, newer=partial(vault_keys_now, own))),
        sender=lambda on_result: make_sender(own, database, on_result),
        secret=duplicates_secret(own.secret_key),
        tell_alive=presence.tell,
    )
    engine.take_posts_in(own.home)
    presence.tell_at_rest(lambda: engine.is_carrying)
    return engine


def _wait_for(server: str, check: Callable[[], object]) -> None:
    """Try until the server answers, for at most a minute: it may be starting. Who watches is told that we wait."""
    begun, is_told = time.monotonic(), False
    while True:
        try:
            check()
        except (OperationalError, RedisError) as problem:
            waited = time.monotonic() - begun
            if waited > WAIT_FOR_SERVERS:
                raise NoServer(f"{server} did not answer for a minute: `flowbuilder doctor` says more.") from None
            if waited > QUIETLY and not is_told:
                is_told = True
                log.warning("%s does not answer yet: %s", server, type(problem).__name__)
            time.sleep(0.2)
        else:
            return


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
