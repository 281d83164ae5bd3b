"""A range of numbers, as forms offer them to choose from: $100 - $200, under 50k, 700+."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar, NamedTuple

from typing_extensions import override

from rules.fields.base import AMOUNT_OPERATORS, COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal
from rules.numbers import Number, read_amount, whole_if_whole
from rules.text import number_text

LONGEST = 100
SEPARATOR = re.compile(r"\s*(?:[-\u2013\u2014]|\b(?:to|and|through)\b)\s*", re.IGNORECASE)
# What stands before or behind the one number of a range with an open end.
AT_LEAST = re.compile(
    r"(?:from|at least|min|>=|≥)\s*(.+)|(.+?)\s*(?:\+|(?:and|or) (?:up|above|over|more|higher))", re.IGNORECASE
)
AT_MOST = re.compile(r"(?:up to|at most|max|<=|≤)\s*(.+)|(.+?)\s*(?:and|or) (?:less|below|under|lower)", re.IGNORECASE)
OVER = re.compile(r"(?:over|above|more than|greater than|>)\s*(.+)", re.IGNORECASE)
UNDER = re.compile(r"(?:under|below|less than|<)\s*(.+)", re.IGNORECASE)
OPEN = ((AT_LEAST, True, False), (AT_MOST, False, False), (OVER, True, True), (UNDER, False, True))
BETWEEN = re.compile(r"^between\s+", re.IGNORECASE)
PLAIN = re.compile(r"(-?[0-9]{1,18})-(-?[0-9]{1,18})", re.ASCII)
"""Most ranges in their normal form."""
SCALED = re.compile(r"(.*[0-9]) ?([km])\b(.*)", re.IGNORECASE)
SCALES = {"k": 1_000, "m": 1_000_000}


class Span(NamedTuple):
    """All numbers from the lowest to the highest; an open end is None, and `strict` leaves out the end that is not."""

    low: Number | None
    high: Number | None
    strict: bool = False


class Written(NamedTuple):
    """An amount as it is written: its number, and what its letter multiplies it by."""

    bare: Number
    scale: int = 1

    @property
    def number(self) -> Number:
        """Return the amount that is meant."""
        return whole_if_whole(self.bare * self.scale)


class RangeType(FieldType):
    """A range as `100-200`, `700+`, `over 700`, `up to 50000`, `under 50000` or one number; what is none is blank.

    The letters k and m are thousands and millions; after the second number alone (50-75k) they belong to both.
    """

    key = "range"
    label = "Range"
    operators = (*AMOUNT_OPERATORS, *COMMON_OPERATORS, *PRESENCE_OPERATORS)
    part_names = ("low", "high", "mid")
    part_kinds: ClassVar[Mapping[str, str]] = dict.fromkeys(part_names, "number")
    part_words: ClassVar[Mapping[str, str]] = {"low": "lowest", "high": "highest", "mid": "middle"}

    @override
    def read(self, text: str, field: Field) -> Normal:
        span = read_span(text)
        return Normal(span_text(span), True) if span else Normal(None, False)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return the lowest and the highest number and the middle of both; an open end has neither."""
        span = read_span(str(value)) if value is not None else None
        if span is None:
            return dict.fromkeys(self.part_names)
        middle = None if span.low is None or span.high is None else whole_if_whole(Decimal(span.low + span.high) / 2)
        return {"low": span.low, "high": span.high, "mid": middle}


def read_span(text: str) -> Span | None:
    """Return the range that a text says, None when it says none or its ends are the wrong way round."""
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if plain := PLAIN.fullmatch(text):
        low, high = int(plain[1]), int(plain[2])
        return Span(low, high) if low <= high else None
    amount = read_written(text)
    if amount is not None:
        return Span(amount.number, amount.number)
    return read_open(text) or read_closed(BETWEEN.sub("", text))


def read_open(text: str) -> Span | None:
    """Return a range with one open end."""
    for pattern, upwards, strict in OPEN:
        match = pattern.fullmatch(text)
        amount = read_written(next(filter(None, match.groups()))) if match else None
        if amount is not None:
            return Span(amount.number, None, strict) if upwards else Span(None, amount.number, strict)
    return None


def read_closed(text: str) -> Span | None:
    """Return a range between two numbers; the minus of a negative one is no separator."""
    for separator in SEPARATOR.finditer(text):
        low, high = read_written(text[: separator.start()]), read_written(text[separator.end() :])
        if low is not None and high is not None:
            if low.scale == 1 and low.bare < high.bare:
                low = low._replace(scale=high.scale)
            return Span(low.number, high.number) if low.number <= high.number else None
    return None


def read_written(text: str) -> Written | None:
    """Return an amount as it is written, with its letter as a scale; None for what is no amount."""
    bare = read_amount(text)
    if bare is not None:
        return Written(bare)
    match = SCALED.fullmatch(text)
    bare = read_amount(f"{match[1]}{match[3]}") if match else None
    return Written(bare, SCALES[match[2].lower()]) if match and bare is not None else None


def span_text(span: Span) -> str:
    """Return the normal form of a range."""
    low, high = (plain_text(end) for end in (span.low, span.high))
    if not high:
        return f"over {low}" if span.strict else f"{low}+"
    if not low:
        return f"under {high}" if span.strict else f"up to {high}"
    return low if low == high else f"{low}-{high}"


def plain_text(number: Number | None) -> str:
    """Return a number without needless zeros, nothing for an open end."""
    if number is None:
        return ""
    whole = whole_if_whole(number)
    return number_text(whole if isinstance(whole, int) else whole.normalize()) or ""
