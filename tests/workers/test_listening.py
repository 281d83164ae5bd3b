"""Nudges are for a loop that goes on; while it stands still they are for others."""

from collections.abc import Iterator

import pytest
from redis import Redis

from flowbuilder import enqueue
from tests.support.market import Market
from tests.support.processes import eventually
from workers import listening
from workers.listening import Listener


@pytest.fixture
def redis(market: Market) -> Iterator[Redis]:
    with enqueue.connect(market.redis_url) as redis:
        redis.delete(enqueue.CARRIED)
        yield redis


@pytest.fixture
def listener(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Give the listener of a loop that takes nudges; it need not go on for long to count as one that stands still."""
    monkeypatch.setattr(listening, "STANDS_STILL", 2 * listening.POLL)
    monkeypatch.setattr(enqueue, "CARRIED_FOR", 3)
    listener = Listener(redis, wake=lambda: None)
    listener.start()
    yield listener
    listener.stop()
    listener.begin()  # So that it sees that it is over.
    listener.join()


def test_a_loop_that_stands_still_is_not_the_one_that_carries(listener: Listener, redis: Redis) -> None:
    listener.begin()
    eventually(lambda: enqueue.carrying_loop(redis) == listener.name)
    eventually(lambda: enqueue.carrying_loop(redis) is None)
    listener.note_round()
    eventually(lambda: enqueue.carrying_loop(redis) == listener.name)
