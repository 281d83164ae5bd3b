"""more than, at least, between on a range of numbers: true when it is true of every number in the range."""

from collections.abc import Callable
from typing import Any

from rules.bounds import Budget
from rules.fields.range import Span, read_span
from rules.numbers import Number
from rules.operators.amounts import compare, number_side, refuse_reversed
from rules.operators.base import Build, Call, Evaluate
from rules.operators.likeness import contrary
from rules.text import scalar_text


def read_range(run: Evaluate) -> Evaluate:
    """Return the reading of a range; None for a blank value and for one that is no range."""

    def read(data: Any, budget: Budget) -> Span | None:
        text = scalar_text(run(data, budget))
        return read_span(text) if text else None

    return read


def is_above(span: Span, number: Number) -> bool:
    """Say whether all numbers of a range are more than one number."""
    return span.low is not None and (span.low > number or (span.strict and span.low == number))


def is_not_below(span: Span, number: Number) -> bool:
    """Say whether all numbers of a range are at least one number."""
    return span.low is not None and span.low >= number


def is_below(span: Span, number: Number) -> bool:
    """Say whether all numbers of a range are less than one number."""
    return span.high is not None and (span.high < number or (span.strict and span.high == number))


def is_not_above(span: Span, number: Number) -> bool:
    """Say whether all numbers of a range are at most one number."""
    return span.high is not None and span.high <= number


def ordered(test: Callable[[Span, Number], bool]) -> Build:
    """Return the building of a test of a range against a number."""
    return lambda call: compare(read_range(call.left.run), number_side(call, call.arguments[1]), test)


build_more_than = ordered(is_above)
build_less_than = ordered(is_below)
build_at_least = ordered(is_not_below)
build_at_most = ordered(is_not_above)


def build_between(call: Call) -> Evaluate:
    """Build whether a whole range lies between two numbers, both included."""
    low, high = (number_side(call, node) for node in call.arguments[1:])
    if low.known is not None and high.known is not None:
        refuse_reversed(call, low.known, high.known)
    left = read_range(call.left.run)
    lower, upper = compare(left, low, is_not_below), compare(left, high, is_not_above)
    return lambda data, budget: lower(data, budget) and upper(data, budget)


build_not_between = contrary(build_between)
