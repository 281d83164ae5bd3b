"""Where a lead goes when a step does not simply carry on: next, reject, stop, fallback, hold, another step or buyer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.durations import DurationError, say_duration, seconds
from rules.reading import Part
from rules.running import BY_HAND, End, GoTo, Leave, Next, Run, Send, Verdict, Wait, WaitsFor
from rules.steps.base import Exit, Tone, Words

TONES: dict[str, Tone] = {"reject": "bad", "hold": "que", "stop": "wrn"}
TARGETED = ("go_to", "buyer", "hold")
HELD_FOR = timedelta(minutes=15)
"""How long a lead is held when nothing says when things will be better."""
LONGEST_HOLD = timedelta(days=35)
"""How long a lead may be held in all: longer than any window of a cap."""
LONGEST_IN_VAIN = timedelta(days=7)
"""How long a lead may be held in all where it waits for nothing that has an end of its own."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a lead leaves its road: a code, the reason in words, and when (UTC) waiting makes sense again."""

    code: str
    reason: str
    until: datetime | None = None
    waiting_for: WaitsFor = "retry"


@dataclass(frozen=True, slots=True)
class Way:
    """One of `next`, `reject`, `fallback`, `hold`, `go_to` a later step, or `buyer`: offer it to another one.

    `stop` ends the lead as an error, which is neither a yes nor a no. The target of a hold, where it has one, is how
    long the lead waits.
    """

    kind: str
    target: str = ""

    def say(self, words: Words, following: str = "next step") -> str:
        """Return the way in a few words; `following` is what comes next."""
        match self.kind:
            case "next":
                return following
            case "go_to":
                return f"go to {words.step(self.target)}"
            case "buyer":
                return f"offer to {words.step(self.target)}, then {following}"
            case "hold":
                return f"wait {say_duration(self.target)} and try again" if self.target else "wait and try again"
            case "fallback":
                return "nobody takes it"
            case "stop":
                return "end as an error"
        return "reject"

    def exit(self, when: str, words: Words, reason: str | None = None, following: str = "next step") -> Exit:
        """Return the card's exit for this way, such as “Declines: next step”."""
        told = f" “{reason}”" if self.kind == "reject" and reason else ""
        return Exit(TONES.get(self.kind, "nxt"), f"{when}: {self.say(words, following)}{told}")


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the lead goes after each kind of answer that is not a yes."""

    on_declined: Way
    on_error: Way
    outside_hours: Way
    when_full: Way
    when_not_met: Way
    when_no_funds: Way

    def after(self, answer: str, reason: str | None) -> Way:
        """Return the way for an answer of an offer, or for the reason why none was made.

        A buyer that is left alone because it failed too often has failed.
        """
        if answer != "not_asked":
            return {"declined": self.on_declined, "error": self.on_error}[answer]
        ways = {
            "cap_reached": self.when_full,
            "outside_hours": self.outside_hours,
            "rule_not_met": self.when_not_met,
            "missing_field": self.when_not_met,
            "breaker_open": self.on_error,
            "no_funds": self.when_no_funds,
        }
        return ways.get(reason or "", Way("next"))


def read_way(part: Part, key: str, default: str, allowed: tuple[str, ...]) -> Way:
    """Return where the setting sends the lead.

    `go_to` and `buyer` are written `{"go_to": id}` and `{"buyer": id}`, a hold for some time `{"hold": "1h"}`.
    """
    value = part.take(key, default)
    if isinstance(value, dict) and len(value) == 1:
        [(kind, target)] = value.items()
        if kind in allowed and kind in TARGETED and isinstance(target, str):
            return Way(kind, target if kind != "hold" else _read_hold(part, key, target))
    elif isinstance(value, str) and value in allowed and value not in ("go_to", "buyer"):
        return Way(value)
    written = ", ".join(f'{{"{word}": id}}' if word in ("go_to", "buyer") else word for word in allowed)
    written += ', or {"hold": "1h"}' if "hold" in allowed else ""
    part.report(key, "not_a_way", f"“{key}” must be one of {written}.")
    return Way(default)


def _read_hold(part: Part, key: str, written: str) -> str:
    """Return how long a lead is held, of at most the time that a way may say."""
    try:
        if seconds(written) <= LONGEST_IN_VAIN.total_seconds():
            return written
        part.report(key, "out_of_bounds", f"“{key}” may hold a lead for 7d at most.")
    except DurationError as error:
        part.report(key, "not_a_duration", str(error))
    return ""


def as_told(told: Mapping[str, Any]) -> Verdict:
    """Return the verdict of a person over a lead that waited, as it stands in a result."""
    match told["do"]:
        case "offer":
            return Send(told["buyer"])
        case "start_again":
            return Leave(told["version"], told["by"])
    return End("rejected", BY_HAND, told["reason"])


def read_ways(part: Part) -> Ways:
    """Return the ways that a buyer's settings name."""
    four = ("next", "hold", "reject", "buyer")
    two = {"when_no_funds": ("next", "hold")}
    return Ways(**{key: read_way(part, key, "next", two.get(key, four)) for key in Ways.__dataclass_fields__})


def follow(way: Way, run: Run, step: str, why: Why) -> Verdict:
    """Return the verdict of a way that needs no other buyer."""
    match way.kind:
        case "reject":
            return End("rejected", why.code, why.reason)
        case "stop":
            return End("error", why.code, why.reason)
        case "fallback":
            return GoTo("fallback")
        case "go_to":
            return GoTo(way.target)
        case "hold":
            until = run.now + timedelta(seconds=seconds(way.target)) if way.target else why.until
            waiting_for, has_end = "retry" if way.target else why.waiting_for, not way.target and why.until is not None
            return Wait(until or run.now + HELD_FOR, waiting_for, step, why.reason, has_end)
    return Next()
