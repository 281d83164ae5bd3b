"""The rule of a source tried on the leads that came last, while it is built."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.editor.rule_views import mark_of
from flowbuilder.editor.trying import Side, Trial, Tried, what_counts
from flowbuilder.models import Flow, Source
from rules.logic import RuleError

WORDS = ("are taken", "are rejected")
MOST_EXAMPLES = 5
NOT_YET = "It is tried on leads as soon as there is nothing to put right in it."


@dataclass(frozen=True)
class TriedRule:
    """What the last leads make of a source's rule, or why they make nothing of it.

    `is_own` is whether they are leads of the source itself; a source without any is tried on those of its flow.
    """

    tried: Tried
    is_own: bool = False
    problem: str = ""

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return the leads that would be taken, and those that would be rejected."""
        return self.tried.sides(None, words=WORDS)

    def examples(self, side: Side) -> tuple[UUID, ...]:
        """Return some leads of a side, newest first."""
        return side.leads[:MOST_EXAMPLES]


def mark_of_rule(rule: object, flow: Flow) -> str:
    """Return a text that changes with what a rule asks of a flow's leads; an empty one when it asks nothing."""
    counting = what_counts(rule, flow.draft)
    return "" if counting is None else mark_of([counting, str(flow.id)])


def try_rule(session: Session, flow: Flow, rule: object, source: Source | None) -> TriedRule:
    """Return what the newest leads of a source make of a rule, or those of its flow where it is new or has none."""
    nothing = Tried((), (), ())
    counting = what_counts(rule, flow.draft)
    if counting is None:
        return TriedRule(nothing, problem="There is no rule to try yet.")
    try:
        trial = Trial(session, flow, flow.draft, counting)
    except RuleError:
        return TriedRule(nothing, problem=NOT_YET)
    own = trial.on_newest(source=source) if source else nothing
    return TriedRule(own, is_own=True) if own.total else TriedRule(trial.on_newest())
