"""The queue in Valkey: every background job by name, and every message between web and workers.

Rows in the database are the truth and everything here only says "look now". A message that cannot be sent is
logged and forgotten: the sweep, or whoever waits, finds the row.
"""

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from flowbuilder import ids

WORK_LEADS = "workers.jobs.work_leads"
TEST_CONNECTION = "workers.jobs.test_connection"
SEND_COPIES = "workers.jobs.send_copies"

LEADS = "leads"
JOBS = "jobs"

WAKE = "fb:wake"
MOST_WAKES = 4
LEADS_FOR_A_LOOP = 100
CARRIED = "fb:carried"
CARRIED_FOR = 3  # seconds after which a loop that was killed, or never began, counts as gone
BEGINNING = b"beginning"
"""What stands in the place of a loop's name while a worker begins to carry."""
_LEADS_KEY = Queue.redis_queue_namespace_prefix + LEADS
COPIES = "fb:copies"
COPIES_FOR = 10  # seconds after which a job that never looked counts as lost
DONE = "fb:done:"
DONE_KEPT = 60  # seconds that answers wait for a web process; nobody waits longer than 25
FAILURE_KEPT = 3600  # seconds
SOCKET_TIMEOUT = 2.0  # seconds for one command; a Valkey that hangs must not hold leads up

log = logging.getLogger(__name__)
Finished = tuple[UUID, int | None]
"""A lead that has an answer, and what its supplier gets for it if it was sold, in minor units."""


def connect(redis_url: str, *, most_connections: int = 64, timeout: float = SOCKET_TIMEOUT) -> Redis:
    """Return a client for Valkey or Redis; `timeout` is in seconds, for connecting and for every command.

    The pool must hold a connection for each thread that uses the client at once. The protocol is the second one:
    under the third, blocking commands on a connection with a timeout fail.
    """
    return Redis.from_url(
        redis_url,
        protocol=2,
        max_connections=most_connections,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1),  # Once more at once, for a connection that broke since it was used last.
    )


