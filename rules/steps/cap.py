"""Cap: limits how many leads pass to the steps after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules.caps import Cap, read_cap
from rules.effects import Reserve
from rules.reading import Part
from rules.running import Interpreting, Next, Run, Verdict
from rules.steps.base import Common, Exit, Words, read_common
from rules.steps.ways import Way, Why, follow, read_way


@dataclass(frozen=True, slots=True)
class CapStep:
    """Takes a place for the lead on its way in; the place is given back if the lead is not sold."""

    kind: ClassVar[str] = "cap"
    label: ClassVar[str] = "Cap"
    common: Common
    cap: Cap
    when_full: Way
    reason: str

    def sentence(self, words: Words) -> str:
        """Return `At most 500 a day through here`."""
        return f"At most {self.cap.say(words.currency)} through here"

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return the way with room and the way when full."""
        return Exit("nxt", "Room left: next step"), self.when_full.exit("Full", words, self.reason)

    def interpret(self, run: Run) -> Interpreting:
        """Reserve a place, or send the lead where it goes when there is none."""
        ask = self.cap.ask(run.at(self.common.id), run.now)
        result = yield Reserve(self.common.id, caps=(ask,))
        if not result["full"]:
            run.held_caps[self.common.id] = self.cap
            return Next()
        return self.turn_away(run)

    def turn_away(self, run: Run) -> Verdict:
        """Return where a lead goes for which there is no place."""
        until = reset_of(self.cap.ask(run.at(self.common.id), run.now))
        return follow(self.when_full, run, self.common.id, Why("cap_reached", self.reason, until, "cap"))


def reset_of(ask: Mapping[str, object]) -> datetime | None:
    """Return when the window of a reservation ends (UTC), None when it never does."""
    ends = ask["ends"]
    return datetime.fromisoformat(ends) if isinstance(ends, str) else None


def read_cap_step(part: Part) -> CapStep | None:
    """Return the cap step that a part describes."""
    common = read_common(part)
    cap = read_cap(part, common.id)
    step = CapStep(
        common=common,
        cap=cap,
        when_full=read_way(part, "when_full", "reject", ("reject", "fallback", "go_to", "hold")),
        reason=part.text("reason", "Cap reached"),
    )
    part.finish()
    return step
