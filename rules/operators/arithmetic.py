"""+, -, *, /, %, min and max: exact arithmetic on integers and decimals."""

from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import reduce
from typing import Any

from rules.bounds import Budget, RuleError
from rules.numbers import Number
from rules.operators.base import Build, Call, Evaluate
from rules.operators.loose import numeric
from rules.problems import shorten

LARGEST = 10**300
# The digits of IEEE 754 decimal128, far more than any amount of money has.
CONTEXT = Context(prec=34, Emin=-999, Emax=999, traps=[InvalidOperation, DivisionByZero, Overflow])


def add(one: Number, other: Number) -> Number:
    """Return the sum."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return CONTEXT.add(one, other)


def subtract(one: Number, other: Number) -> Number:
    """Return the difference."""
    if isinstance(one, int) and isinstance(other, int):
        return one - other
    return CONTEXT.subtract(one, other)


def multiply(one: Number, other: Number) -> Number:
    """Return the product."""
    if isinstance(one, int) and isinstance(other, int):
        return one * other
    return CONTEXT.multiply(one, other)


def divide(one: Number, other: Number) -> Number:
    """Return the quotient, an integer when two integers divide without a rest."""
    if other == 0:
        raise RuleError("division_by_zero", "A number cannot be divided by zero.")
    if isinstance(one, int) and isinstance(other, int) and one % other == 0:
        return one // other
    return CONTEXT.divide(one, other)


def remainder(one: Number, other: Number) -> Number:
    """Return the rest of a division, with the sign of what was divided."""
    if other == 0:
        raise RuleError("division_by_zero", "A number cannot be divided by zero.")
    if isinstance(one, int) and isinstance(other, int):
        return abs(one) % abs(other) * (-1 if one < 0 else 1)
    return CONTEXT.remainder(one, other)


def lesser(one: Number, other: Number) -> Number:
    """Return the smaller of two numbers."""
    return min(one, other)


def greater(one: Number, other: Number) -> Number:
    """Return the larger of two numbers."""
    return max(one, other)


def folding(combine: Callable[[Number, Number], Number]) -> Build:
    """Return the building of an operator that combines its arguments from left to right."""

    def build(call: Call) -> Evaluate:
        runs, at = call.runs, call.at

        def calculate(data: Any, budget: Budget) -> Number:
            try:
                return bounded(reduce(combine, [operand(run(data, budget)) for run in runs]))
            except RuleError as error:
                error.path = error.path or at
                raise
            except ArithmeticError:
                raise RuleError("number_too_large", "The rule calculates a number past all bounds.", at) from None

        return calculate

    return build


build_sum = folding(add)
build_product = folding(multiply)
build_quotient = folding(divide)
build_remainder = folding(remainder)
build_least = folding(lesser)
build_most = folding(greater)
build_difference = folding(subtract)


def build_minus(call: Call) -> Evaluate:
    """Build the difference of two numbers, or the negative of one."""
    if len(call.arguments) == 2:
        return build_difference(call)
    difference = build_difference(call)
    return lambda data, budget: subtract(0, difference(data, budget))


def operand(value: object) -> Number:
    """Return the number that a value is; raise a RuleError for what is none, which a blank value is not either."""
    number = None if value is None or value == "" else numeric(value)
    if number is None:
        said = "Nothing" if value in (None, "") else f"“{shorten(value)}”"
        raise RuleError("not_a_number", f"{said} is not a number to calculate with.")
    return number


def bounded(number: Number) -> Number:
    """Return the number; raise a RuleError when it has more than 300 digits."""
    if -LARGEST < number < LARGEST:
        # Nobody means the sign of a zero.
        return number.copy_abs() if isinstance(number, Decimal) and not number else number
    raise RuleError("number_too_large", "The rule calculates a number past all bounds.")
