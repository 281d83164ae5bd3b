"""Who waits for leads is told of their answers, without the loop's waiting for Valkey."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from redis import Redis

from flowbuilder import enqueue, ids
from workers.announcing import Announcer


@pytest.fixture
def redis(fresh_redis_url: str) -> Iterator[Redis]:
    """Give a client of an empty Valkey."""
    with enqueue.connect(fresh_redis_url, timeout=1.0) as client:
        yield client


def told(redis: Redis, web_id: str = "web1") -> list[UUID]:
    """Return the leads of which a web process was told, in order."""
    found = map(enqueue.read_finished, redis.lrange(enqueue.DONE + web_id, 0, -1))
    return [one[0] for one in found if one]


def test_each_web_process_is_told_of_its_leads_in_order(redis: Redis) -> None:
    first, second, other = ids.new_id(), ids.new_id(), ids.new_id()
    announcer = Announcer(redis)
    announcer.tell({"web1": [(first, 3150)]})
    announcer.tell({"web1": [(second, None)], "web2": [(other, None)]})
    announcer.close()
    assert (told(redis), told(redis, "web2")) == ([first, second], [other])
    assert 0 < redis.ttl("fb:done:web1") <= 60


def test_what_was_not_heard_is_told_again_with_the_next(redis: Redis) -> None:
    first, second = ids.new_id(), ids.new_id()
    link = redis.connection_pool.get_connection()
    link.send_command("CLIENT", "REPLY", "OFF")
    redis.connection_pool.release(link)
    announcer = Announcer(redis)
    announcer.tell({"web1": [(first, None)]})
    announcer.tell({"web1": [(second, None)]})
    assert told(redis) == [first, first, second]


def test_a_connection_that_broke_since_is_replaced(redis: Redis) -> None:
    first, second = ids.new_id(), ids.new_id()
    announcer = Announcer(redis)
    announcer.tell({"web1": [(first, None)]})
    redis.client_kill_filter(skipme=True, _type="normal")
    announcer.tell({"web1": [(second, None)]})
    announcer.close()
    assert dict.fromkeys(told(redis)) == dict.fromkeys([first, second])


def test_without_valkey_nothing_is_raised() -> None:
    announcer = Announcer(enqueue.connect("redis://127.0.0.1:1/0"))
    announcer.tell({"web1": [(ids.new_id(), None)]})
    announcer.close()
