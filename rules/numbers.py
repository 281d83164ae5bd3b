"""Numbers as people write them, read without ever passing through binary floating point."""

import re
from decimal import Decimal

from rules.text import LONGEST_NUMBER

Number = int | Decimal

CURRENCY_SIGNS = "$€£¥"
# Digits, grouped in threes by one kind of separator or not at all, and a decimal point.
WRITTEN = re.compile(r"([-+]?)(\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u202f']\d{3})+)?(\.\d+)?", re.ASCII)
SEPARATORS = re.compile(r"[, \u00a0\u202f']")
LONGEST_TEXT = 100


def read_number(text: str) -> Number | None:
    """Return the number that a text like `1,200.50` or `1 200` says, or None; integers stay integers."""
    match = WRITTEN.fullmatch(text.strip()) if len(text) <= LONGEST_TEXT else None
    if match is None or not (match[2] or match[3]):
        return None
    digits = match[1] + SEPARATORS.sub("", match[2] or "0")
    return Decimal(digits + match[3]) if match[3] else int(digits)


def read_amount(text: str) -> Number | None:
    """Return the number in a text that may carry a currency sign or code, like `$1,200` or `-€5.00` or `40 USD`."""
    bare = re.sub(r"^([-+]?)\s*(?:[A-Z]{3}\s*)?[$€£¥]?\s*([-+]?)", r"\1\2", text.strip(), count=1)
    return read_number(re.sub(r"\s*(?:[$€£¥]|[A-Z]{3})$", "", bare, count=1))


def as_number(value: object) -> Number | None:
    """Return the number that a value is or that a text says; None for everything else, NaN and infinities too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, (Decimal, float)):
        return exact(value)
    return read_amount(value) if isinstance(value, str) else None


def exact(value: Decimal | float) -> Decimal | None:
    """Return the shortest decimal that a float is written as, or the Decimal itself; None past all bounds."""
    decimal = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not decimal.is_finite() or abs(decimal.adjusted()) > LONGEST_NUMBER:
        return None
    return decimal


def whole_if_whole(value: Number) -> Number:
    """Return an integer for a decimal like 1E+3 or 2.0, and what was given otherwise."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
