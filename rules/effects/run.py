"""Effects of a run itself: how it begins, waits and ends, the places it takes, and what it notes down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from rules.effects.base import Asks, Effect, Result, Said


@dataclass(frozen=True, slots=True)
class Intake(Effect):
    """Take the lead in, if the door is open, the lead is accepted and new, and there is room.

    Result: `{"outcome": passed | paused | rejected | suppressed | duplicate | full | error, "source": {…}, "reason",
    "full", "places"}`; an error is a rule of the source that could not be decided. Of a full cap of the source it says
    `when_full` and when the window `ends`. `zones` are the time zones of connections by whose clock the flow reads
    hours, left out where it reads none.
    """

    name: ClassVar[str] = "intake"
    accepted: bool = True
    reason: str | None = None
    caps: tuple[Asks, ...] = ()
    duplicates: Asks | None = None

    def asks(self) -> Asks:
        """Return the flow's own verdict, its caps and its rule for duplicates."""
        return {
            "accepted": self.accepted,
            "reason": self.reason,
            "caps": list(self.caps),
            "duplicates": self.duplicates,
        }

    def outcome(self, result: Result) -> Said:
        """Return passed, full, error or stopped."""
        words = {"passed": "passed", "full": "full", "error": "error"}
        return words.get(result["outcome"], "stopped"), result.get("reason")


@dataclass(frozen=True, slots=True)
class Reserve(Effect):
    """Take one place in each of some windows, all or none. Result: `{"full": key of a full cap or None, "places"}`."""

    name: ClassVar[str] = "reserve"
    caps: tuple[Asks, ...] = ()
    with_source: bool = False

    def asks(self) -> Asks:
        """Return the windows, and whether the source's caps are taken with them."""
        return {"caps": list(self.caps), "with_source": self.with_source}

    def outcome(self, result: Result) -> Said:
        """Return passed or full."""
        return ("full", "cap_reached") if result["full"] else ("passed", None)


@dataclass(frozen=True, slots=True)
class Lists(Effect):
    """Look values up in stored lists. Result: `{"in": [true, false, or null when there is no such list, …]}`.

    `pairs` are the lists with the path or expression that is looked up, `values` the lists with the texts themselves,
    which are not journaled.
    """

    name: ClassVar[str] = "lists"
    pairs: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]

    def asks(self) -> Asks:
        """Return which list is asked about what, never a value."""
        return {"lists": [{"list": listed, "of": of} for listed, of in self.pairs]}

    def outcome(self, result: Result) -> Said:  # noqa: ARG002  (every effect is asked the same way)
        """Return passed: what the answers mean is the step's to say."""
        return "passed", None


@dataclass(frozen=True, slots=True)
class Hold(Effect):
    """Wait until a moment, or for a person when there is none.

    Result: `{"now": when the lead woke, "zones"}`, and what a person told as `told`, see `rules.instructions`.

    The places of cap steps and of intake are given back while a lead is held, unless it was sold to somebody already:
    then it `keeps` them.
    """

    name: ClassVar[str] = "hold"
    until: str | None
    waiting_for: str
    reason: str | None = None
    keeps: bool = False

    def asks(self) -> Asks:
        """Return until when (ISO, UTC) and for what."""
        asked: Asks = {"until": self.until, "for": self.waiting_for, "reason": self.reason}
        return asked | {"keeps": True} if self.keeps else asked

    def outcome(self, result: Result) -> Said:  # noqa: ARG002  (every effect is asked the same way)
        """Return passed: the wait is over."""
        return "passed", self.reason


@dataclass(frozen=True, slots=True)
class Close(Effect):
    """End the run with the lead's outcome. Result: `{}`. Money in minor units."""

    name: ClassVar[str] = "close"
    result: str
    code: str | None
    reason: str | None
    revenue: int
    cost: int

    def asks(self) -> Asks:
        """Return the outcome, its reason and the money."""
        return {
            "outcome": self.result,
            "code": self.code,
            "reason": self.reason,
            "revenue": self.revenue,
            "cost": self.cost,
        }

    def outcome(self, result: Result) -> Said:  # noqa: ARG002  (every effect is asked the same way)
        """Return the lead's outcome and reason."""
        return self.result, self.reason


@dataclass(frozen=True, slots=True)
class StartAgain(Effect):
    """Leave the run for another one, in another version of the flow, as the person `by` asked (its id, or "").

    Result: `{"from": the version of this run, "asked_before": who was asked before it began}`. Where the other version
    reads the lead's data in another way, the event's detail keeps as `lead` how this one did.
    """

    name: ClassVar[str] = "start_again"
    version: int
    by: str

    def asks(self) -> Asks:
        """Return the version that the lead goes on in, and who asked for that."""
        return {"version": self.version, "by": self.by}

    def outcome(self, result: Result) -> Said:  # noqa: ARG002  (every effect is asked the same way)
        """Return passed: the lead is on its way again."""
        return "passed", None


@dataclass(frozen=True, slots=True)
class Note(Effect):
    """What a step did by itself: passed, stopped, skipped or error, and why. Result: `{}`.

    `lane` is the one that a split chose. `changes` are the fields that a transform set, each with its value before and
    after; only their keys are asked about, the values are detail.
    """

    name: ClassVar[str] = "note"
    what: str
    reason: str | None = None
    lane: str | None = None
    changes: Mapping[str, tuple[Any, Any]] | None = None

    def asks(self) -> Asks:
        """Return outcome and reason, with the lane or the changed fields if there are any."""
        asked: Asks = {"outcome": self.what, "reason": self.reason}
        if self.lane is not None:
            asked["lane"] = self.lane
        if self.changes is not None:
            asked["fields"] = list(self.changes)
        return asked

    @property
    def detail(self) -> Asks | None:
        """Return the changed fields with their values before and after."""
        changed = {key: list(values) for key, values in (self.changes or {}).items()}
        return {"changes": changed} if changed else None

    def outcome(self, result: Result) -> Said:  # noqa: ARG002  (every effect is asked the same way)
        """Return outcome and reason."""
        return self.what, self.reason
