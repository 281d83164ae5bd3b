"""What `/metrics` measures when it is asked: the backlog, the queue, the living workers, and what workers counted."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder import counting, enqueue
from flowbuilder.counting import Series

WORKER_SEEN_WITHIN = 30  # seconds
MOST_COUNTED = 100_000
KINDS = ("leads", "jobs")
QUEUES = {
    "nudges": enqueue.WAKE,
    "leads": Queue.redis_queue_namespace_prefix + enqueue.LEADS,
    "jobs": Queue.redis_queue_namespace_prefix + enqueue.JOBS,
}
WORKERS = text("""
    SELECT kind, count(*) FROM worker WHERE seen_at > now() - make_interval(secs => :seconds) GROUP BY kind
""")
DUE = text("""
    SELECT count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)
      FROM (SELECT due_at FROM lead WHERE state <> 'done' AND due_at <= now() ORDER BY due_at LIMIT :most) AS due
""")
OPEN_BREAKERS = text("SELECT count(*) FROM breaker WHERE opened_at IS NOT NULL")


class Measures(Collector):
    """Measures anew each time it is collected; what cannot be had is left out, and said to be away."""

    def __init__(self, engine: Engine, redis: Redis) -> None:
        self._engine, self._redis = engine, redis

    def collect(self) -> Iterator[Metric]:
        """Yield what the database tells, then what Valkey does."""
        yield from _or_away("flowbuilder_database_up", "Whether the database answers.", self._of_database)
        yield from _or_away("flowbuilder_queue_up", "Whether Valkey answers.", self._of_queue)

    def _of_database(self) -> list[Metric]:
        with self._engine.connect() as database:
            due, oldest = database.execute(DUE, {"most": MOST_COUNTED}).one()
            alive = count_workers(database)
            failing = database.execute(OPEN_BREAKERS).scalar_one()
        return [
            _gauge("flowbuilder_due_leads", f"Leads due and not taken yet, counted up to {MOST_COUNTED}.", due),
            _gauge("flowbuilder_oldest_due_seconds", "How long the first of them has been due; 0 without any.", oldest),
            _gauge("flowbuilder_open_breakers", "Connections whose breaker is open: they get no leads.", failing),
            _gauges("flowbuilder_workers", "Living worker processes.", "kind", alive),
        ]

    def _of_queue(self) -> list[Metric]:
        with self._redis.pipeline(transaction=False) as pipe:
            for key in QUEUES.values():
                pipe.llen(key)
            depths = dict(zip(QUEUES, pipe.execute(), strict=True))
        depth = _gauges("flowbuilder_queue_depth", "Messages that wait in Valkey.", "queue", depths)
        return [depth, *families(counting.read_sums(self._redis))]


def count_workers(database: Connection) -> dict[str, int]:
    """Return how many workers of each kind were seen within the last half minute."""
    seen = {kind: int(many) for kind, many in database.execute(WORKERS, {"seconds": WORKER_SEEN_WITHIN})}
    return {kind: seen.get(kind, 0) for kind in KINDS}


def families(sums: Mapping[str, float]) -> Iterator[Metric]:
    """Yield every metric of the workers, as a collector reads it; what has not happened yet is 0."""
    return (_histogram(series, sums) if series.bounds else _counter(series, sums) for series in counting.ALL_SERIES)


def _counter(series: Series, sums: Mapping[str, float]) -> Metric:
    counter = CounterMetricFamily(series.name, series.about, labels=_labels(series))
    for word in series.words:
        counter.add_metric(_labels(series) and [word], sums.get(series.place(word), 0))
    return counter


def _histogram(series: Series, sums: Mapping[str, float]) -> Metric:
    histogram = HistogramMetricFamily(series.name, series.about, labels=_labels(series))
    for word in series.words:
        buckets, total = _buckets(series, word, sums), sums.get(series.place(word, "sum"), 0)
        histogram.add_metric(_labels(series) and [word], buckets, total)
    return histogram


def _buckets(series: Series, word: str, sums: Mapping[str, float]) -> list[tuple[str, float]]:
    total, buckets = 0.0, []
    for bound in (*(f"{bound:g}" for bound in series.bounds), "+Inf"):
        total += sums.get(series.place(word, bound), 0)
        buckets.append((bound, total))
    return buckets


def _labels(series: Series) -> list[str]:
    return [series.label] if series.label else []


def _or_away(name: str, about: str, measure: Callable[[], list[Metric]]) -> list[Metric]:
    try:
        return [_gauge(name, about, 1), *measure()]
    except (SQLAlchemyError, RedisError):
        return [_gauge(name, about, 0)]


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=float(value))


def _gauges(name: str, about: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family
