"""JSON-logic with the operators of the rule builder: check a rule, compile it once, decide it often, trace it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

from rules.bounds import FOREIGN, MOST_STEPS, Budget, Recorder, RuleError, undecidable
from rules.compiler import Compiler
from rules.conditions import Condition, Trace
from rules.fields import Field
from rules.naming import NAMES
from rules.operators.base import Node
from rules.operators.loose import truthy
from rules.problems import Problem

Purpose = Literal["condition", "value"]

NO_FIELDS: Mapping[str, Field] = {}


class Rule:
    """A compiled rule: call it with data to get its value."""

    __slots__ = (
        "_is_value",
        "_known",
        "_run",
        "_steps",
        "_traced",
        "conditions",
        "document",
        "fields",
        "node",
        "questions",
        "variables",
    )

    def __init__(self, document: object, fields: Mapping[str, Field], *, is_value: bool = False) -> None:
        """Compile a document; raise a RuleError that names its first problem."""
        compiler, node = compiled(document, fields, is_value=is_value, recording=False)
        self.document = document
        self.node = node
        self.variables = frozenset(compiler.variables)
        self.conditions = tuple(compiler.conditions)
        self.questions = tuple(compiler.questions)
        self.fields = fields
        self._is_value = is_value
        self._run = node.run
        self._steps = MOST_STEPS - node.weight
        self._traced: Node | None = None
        # Most prices are written as a number, which is what it is for every lead.
        self._known = node.run({}, Budget()) if node.is_literal and type(document) in (int, Decimal) else None

    def __call__(self, data: Any) -> Any:
        """Return the value for the data; raise a RuleError when there is none."""
        if self._known is not None:
            return self._known
        budget = Budget(self._steps)
        try:
            value = self._run(data, budget)
            if type(value) is not bool and self.node.variable is None:
                budget.spend_value(value)
        except FOREIGN as error:
            raise undecidable(error) from error
        return value

    def trace(self, data: Any) -> Trace:
        """Return the value with every condition's own value and verdict; raise a RuleError as calling does."""
        if self._traced is None:
            self._traced = compiled(self.document, self.fields, is_value=self._is_value, recording=True)[1]
        recorder = Recorder(2 * MOST_STEPS)
        try:
            value = self._traced.run(data, recorder)
        except FOREIGN as error:
            raise undecidable(error) from error
        return Trace(value, tuple(seen(condition, recorder.seen.get(i)) for i, condition in enumerate(self.conditions)))


def compiled(
    document: object, fields: Mapping[str, Field], *, is_value: bool, recording: bool
) -> tuple[Compiler, Node]:
    """Return the compiler and what it made; raise a RuleError for the first problem."""
    compiler = Compiler(fields, None, is_value=is_value, recording=recording)
    node = compiler.compile(document)
    if compiler.problems:
        first = compiler.problems[0]
        raise RuleError(first.code, first.message, first.path)
    return compiler, node


def seen(condition: Condition, found: tuple[object, bool] | None) -> Condition:
    """Return a condition with what an evaluation saw of it, as it is when the evaluation never came to it."""
    return replace(condition, value=found[0], verdict=found[1]) if found else condition


def compile_rule(rule: object, fields: Mapping[str, Field] = NO_FIELDS) -> Rule:
    """Return the compiled rule; raise a RuleError when it can never be decided.

    Names of fields that are not among the given ones are read as they are: only `check_rule` objects to them.
    """
    return Rule(rule, fields)


def evaluate(rule: object, data: Any, fields: Mapping[str, Field] = NO_FIELDS) -> Any:
    """Return the value of a rule for the data; raise a RuleError when it has none."""
    return compile_rule(rule, fields)(data)


def check_rule(
    rule: object,
    at: str,
    fields: Mapping[str, Field],
    *,
    purpose: Purpose = "condition",
    names: Collection[str] | None = NAMES,
    asks_lists: bool = False,
) -> list[Problem]:
    """Return everything that is wrong with a rule, each problem with its path under `at`.

    `names` are the first names that the rule may read from; None allows all of them. Stored lists can only be asked
    where somebody looks them up before the rule is decided, which `asks_lists` says.
    """
    compiler = Compiler(fields, names, is_value=purpose == "value")
    compiler.compile(rule, at)
    if compiler.questions and not asks_lists:
        compiler.note(at, "no_lists_here", "Stored lists can be asked in the steps and the intake of a flow only.")
    return compiler.problems + compiler.notes


__all__ = ["Condition", "Rule", "RuleError", "Trace", "check_rule", "compile_rule", "evaluate", "truthy"]
