"""A number: a credit score, a count, a size."""

from decimal import Decimal

from typing_extensions import override

from rules.fields.base import AMOUNT_OPERATORS, COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal
from rules.numbers import Number, as_number, read_amount, whole_if_whole


class NumberType(FieldType):
    """An integer or an exact decimal, read from text like `$1,200.50` too; what is no number is blank."""

    key = "number"
    label = "Number"
    operators = (*AMOUNT_OPERATORS, *COMMON_OPERATORS, *PRESENCE_OPERATORS)

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        number = None if isinstance(raw, str) else as_number(raw)
        return super().normalise(raw, field) if number is None else Normal(tidy(number), True)

    @override
    def read(self, text: str, field: Field) -> Normal:
        number = read_amount(text)
        return Normal(number, number is not None)


def tidy(number: Number) -> Number:
    """Return a posted number without an exponent: 1E+3 is 1000, while 42.00 keeps its cents."""
    if isinstance(number, Decimal) and int(number.as_tuple().exponent) > 0:
        return whole_if_whole(number)
    return number
