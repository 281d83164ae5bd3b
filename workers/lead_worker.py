"""The RQ worker that carries leads: no fork, one queue, no time limit, and a clean stop while it is busy."""

import gc
import logging
import time
from contextlib import suppress
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from flowbuilder import enqueue
from workers.engine import Engine

TTL = 60
ASKED_FOR = 5
"""Seconds after which a worker at rest asks for a job anew: one that stands still is given a job all that time, which
nobody else does then (RQ's own is 45)."""
AGAIN = 0.5
"""Seconds between looks whether Valkey is back."""
SELDOM = (10_000, 20, 50)
"""After how many objects more garbage is looked for, and how much more seldom among older ones."""

log = logging.getLogger(__name__)

_worker: "LeadWorker | None" = None


class NoPenalty(BaseDeathPenalty):
    """No time limit: the loop keeps its own, and an alarm in the middle of a turn would only cost."""

    def setup_death_penalty(self) -> None:
        """Set no alarm."""

    def cancel_death_penalty(self) -> None:
        """Cancel nothing."""


class LeadWorker(SimpleWorker):
    """Takes nudges from the queue `leads`; the loop itself runs inside the job."""

    death_penalty_class = NoPenalty
    max_connection_wait_time = 2.0
    dequeue_timeout = ASKED_FOR
    engine: Engine

    def request_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  (a signal handler)
        """Have the loop wind up and then this worker end; a second signal changes nothing."""
        is_first = not self.engine.is_stopping
        self.engine.stop()
        self._stop_requested = True
        if is_first and not self.engine.is_carrying:
            raise StopRequested

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do a job; where Valkey went away meanwhile, wait for it: RQ would end the worker for its lost books."""
        try:
            super().execute_job(job, queue)
        except RedisError as problem:
            log.warning("Valkey went away: %s", type(problem).__name__)
            while not (self.engine.is_stopping or self._answers()):
                time.sleep(AGAIN)

    def _answers(self) -> bool:
        try:
            return bool(self.connection.ping())
        except RedisError:
            return False

    def carry(self) -> None:
        """Carry leads; a loop that fails is given up with its process, and the next one begins afresh."""
        try:
            self.engine.carry()
        except Exception:
            self.engine.stop()
            self._stop_requested = True
            raise

    def beat(self, redis: Redis) -> None:
        """Tell RQ that this worker lives; by the loop's own client, whose patience is short."""
        with redis.pipeline(transaction=False) as pipe:
            self.heartbeat(pipeline=pipe)
            pipe.execute()


def run(engine: Engine, redis: Redis) -> None:
    """Work until a signal comes; the engine's leases are given back before this returns."""
    global _worker  # noqa: PLW0603  (RQ gives a job no other way to the worker it runs in)
    _worker = worker = LeadWorker(
        [enqueue.LEADS], connection=redis, serializer=JSONSerializer, worker_ttl=TTL, log_job_description=False
    )
    worker.engine = engine
    engine.renewals.on_beat = worker.beat
    engine.start()
    look_for_garbage_seldom()
    try:
        # A signal may come before RQ waits for jobs, where it does not expect one.
        with suppress(StopRequested):
            worker.work(logging_level="WARNING", with_scheduler=False)
    except RedisError as problem:
        log.warning("Valkey was not told that this worker ends: %s", type(problem).__name__)
    engine.close()


def look_for_garbage_seldom() -> None:
    """Leave alone what is there now and stays for good, and let the leads in hand be: they hold no circles.

    With many calls out, looking through all of it again and again took a sixth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


def worker_of_this_process() -> LeadWorker:
    """Return the worker that carries leads here; raises RuntimeError in any other process."""
    if _worker is None:
        raise RuntimeError("This process is not a lead worker.")
    return _worker
