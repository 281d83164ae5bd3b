"""cat and substr: texts put together and taken apart."""

from typing import Any

from rules.bounds import Budget, RuleError
from rules.operators.base import Call, Evaluate
from rules.operators.loose import joined, numeric


def build_cat(call: Call) -> Evaluate:
    """Build all arguments as one text."""
    runs = call.runs
    return lambda data, budget: budget.spend_text("".join([joined(run(data, budget), budget) for run in runs]))


def build_substr(call: Call) -> Evaluate:
    """Build a part of a text; a negative start counts from the end, a negative length leaves letters off."""
    text, start = call.runs[:2]
    length = call.runs[2] if len(call.runs) > 2 else None

    def cut(data: Any, budget: Budget) -> str:
        whole = joined(text(data, budget), budget)
        begin = position(start(data, budget), call)
        tail = whole[max(begin + len(whole), 0) if begin < 0 else begin :]
        return tail[: position(length(data, budget), call)] if length else tail

    return cut


def position(value: object, call: Call) -> int:
    """Return a position in a text; raise a RuleError when the value is no number."""
    number = numeric(value)
    if number is None:
        raise RuleError("not_a_number", "A position in a text is a number.", call.at)
    return int(number)
