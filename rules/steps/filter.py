"""Filter: lets some leads through and stops the rest."""

from dataclasses import dataclass
from typing import ClassVar

from rules.effects import Note
from rules.logic import Rule, truthy
from rules.reading import Part
from rules.running import Interpreting, Next, Run
from rules.steps.base import Common, Exit, Words, read_common
from rules.steps.ways import Way, Why, follow, read_way


@dataclass(frozen=True, slots=True)
class Filter:
    """Continue only if a rule is true, or stop if it is: which of the two is written in the document."""

    kind: ClassVar[str] = "filter"
    label: ClassVar[str] = "Filter"
    common: Common
    rule: Rule
    stops: bool
    otherwise: Way
    reason: str

    def sentence(self, words: Words) -> str:
        """Return `Continue only if State is CA`."""
        start = "Stop if" if self.stops else "Continue only if"
        return f"{start} {words.whole_rule(self.rule.document)}"

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return the way of leads that pass and of those that do not."""
        passing, stopping = ("Otherwise", "Matches") if self.stops else ("Matches", "Otherwise")
        return (
            Exit("nxt", f"{passing}: next step"),
            self.otherwise.exit(stopping, words, self.reason),
        )

    def interpret(self, run: Run) -> Interpreting:
        """Note whether the lead passes; RuleError leaves the step as an error, never as a no."""
        if truthy(self.rule(run.at(self.common.id))) != self.stops:
            yield Note(self.common.id, "passed")
            return Next()
        yield Note(self.common.id, "stopped", self.reason)
        return follow(self.otherwise, run, self.common.id, Why("rule_not_met", self.reason))


def read_filter(part: Part) -> Filter | None:
    """Return the filter that a part describes, None when its rule has problems."""
    common, stops = read_common(part), part.has("stop_if")
    if stops == part.has("continue_if"):
        both = "A filter has one of “continue_if” and “stop_if”, not both."
        part.report("continue_if", "polarity", both if stops else "Add a rule that says which leads carry on.")
    rule = part.rule("stop_if" if stops else "continue_if")
    otherwise = read_way(part, "otherwise", "reject", ("reject", "fallback", "go_to"))
    reason = part.text("reason", "Does not match")
    part.take("continue_if")
    part.finish()
    return Filter(common, rule, stops, otherwise, reason) if rule else None
