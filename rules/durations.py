"""Durations as sellers write them: 30d, 24h, 15m, 2w."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
NAMES = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
WRITTEN = re.compile(r"\s*([1-9]\d{0,4})\s*([smhdw])\s*", re.ASCII)


class DurationError(ValueError):
    """A text that says no duration."""


def seconds(text: object) -> int:
    """Return the seconds that a text like `15m` says; raise a DurationError for anything else."""
    amount, unit = read_duration(text)
    return amount * SECONDS[unit]


def read_duration(text: object) -> tuple[int, str]:
    """Return the amount and the unit (s, m, h, d or w) of a duration; raise a DurationError when it is none."""
    match = WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise DurationError("A duration is a number and a unit, like 15m, 24h, 30d or 2w.")
    return int(match[1]), match[2]


def say_duration(text: object) -> str:
    """Return a duration in words, like "30 days"; raise a DurationError when it is none."""
    amount, unit = read_duration(text)
    return f"{amount} {NAMES[unit]}{'' if amount == 1 else 's'}"


def say_seconds(length: int) -> str:
    """Return a length of time in words, in the largest unit that it is a whole number of: "24 hours", "3 days"."""
    for unit in ("d", "h", "m"):
        least = 2 * SECONDS[unit] if unit == "d" else SECONDS[unit]
        if length >= least and length % SECONDS[unit] == 0:
            return say_duration(f"{length // SECONDS[unit]}{unit}")
    return say_duration(f"{length}s")
