"""more than, at least, between: order among numbers, days and moments."""

import operator
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any

from rules.bounds import Budget
from rules.fields.date import read_date
from rules.fields.moment import read_moment
from rules.numbers import as_number
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import DATES, TIMES, iso_day, read_day_key, read_moment_key, read_number_key
from rules.operators.likeness import constant, contrary
from rules.problems import shorten

Order = Callable[[Any, Any], bool]


def ordered(test: Order) -> Build:
    """Return the building of a test between the number on the left and the one on the right."""

    def build(call: Call) -> Evaluate:
        return compare(read_number_key(call.left.run), number_side(call, call.arguments[1]), test)

    return build


def compare(left: Evaluate, right: "Side", test: Order) -> Evaluate:
    """Return the comparison of two sides; false when either is blank."""
    bound = right.known
    if bound is not None:

        def with_known(data: Any, budget: Budget) -> bool:
            value = left(data, budget)
            return value is not None and test(value, bound)

        return with_known
    read = right.read

    def with_read(data: Any, budget: Budget) -> bool:
        value, other = left(data, budget), read(data, budget)
        return value is not None and other is not None and test(value, other)

    return with_read


class Side:
    """The right side of a comparison: known when the rule is compiled, or read when it is decided."""

    __slots__ = ("known", "read")

    def __init__(self, read: Evaluate, known: Hashable | None = None) -> None:
        self.read = read
        self.known = known


def number_side(call: Call, node: Node) -> Side:
    """Return the right side of a comparison of numbers; refuse a literal that is none."""
    if not node.is_literal:
        return Side(read_number_key(node.run))
    number = None if node.document == "" else as_number(node.document)
    if number is None:
        label = call.left.field.label if call.left.field else "This comparison"
        node.refuse("bad_value", f"{label} needs a number here, not “{shorten(node.document)}”.")
    return Side(constant(number), number)


def time_side(node: Node, *, by_day: bool) -> Side:
    """Return the right side of a comparison of days or of moments; refuse a literal that is none."""
    if not node.is_literal:
        return Side(read_day_key(node.run) if by_day else read_moment_key(node.run))
    known = iso_day(node.document) if by_day else read_moment(node.document)
    if known is None:
        wanted = "a date like 2026-11-20" if by_day else "a date, or a time with its zone like 2026-11-20T08:00:00Z"
        node.refuse("bad_value", f"“{shorten(node.document)}” is not {wanted}.")
    return Side(constant(known), known)


def compares_days(call: Call) -> bool:
    """Say whether a comparison is one of calendar days: a date is on either side, and no clock time on the other."""
    if call.left_type in DATES:
        return True
    return any(node.is_literal and is_plain_day(node.document) for node in call.arguments[1:])


def is_plain_day(value: object) -> bool:
    """Say whether a value is a date without a time."""
    return isinstance(value, str) and len(value.strip()) <= len("2026-11-20") and read_date(value) is not None


def in_time(test: Order) -> Build:
    """Return the building of before and after."""

    def build(call: Call) -> Evaluate:
        by_day = compares_days(call)
        read = read_day_key if by_day else read_moment_key
        return compare(read(call.left.run), time_side(call.arguments[1], by_day=by_day), test)

    return build


build_more_than = ordered(operator.gt)
build_less_than = ordered(operator.lt)
build_at_least = ordered(operator.ge)
build_at_most = ordered(operator.le)
build_before = in_time(operator.lt)
build_after = in_time(operator.gt)


def build_between(call: Call) -> Evaluate:
    """Build whether a number, a day or a moment lies between two others, both ends included."""
    left, low, high = sides(call)
    if low.known is not None and high.known is not None:
        refuse_reversed(call, low.known, high.known)
        return between_known(left, low.known, high.known)
    lower = compare(left, low, operator.ge)
    upper = compare(left, high, operator.le)
    return lambda data, budget: lower(data, budget) and upper(data, budget)


def between_known(left: Evaluate, low: Any, high: Any) -> Evaluate:
    """Return whether a value lies between two that are known."""

    def run(data: Any, budget: Budget) -> bool:
        value = left(data, budget)
        return value is not None and low <= value <= high

    return run


build_not_between = contrary(build_between)


def sides(call: Call) -> tuple[Evaluate, Side, Side]:
    """Return the left value's reading and both bounds, all of one kind."""
    low, high = call.arguments[1:]
    if call.left_type in (*DATES, *TIMES) or (call.left_type is None and is_date_literal(low)):
        by_day = compares_days(call)
        read = read_day_key if by_day else read_moment_key
        return read(call.left.run), time_side(low, by_day=by_day), time_side(high, by_day=by_day)
    return read_number_key(call.left.run), number_side(call, low), number_side(call, high)


def is_date_literal(node: Node) -> bool:
    """Say whether a literal is a date or a moment."""
    value = node.document
    return node.is_literal and isinstance(value, str) and (read_date(value) or read_moment(value)) is not None


def refuse_reversed(call: Call, low: Any, high: Any) -> None:
    """Refuse bounds between which nothing can lie."""
    if high < low:
        shown = [side.date().isoformat() if isinstance(side, datetime) else side for side in (low, high)]
        call.refuse("reversed_bounds", f"Nothing is between {shown[0]} and {shown[1]}: put the smaller one first.")
