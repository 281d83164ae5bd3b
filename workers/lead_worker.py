"""The RQ worker that carries leads: no fork, one queue, no time limit, and a clean stop while it is busy."""

from types import FrameType
from typing import ClassVar

from redis import Redis
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from flowbuilder import enqueue
from workers.engine import Engine

TTL = 60
_engine: Engine | None = None


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
    engine: ClassVar[Engine]

    def request_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  (a signal handler)
        """Have the loop wind up and then this worker end; a second signal changes nothing."""
        is_first = not self.engine.is_stopping
        self.engine.stop()
        self._stop_requested = True
        if is_first and not self.engine.is_carrying:
            raise StopRequested


def run(engine: Engine, redis: Redis) -> None:
    """Work until a signal comes; the engine's leases are given back before this returns."""
    global _engine  # noqa: PLW0603  (RQ gives a job no other way to the worker it runs in)
    _engine = LeadWorker.engine = engine
    worker = LeadWorker(
        [enqueue.LEADS], connection=redis, serializer=JSONSerializer, worker_ttl=TTL, log_job_description=False
    )
    engine.on_beat = worker.heartbeat
    engine.start()
    worker.work(logging_level="WARNING", with_scheduler=False)


def engine_of_this_process() -> Engine:
    """Return the engine that this lead worker runs; raises RuntimeError in any other process."""
    if _engine is None:
        raise RuntimeError("This process is not a lead worker.")
    return _engine
