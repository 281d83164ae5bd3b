"""What workers count: added up in Valkey, kept over restarts, and shown with the labels that are known."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from flowbuilder import counting, enqueue
from flowbuilder.counting import ATTEMPTS, LEADS, OFFERS, TURNS, Sums
from flowbuilder.operating.measures import families


class Shown(Collector):
    """Shows some sums as a collector reads them."""

    def __init__(self, sums):
        self.sums = sums

    def collect(self):
        return families(self.sums)


@pytest.fixture
def redis(fresh_redis_url):
    with enqueue.connect(fresh_redis_url) as client:
        yield client


def shown(redis):
    registry = CollectorRegistry()
    registry.register(Shown(counting.read_sums(redis)))
    return generate_latest(registry).decode()


def test_two_processes_count_into_the_same_sums(redis):
    for _ in range(2):
        sums = Sums()
        sums.count(LEADS, ["sold", "sold", "rejected"])
        sums.count(OFFERS, ["accepted"])
        sums.hand_over(redis)
    text = shown(redis)
    assert 'flowbuilder_leads_total{outcome="sold"} 4.0' in text
    assert 'flowbuilder_leads_total{outcome="rejected"} 2.0' in text
    assert 'flowbuilder_leads_total{outcome="error"} 0.0' in text
    assert 'flowbuilder_offers_total{answer="accepted"} 2.0' in text


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, "0.05"), (0.05, "0.05"), (0.051, "0.1"), (1, "1"), (60, "60"), (61, "+Inf")]
)
def test_a_duration_is_in_the_bucket_that_holds_it(seconds, bucket):
    assert ATTEMPTS.bucket(seconds) == bucket


def test_a_histogram_has_growing_buckets_a_sum_and_a_count(redis):
    sums = Sums()
    for seconds in (0.02, 0.02, 0.3, 70):
        sums.observe(ATTEMPTS, seconds, "ok")
    sums.hand_over(redis)
    text = shown(redis)
    for line in (
        'flowbuilder_attempt_seconds_bucket{le="0.05",outcome="ok"} 2.0',
        'flowbuilder_attempt_seconds_bucket{le="0.5",outcome="ok"} 3.0',
        'flowbuilder_attempt_seconds_bucket{le="60",outcome="ok"} 3.0',
        'flowbuilder_attempt_seconds_bucket{le="+Inf",outcome="ok"} 4.0',
        'flowbuilder_attempt_seconds_count{outcome="ok"} 4.0',
        'flowbuilder_attempt_seconds_sum{outcome="ok"} 70.34',
    ):
        assert line in text


def test_a_word_that_is_no_label_is_not_counted(redis):
    sums = Sums()
    sums.count(LEADS, ["jane@example.com", "sold"])
    sums.observe(ATTEMPTS, 1, "jane@example.com")
    sums.hand_over(redis)
    assert set(counting.read_sums(redis)) == {"flowbuilder_leads/sold"}


def test_a_name_that_somebody_else_put_into_the_hash_is_not_shown(redis):
    redis.hset(counting.SUMS, "flowbuilder_leads/jane@example.com", 7)
    assert "jane" not in shown(redis)


def test_what_could_not_be_handed_over_is_handed_over_later(redis):
    sums, nobody = Sums(), enqueue.connect("redis://127.0.0.1:1")
    sums.observe(TURNS, 3)
    with pytest.raises(RedisError):
        sums.hand_over(nobody)
    sums.observe(TURNS, 3)
    sums.hand_over(redis)
    assert 'flowbuilder_turn_leads_bucket{le="4"} 2.0' in shown(redis)
