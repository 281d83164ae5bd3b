"""Checks of Valkey: it answers, is new enough, does not throw messages away, and somebody takes them."""

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from flowbuilder import enqueue
from flowbuilder.config import Settings
from flowbuilder.operating.doctor.findings import Finding, ok, warning, wrong
from flowbuilder.operating.measures import QUEUES

OLDEST = (6, 2)
MANY = 100
"""Messages that may wait while all is well: leads have at most a few nudges, and jobs are short."""


def check(own: Settings) -> Iterator[Finding]:
    """Yield what is found; when it cannot be reached, that alone."""
    try:
        with enqueue.connect(own.redis_url, most_connections=1) as redis:
            told = cast("dict[str, Any]", redis.info())
            yield _version(told)
            yield _memory(told)
            yield _depth(redis)
    except AuthenticationError:
        yield wrong("queue", f"{_where(own)} refuses the password: put REDIS_URL right.")
    except (RedisError, ValueError) as problem:
        kind = type(problem).__name__
        yield wrong("queue", f"{_where(own)} does not answer ({kind}): start it, or put REDIS_URL right.")


def _version(told: dict[str, Any]) -> Finding:
    text = str(told.get("valkey_version") or told.get("redis_version", "0"))
    name = "Valkey" if "valkey_version" in told else "Redis"
    if tuple(int(part) for part in text.split(".")[:2]) < OLDEST:
        return wrong("queue", f"It is {name} {text}: use {'.'.join(map(str, OLDEST))} or newer.")
    return ok("queue", f"{name} {text} answers, by the second protocol (RESP 2).")


def _memory(told: dict[str, Any]) -> Finding:
    policy, most = told.get("maxmemory_policy", "noeviction"), int(told.get("maxmemory", 0))
    if most and policy != "noeviction":
        return wrong("memory", f"When it is full it throws messages away ({policy}): set maxmemory-policy noeviction.")
    if most and int(told.get("used_memory", 0)) > 0.9 * most:
        return warning("memory", "More than nine tenths of its memory are used: give it more.")
    return ok("memory", "It throws nothing away.")


def _depth(redis: Redis) -> Finding:
    waiting = {name: int(redis.llen(key)) for name, key in QUEUES.items()}
    said = ", ".join(f"{many} {name}" for name, many in waiting.items())
    if max(waiting.values()) > MANY:
        return warning("messages", f"Many wait ({said}): see whether workers live, and start more.")
    return ok("messages", f"Few wait ({said}).")


def _where(own: Settings) -> str:
    parts = urlsplit(own.redis_url)
    return f"Valkey at {parts.hostname or 'its socket'}"
