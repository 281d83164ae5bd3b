"""When to call a buyer again about the same offer, and when to stop: decided from the attempts so far."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from rules.durations import DurationError, seconds
from rules.reading import Part

SCHEDULE = (0, 5, 30, 120, 600, 1800)
LONGEST = 3600
JITTER = 0.2
FINAL = frozenset({"blocked", "refused"})
"""Reasons of errors after which the same call could only fail again."""

UNREAD = "unread"
"""The reason of an attempt whose answer may have come when the worker had ended that made it."""

OnAmbiguous = Literal["retry_same", "hold", "treat_as_declined", "treat_as_failed"]
Kind = Literal["accepted", "declined", "error", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One finished attempt: how it ended, why, and for how long the buyer asked to be left alone (seconds)."""

    kind: Kind
    reason: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Call the same buyer again, with the same key, at a moment."""

    at: datetime
    waiting_for: Literal["retry", "answer"]


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Nobody can know whether the buyer took the lead: a person decides."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The offer has ended: accepted, declined, error, or unknown (it may have been taken, and was never answered)."""

    answer: Literal["accepted", "declined", "error", "unknown"]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """What an offer does after an error or an ambiguous answer.

    `delays` are seconds before each retry, the last one repeats; `longest` is the offer's maximum age in seconds.
    """

    on_ambiguous: OnAmbiguous = "retry_same"
    error_attempts: int | None = 2
    delays: tuple[int, ...] = (1,)
    ambiguous_delays: tuple[int, ...] = SCHEDULE[1:]
    longest: int = LONGEST
    duplicate_is_accepted: bool = False

    def as_asked(self) -> dict[str, Any]:
        """Return the policy as it stands in the journal."""
        return {
            "on_ambiguous": self.on_ambiguous,
            "error_attempts": self.error_attempts,
            "delays": list(self.delays),
            "ambiguous_delays": list(self.ambiguous_delays),
            "longest": self.longest,
        }


Decision = Again | AskPerson | Answered
YES = Answered("accepted", None)
"""What every policy makes of a yes, however the attempts before it ended."""


def decide(policy: Policy, tried: list[Tried], *, key: str, began: datetime, now: datetime) -> Decision:
    """Return what to do after the newest attempt of an offer that began at a moment; `key` seeds the jitter.

    A yes or a no ends the offer. Once an attempt was ambiguous the buyer may have the lead, so that an error
    afterwards settles nothing: the same buyer is asked again until the offer is too old.
    """
    newest = tried[-1]
    if newest.kind == "accepted":
        return YES
    ambiguous = any(attempt.kind == "ambiguous" for attempt in tried)
    match newest.kind:
        case "declined" if ambiguous and newest.reason == "duplicate" and policy.duplicate_is_accepted:
            return Answered("accepted", "duplicate")
        case "declined":
            return Answered("declined", newest.reason)
        case "error" if not ambiguous:
            return _after_error(policy, tried, key, began, now)
    return _after_ambiguous(policy, tried, key, began, now)


def _after_error(policy: Policy, tried: list[Tried], key: str, began: datetime, now: datetime) -> Decision:
    if tried[-1].reason in FINAL or (policy.error_attempts is not None and len(tried) >= policy.error_attempts):
        return Answered("error", tried[-1].reason or "error")
    at = _next_try(policy.delays, tried, key, now)
    in_time = at <= began + timedelta(seconds=policy.longest)
    return Again(at, "retry") if in_time else Answered("error", tried[-1].reason or "error")


def _after_ambiguous(policy: Policy, tried: list[Tried], key: str, began: datetime, now: datetime) -> Decision:
    """Follow what the seller chose for a buyer that does not answer.

    Where nobody was there to read the answer that is not the buyer's silence: it is asked once more before that counts.
    """
    counts = policy.on_ambiguous in ("treat_as_declined", "treat_as_failed")
    if counts and tried[-1].reason == UNREAD and now <= began + timedelta(seconds=policy.longest):
        return Again(now, "answer")
    if policy.on_ambiguous == "treat_as_declined":
        return Answered("declined", "timeout")
    if policy.on_ambiguous == "treat_as_failed":
        failed = [replace(attempt, reason="timeout") if attempt.kind == "ambiguous" else attempt for attempt in tried]
        return _after_error(policy, failed, key, began, now)
    if policy.on_ambiguous == "hold":
        return AskPerson()
    at = _next_try(policy.ambiguous_delays, tried, key, now)
    return Again(at, "answer") if at <= began + timedelta(seconds=policy.longest) else Answered("unknown", "unknown")


def _next_try(delays: tuple[int, ...], tried: list[Tried], key: str, now: datetime) -> datetime:
    number = len(tried)
    delay = delays[min(number, len(delays)) - 1] * (1 + JITTER * _swing(key, number))
    return now + timedelta(seconds=max(delay, tried[-1].retry_after or 0))


def _swing(key: str, number: int) -> float:
    """Return a number from -1 to 1, the same for the same offer and attempt."""
    digest = hashlib.sha256(f"{key}/{number}".encode()).digest()
    return int.from_bytes(digest[:4]) / 0x7FFFFFFF - 1


def read_policy(part: Part, *, holds: bool) -> Policy:
    """Return what a buyer's `on_ambiguous` and `retry` say; without them one more try after a second.

    Where errors hold, the offer is tried again on the schedule until it is too old.
    """
    ambiguous: OnAmbiguous = part.choice("on_ambiguous", get_args(OnAmbiguous), "retry_same")  # type: ignore[assignment]
    inner = part.inside("retry", "retry")
    if inner is None:
        return Policy(ambiguous, None, SCHEDULE[1:]) if holds else Policy(ambiguous)
    delays = _read_delays(inner)
    attempts = inner.whole("max_attempts", least=1, most=50, default=len(delays) + 1)
    longest = inner.duration("for_up_to", "1h")
    inner.finish()
    unlimited = holds and not inner.has("max_attempts")
    return Policy(ambiguous, None if unlimited else attempts, delays, delays, longest)


def _read_delays(part: Part) -> tuple[int, ...]:
    """Return the delays before each retry in seconds, written as one duration or a list of them."""
    written = part.take("after", "1s")
    try:
        return tuple(seconds(item) for item in (written if isinstance(written, list) and written else [written]))
    except DurationError as error:
        part.report("after", "not_a_duration", str(error))
        return (1,)
