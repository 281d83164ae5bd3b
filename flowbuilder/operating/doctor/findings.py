"""What a check finds: ok, a warning, or wrong, with one sentence on what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "wrong"]
ORDER: tuple[State, ...] = ("ok", "warning", "wrong")


@dataclass(frozen=True)
class Finding:
    """The result of one check; `said` holds no secret."""

    check: str
    state: State
    said: str


def ok(check: str, said: str) -> Finding:
    """Return that all is well."""
    return Finding(check, "ok", said)


def warning(check: str, said: str) -> Finding:
    """Return what works today and will not, or not well."""
    return Finding(check, "warning", said)


def wrong(check: str, said: str) -> Finding:
    """Return what does not work."""
    return Finding(check, "wrong", said)


def worst(found: Iterable[Finding]) -> State:
    """Return the worst state of some findings."""
    return max((finding.state for finding in found), key=ORDER.index, default="ok")