def nudge(redis: Redis, *, leads: int = 1, joins: bool = False) -> bool:
    """Wake the loop that carries leads, or have a free worker begin to; False when that failed.

    `leads` says how many became due: one loop is woken for every hundred, and at least one. One loop carries more
    together than two apart, which wait for one another at each cap; `joins` has another worker join it all the same,
    because leads wait longer than they should.
    """
    try:
        pipe = redis.pipeline(transaction=False)
        pipe.rpush(WAKE, *["1"] * min(1 + leads // LEADS_FOR_A_LOOP, MOST_WAKES))
        pipe.ltrim(WAKE, 0, MOST_WAKES - 1)
        pipe.llen(_LEADS_KEY)
        pipe.exists(CARRIED)
        *_, waiting, carried = pipe.execute()
        if not waiting and (joins or (not carried and _tell_beginning(redis))):
            _queue(redis, LEADS).enqueue_call(WORK_LEADS, timeout=-1, result_ttl=0, failure_ttl=FAILURE_KEPT)
    except RedisError as problem:
        log.warning("leads were not announced: %s", type(problem).__name__)
        return False
    return True


def _tell_beginning(redis: Redis) -> bool:
    """Tell whoever else nudges that a loop is asked for, which takes a moment to begin; False if another did so."""
    return bool(redis.set(CARRIED, BEGINNING, ex=CARRIED_FOR, nx=True))


def tell_carried(redis: Redis, loop: str) -> bool:
    """Tell whoever nudges that a loop carries leads, for the next seconds; raises RedisError while Valkey is away.

    Return whether it is the first: of several loops the one that others join, until it ends or is killed.
    """
    pipe = redis.pipeline(transaction=False)
    pipe.set(CARRIED, loop, ex=CARRIED_FOR, nx=True)
    pipe.get(CARRIED)
    _, first = pipe.execute()
    is_first: bool = first in (loop.encode(), BEGINNING)
    if is_first:
        redis.set(CARRIED, loop, ex=CARRIED_FOR)
    return is_first


def carrying_loop(redis: Redis) -> str | None:
    """Return the name of the loop that carries leads, None where there is none; raises RedisError."""
    told = redis.get(CARRIED)
    return told.decode() if isinstance(told, bytes) and told != BEGINNING and told.isalnum() else None


def tell_idle(redis: Redis, loop: str) -> None:
    """Have the next nudge begin a loop again, if this was the first; raises RedisError while Valkey is away."""
    if redis.get(CARRIED) in (loop.encode(), BEGINNING):
        redis.delete(CARRIED)


def take_over(redis: Redis) -> bool:
    """Return whether a loop was asked for that no worker was free to begin; the one that asks here is it from now on.

    Raises RedisError while Valkey is away.
    """
    return redis.llen(_LEADS_KEY) > 0 and bool(_queue(redis, LEADS).empty())  # type: ignore[no-untyped-call]


def wait_for_wake(redis: Redis, *, seconds: float = 1.0) -> bool:
    """Return whether somebody nudged within some seconds; raises RedisError while Valkey is away."""
    return redis.blpop([WAKE], timeout=seconds) is not None


def enqueue_job(redis: Redis, name: str, *identifiers: UUID) -> bool:
    """Queue a short job by its dotted name, with ids as its only arguments; False when that failed.

    Call it through `enqueue_after_commit`: a worker may be quicker than the transaction that makes its row.
    """
    try:
        _queue(redis, JOBS).enqueue_call(
            name,
            args=tuple(ids.show(identifier) for identifier in identifiers),
            description=name,
            result_ttl=0,
            failure_ttl=FAILURE_KEPT,
        )
    except RedisError as problem:
        log.warning("the job %s was not queued: %s", name, type(problem).__name__)
        return False
    return True


def nudge_copies(redis: Redis) -> bool:
    """Have a worker look for copies to send, unless one is about to; False when that failed."""
    try:
        if not redis.set(COPIES, 1, nx=True, ex=COPIES_FOR):
            return True
    except RedisError as problem:
        log.warning("copies were not announced: %s", type(problem).__name__)
        return False
    return enqueue_job(redis, SEND_COPIES)


def tell_copies_looked_for(redis: Redis) -> None:
    """Have the next nudge queue another job, as this one looks now; raises RedisError while Valkey is away."""
    redis.delete(COPIES)


def announce_finished(redis: Redis, finished: Mapping[str, Sequence[Finished]]) -> bool:
    """Tell each web process, by its id, which leads it waits for have an answer; False when that failed.

    Of a sold lead it is told what the supplier gets, in minor units, which is all that its answer says; of others it
    reads the row.
    """
    try:
        pipe = redis.pipeline(transaction=False)
        for command in announcement(finished):
            pipe.execute_command(*command)  # type: ignore[no-untyped-call]
        pipe.execute()
    except RedisError as problem:
        log.warning("answers were not announced: %s", type(problem).__name__)
        return False
    return True


def announcement(finished: Mapping[str, Sequence[Finished]]) -> list[tuple[str | int, ...]]:
    """Return the commands by which `announce_finished` tells it."""
    commands: list[tuple[str | int, ...]] = []
    for web_id, leads in finished.items():
        commands.append(("RPUSH", DONE + web_id, *(_finished(lead_id, price) for lead_id, price in leads)))
        commands.append(("EXPIRE", DONE + web_id, DONE_KEPT))
    return commands


def read_finished(message: bytes) -> tuple[UUID, int | None] | None:
    """Return the lead that a message is about, and its price if it was sold; None for what is no such message."""
    lead_id, _, price = message.decode(errors="replace").partition(" ")
    try:
        return UUID(lead_id), int(price) if price else None
    except ValueError:
        return None


def _finished(lead_id: UUID, price: int | None) -> str:
    return str(lead_id) if price is None else f"{lead_id} {price}"


def _queue(redis: Redis, name: str) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)
