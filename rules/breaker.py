"""The breaker of a connection: after too many failures its buyer is left alone, until one lead is tried.

Closed, leads go through and failures are noted. Too many of them within a time open it: nobody is sent. When the time
to recover is over, one lead goes through as the probe. If the buyer answers it, whatever it says, the breaker closes;
if that fails too, it stays open for as long again. A no is an answer, not a failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from rules.durations import say_seconds
from rules.fields.moment import read_moment
from rules.reading import Part

MOST_FAILURES = 100
"""How many failures a breaker may be set to open at, and the most that it keeps."""
KEPT = 10
"""How many failures are kept at least, to be shown."""
LONGEST = 7 * 86_400

Phase = Literal["closed", "open", "ready", "probing"]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a breaker opens, and for how long; times in seconds."""

    failures: int = 5
    within: int = 300
    recover_after: int = 1800

    def say(self) -> str:
        """Return `5 failures within 5 minutes, for 30 minutes`."""
        many = f"{self.failures} failure{'' if self.failures == 1 else 's'}"
        return f"{many} within {say_seconds(self.within)}, for {say_seconds(self.recover_after)}"


@dataclass(frozen=True, slots=True)
class Failure:
    """One call that failed: when, about which lead (as shown), whether it may have arrived, and the status read."""

    at: datetime
    lead: str
    kind: Literal["error", "ambiguous"]
    status: int | None = None

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"at": self.at.isoformat(), "lead": self.lead, "kind": self.kind, "status": self.status}


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one breaker, open from `opened_at` on; `probe` names the offer that is tried, until a moment."""

    failures: tuple[Failure, ...] = ()
    opened_at: datetime | None = None
    recover_at: datetime | None = None
    probe: str | None = None
    probe_until: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Return whether leads go through."""
        return self.opened_at is None

    def phase(self, now: datetime) -> Phase:
        """Return whether it is closed, open, ready for a probe, or has one out."""
        if self.is_closed:
            return "closed"
        if self.probe_until is not None and now < self.probe_until:
            return "probing"
        return "open" if self.recover_at is not None and now < self.recover_at else "ready"

    def lets_through(self, now: datetime) -> bool:
        """Return whether a lead may ask to go through: when it is closed, or as the probe."""
        return self.phase(now) in ("closed", "ready")

    def opens_at(self, now: datetime) -> datetime:
        """Return when a lead that was not let through may ask again."""
        moments = {"open": self.recover_at, "probing": self.probe_until}
        return moments.get(self.phase(now)) or now

    def probed(self, offer: str, now: datetime, until: datetime) -> "Breaker | None":
        """Return the breaker with this offer as its probe; None unless it is ready for one."""
        return replace(self, probe=offer, probe_until=until) if self.phase(now) == "ready" else None

    def failed(self, failure: Failure, offer: str, limits: Limits) -> "Breaker":
        """Return the breaker after a failed call of an offer.

        Closed, it opens at the limit. Open, the probe's failure keeps it open for as long again; what fails beside it
        was sent before, and is only noted.
        """
        noted = replace(self, failures=(*self.failures, failure)[-max(limits.failures, KEPT) :])
        is_due = offer == self.probe if self.opened_at else noted.count(failure.at, limits.within) >= limits.failures
        if not is_due:
            return noted
        recover_at = failure.at + timedelta(seconds=limits.recover_after)
        return replace(
            noted, opened_at=self.opened_at or failure.at, recover_at=recover_at, probe=None, probe_until=None
        )

    def answered(self, offer: str) -> "Breaker":
        """Return the breaker after a buyer's yes or no: the probe's closes it, with nothing held against the buyer."""
        return CLOSED if offer == self.probe else self

    def count(self, now: datetime, within: int) -> int:
        """Return how many failures are younger than so many seconds."""
        since = now - timedelta(seconds=within)
        return sum(since < failure.at for failure in self.failures)


CLOSED = Breaker()
"""The breaker of a buyer that has not failed."""


def read_failures(documents: list[Mapping[str, Any]]) -> tuple[Failure, ...]:
    """Return failures as they are stored; what cannot be read is left out."""
    read = ((read_moment(document.get("at")), document) for document in documents)
    return tuple(
        Failure(at, str(document.get("lead")), document.get("kind") or "error", document.get("status"))
        for at, document in read
        if at is not None
    )


def read_limits(part: Part) -> Limits | None:
    """Return what a destination says of its breaker, the usual limits by default; None where it is `off`."""
    if part.settings.get("breaker") == "off":
        part.take("breaker")
        return None
    inner = part.inside("breaker", "a breaker")
    if inner is None:
        return Limits()
    limits = Limits(
        failures=inner.whole("failures", least=1, most=MOST_FAILURES, default=Limits().failures),
        within=_time(inner, "within", "5m"),
        recover_after=_time(inner, "recover_after", "30m"),
    )
    inner.finish()
    return limits


def _time(part: Part, key: str, default: str) -> int:
    length = part.duration(key, default)
    if length > LONGEST:
        part.report(key, "out_of_bounds", f"“{key}” must be at most 7d.")
    return min(length, LONGEST)
