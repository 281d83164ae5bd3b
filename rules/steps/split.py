"""Split: sends each lead down one of several lanes, which join again behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rules.effects import Note
from rules.logic import Rule, truthy
from rules.reading import Part
from rules.running import GoTo, Interpreting, Next, Run
from rules.steps.base import Common, Exit, Step, Words, read_common

DEEPEST = 2
MOST_LANES = 20
REST = "else"
"""The lane of leads that no case is true for."""

ReadSteps = Callable[[Part, str], tuple[Step, ...] | None]


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: its name in paths, what it is for (a rule, a share in percent, or the rest), and its steps.

    The steps are parts of the flow of their own, so that of a split's own `PARTS` a lane has only its rule.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("when",)
    name: str
    steps: tuple[Step, ...]
    when: Rule | None = None
    share: int = 0
    is_named: bool = False

    def say(self, words: Words) -> str:
        """Return what the lane is called on its card."""
        if self.is_named:
            return self.name
        if self.share:
            return f"{self.share}% of the leads"
        return words.whole_rule(self.when.document) if self.when else "Everything else"


@dataclass(frozen=True, slots=True)
class Split:
    """Lanes by rules, of which the first that is true counts, or by shares of all leads."""

    kind: ClassVar[str] = "split"
    label: ClassVar[str] = "Split"
    common: Common
    lanes: tuple[Lane, ...]
    by_share: bool

    def sentence(self, words: Words) -> str:  # noqa: ARG002  (every kind is asked the same way)
        """Return `One of 3 lanes, the first that fits`."""
        how = "by share" if self.by_share else "the first that fits"
        return f"One of {len(self.lanes)} lanes, {how}"

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return one way for each lane."""
        return tuple(Exit("nxt", f"{lane.say(words)}: {_say_length(lane)}") for lane in self.lanes)

    def interpret(self, run: Run) -> Interpreting:
        """Note the lane, and send the lead to its first step."""
        lane = self._lane_of(run)
        yield Note(self.common.id, "passed", lane=lane.name)
        return GoTo(lane.steps[0].common.id) if lane.steps else Next()

    def lane_named(self, name: str) -> Lane | None:
        """Return the lane that a journal names."""
        return next((lane for lane in self.lanes if lane.name == name), None)

    def _lane_of(self, run: Run) -> Lane:
        view = run.at(self.common.id)
        if not self.by_share:
            return next(lane for lane in self.lanes if lane.when is None or truthy(lane.when(view)))
        left = view["run"]["random"]
        for lane in self.lanes:
            left -= lane.share
            if left <= 0:
                return lane
        return self.lanes[-1]


def _say_length(lane: Lane) -> str:
    if not lane.steps:
        return "next step"
    return f"{len(lane.steps)} step{'' if len(lane.steps) == 1 else 's'}, then next step"


def read_split(part: Part, read_steps: ReadSteps) -> Split | None:
    """Return the split that a part describes, None when one of its lanes has problems; `read_steps` reads lanes."""
    common, by_share = read_common(part), part.has("percent")
    if part.path.split(".").count("split") > DEEPEST:
        part.document.report(part.path, "too_deep", f"Splits can stand {DEEPEST} levels deep, not deeper.")
        return None
    if by_share == part.has("cases"):
        both = "A split goes by rules (“cases”) or by shares (“percent”), not by both."
        part.report("cases", "cases_or_percent", both if by_share else "Add a lane, and say which leads take it.")
    lanes = _read_shares(part, read_steps) if by_share else _read_cases(part, read_steps)
    part.take("cases")
    part.finish()
    if lanes is not None and len({lane.name for lane in lanes}) < len(lanes):
        part.report("percent" if by_share else "cases", "name_used_twice", "Every lane needs a name of its own.")
    return Split(common, lanes, by_share) if lanes else None


def _read_cases(part: Part, read_steps: ReadSteps) -> tuple[Lane, ...] | None:
    lanes = [_read_lane(inner, i, read_steps) for i, inner in enumerate(_lane_parts(part, "cases"))]
    rest = read_steps(part, REST)
    if rest is None or not lanes or not all(lanes):
        return None
    return *(lane for lane in lanes if lane), Lane(REST, rest)


def _read_shares(part: Part, read_steps: ReadSteps) -> tuple[Lane, ...] | None:
    lanes = [_read_lane(inner, i, read_steps, by_share=True) for i, inner in enumerate(_lane_parts(part, "percent"))]
    complete = tuple(lane for lane in lanes if lane)
    if len(complete) == len(lanes) and sum(lane.share for lane in complete) != 100:
        part.report("percent", "not_a_hundred", "The shares of all lanes must add up to 100.")
    return complete if complete and len(complete) == len(lanes) else None


def _lane_parts(part: Part, key: str) -> list[Part]:
    parts = part.parts(key, "a lane")
    if not 1 <= len(parts) <= MOST_LANES:
        part.report(key, "lanes", f"A split has 1 to {MOST_LANES} lanes.")
    return parts[:MOST_LANES]


def _read_lane(part: Part, position: int, read_steps: ReadSteps, *, by_share: bool = False) -> Lane | None:
    name, steps = part.text("name", "", longest=60), read_steps(part, "steps")
    when = None if by_share else part.rule("when")
    share = part.whole("share", least=1, most=100) if by_share else 0
    if not by_share and not part.has("when"):
        part.report(
            "when",
            "missing_rule",
            "Add a rule that says which leads take this lane.",
        )
    if "/" in name or name == REST:
        part.report("name", "bad_name", "A lane's name cannot be “else” and has no “/”.")
    part.finish()
    if steps is None or (when is None and not by_share):
        return None
    return Lane(name or str(position + 1), steps, when, share, is_named=bool(name))
