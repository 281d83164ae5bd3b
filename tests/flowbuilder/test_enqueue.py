"""Messages to workers: sent after the commit, small, and never in the way when Valkey is away."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import enqueue, ids
from flowbuilder.after_commit import after_commit, enqueue_after_commit

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis(fresh_redis_url: str) -> Iterator[Redis]:
    """Give a client of an empty Valkey."""
    client = enqueue.connect(fresh_redis_url)
    yield client
    client.close()


def jobs(redis: Redis, name: str) -> list[Any]:
    """Return the jobs that wait in a queue."""
    return Queue(name, connection=redis, serializer=JSONSerializer).jobs


def test_a_nudge_wakes_a_loop_and_queues_one_job(redis: Redis):
    assert enqueue.nudge(redis)
    (job,) = jobs(redis, "leads")
    assert redis.lrange(enqueue.WAKE, 0, -1) == [b"1"]
    assert (job.func_name, job.args, job.timeout, job.result_ttl, job.failure_ttl) == (
        "workers.jobs.work_leads",
        [],
        -1,
        0,
        3600,
    )


def test_many_nudges_leave_one_job_and_few_messages(redis: Redis):
    for _ in range(50):
        enqueue.nudge(redis, leads=500)
    assert (len(jobs(redis, "leads")), redis.llen(enqueue.WAKE)) == (1, enqueue.MOST_WAKES)


def test_a_nudge_queues_no_job_while_a_loop_carries_leads(redis: Redis):
    enqueue.tell_carried(redis, "a")
    enqueue.nudge(redis)
    assert (jobs(redis, "leads"), redis.llen(enqueue.WAKE)) == ([], 1)
    assert 0 < redis.ttl(enqueue.CARRIED) <= enqueue.CARRIED_FOR


def test_a_loop_that_is_asked_for_is_asked_for_once_while_it_begins(redis: Redis):
    enqueue.nudge(redis)
    redis.delete("rq:queue:leads")  # A worker took the job, and carries nothing yet.
    enqueue.nudge(redis)
    assert jobs(redis, "leads") == []
    assert 0 < redis.ttl(enqueue.CARRIED) <= enqueue.CARRIED_FOR
    assert [enqueue.tell_carried(redis, loop) for loop in ("a", "b")] == [True, False]


def test_a_loop_that_ends_before_it_told_that_it_carries_leaves_the_next_nudge_a_job(redis: Redis):
    enqueue.nudge(redis)
    redis.delete("rq:queue:leads")
    enqueue.tell_idle(redis, "a")
    enqueue.nudge(redis)
    assert len(jobs(redis, "leads")) == 1


def test_leads_that_wait_too_long_have_another_worker_join(redis: Redis):
    enqueue.tell_carried(redis, "a")
    enqueue.nudge(redis, joins=True)
    assert len(jobs(redis, "leads")) == 1


def test_the_first_nudge_after_the_last_loop_queues_a_job(redis: Redis):
    enqueue.tell_carried(redis, "a")
    enqueue.tell_idle(redis, "a")
    enqueue.nudge(redis)
    assert len(jobs(redis, "leads")) == 1


def test_a_loop_that_no_worker_was_free_to_begin_is_taken_over_once(redis: Redis):
    assert not enqueue.take_over(redis)
    enqueue.nudge(redis)
    assert [enqueue.take_over(redis), enqueue.take_over(redis)] == [True, False]
    assert redis.keys("rq:job:*") == []


def test_of_several_loops_one_is_the_first_until_it_ends(redis: Redis):
    assert [enqueue.tell_carried(redis, loop) for loop in ("a", "b", "a")] == [True, False, True]
    enqueue.tell_idle(redis, "b")
    enqueue.nudge(redis)
    assert jobs(redis, "leads") == []
    enqueue.tell_idle(redis, "a")
    assert [enqueue.tell_carried(redis, loop) for loop in ("b", "a")] == [True, False]


def test_a_job_is_named_and_takes_ids_only(redis: Redis):
    lead_id = ids.new_id()
    assert enqueue.enqueue_job(redis, enqueue.TEST_CONNECTION, lead_id)
    (job,) = jobs(redis, "jobs")
    assert (job.func_name, job.args, job.description) == (
        "workers.jobs.test_connection",
        [ids.show(lead_id)],
        "workers.jobs.test_connection",
    )


def test_answers_are_announced_to_the_web_process_that_waits_and_do_not_stay(redis: Redis):
    first, second = ids.new_id(), ids.new_id()
    assert enqueue.announce_finished(redis, {"web1": [(first, None), (second, None)]})
    assert redis.lrange("fb:done:web1", 0, -1) == [str(first).encode(), str(second).encode()]
    assert 0 < redis.ttl("fb:done:web1") <= 60


def test_of_a_sold_lead_the_price_is_announced_with_it(redis: Redis):
    sold, other = ids.new_id(), ids.new_id()
    enqueue.announce_finished(redis, {"web2": [(sold, 3150), (other, None)]})
    messages = redis.lrange("fb:done:web2", 0, -1)
    assert [enqueue.read_finished(message) for message in messages] == [(sold, 3150), (other, None)]
    assert [enqueue.read_finished(message) for message in (b"", b"no id 5", b"\xff")] == [None, None, None]


def test_without_valkey_nothing_is_raised_and_the_caller_is_told():
    away = enqueue.connect(NOWHERE)
    assert enqueue.nudge(away) is False
    assert enqueue.enqueue_job(away, enqueue.TEST_CONNECTION, ids.new_id()) is False
    assert enqueue.announce_finished(away, {"web1": [(ids.new_id(), None)]}) is False


@pytest.fixture
def sent(session: Session) -> list[str]:
    """Give the list that the tests below send to, with a transaction begun."""
    session.execute(text("SELECT 1"))
    return []


def test_what_is_sent_after_commit_is_sent_once(session: Session, sent: list[str]):
    after_commit(session, lambda: sent.append("a"))
    assert sent == []
    session.commit()
    session.execute(text("SELECT 1"))
    session.commit()
    assert sent == ["a"]


def test_what_is_rolled_back_is_never_sent(session: Session, sent: list[str]):
    after_commit(session, lambda: sent.append("lost"))
    session.rollback()
    session.execute(text("SELECT 1"))
    after_commit(session, lambda: sent.append("kept"))
    session.commit()
    assert sent == ["kept"]


def test_a_savepoint_takes_what_was_said_within_it_along(session: Session, sent: list[str]):
    after_commit(session, lambda: sent.append("before"))
    savepoint = session.begin_nested()
    with session.begin_nested():
        after_commit(session, lambda: sent.append("inner"))
    assert sent == []
    savepoint.rollback()
    with session.begin_nested():
        after_commit(session, lambda: sent.append("released"))
    assert sent == []
    session.commit()
    assert sent == ["before", "released"]


def test_a_job_is_queued_after_the_commit(session: Session, sent: list[str], redis: Redis):
    enqueue_after_commit(session, redis, enqueue.TEST_CONNECTION, ids.new_id())
    assert jobs(redis, "jobs") == []
    session.commit()
    assert len(jobs(redis, "jobs")) == 1
