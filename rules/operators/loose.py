"""JSON-logic's own idea of truth, equality, order and text, which is JavaScript's."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeGuard

from rules.bounds import Budget, RuleError
from rules.numbers import Number, exact
from rules.text import LONGEST_NUMBER, moment_text, scalar_text

NUMERIC = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def truthy(value: object) -> bool:
    """Return the truth of a value: false are false, null, 0, NaN, the empty text and the empty list."""
    if value is True or value is False:
        return value
    if isinstance(value, Mapping):
        return True
    return bool(value) and not (isinstance(value, (float, Decimal)) and exact(value) is None)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Say whether a value is a list of values."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def numeric(value: object) -> Number | None:
    """Return the number that a value converts to: null and empty text are 0; None for what is not a number."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, (float, Decimal)):
        return exact(value)
    return read_numeric(value.strip()) if isinstance(value, str) else None


def read_numeric(text: str) -> Number | None:
    """Return the number that a text spells out completely, 0 for an empty one."""
    if not text:
        return 0
    if len(text) > LONGEST_NUMBER or not NUMERIC.fullmatch(text):
        return None
    return int(text) if text.lstrip("+-").isdigit() else Decimal(text)


def is_number(value: object) -> bool:
    """Say whether a value is a number and not a yes or no."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def strictly_equal(one: object, other: object, budget: Budget) -> bool:
    """Return whether two values have the same type and say the same; lists and objects entry by entry."""
    if type(one) is str and type(other) is str:
        return one == other
    if is_number(one) and is_number(other):
        return numeric(one) == numeric(other) is not None
    if isinstance(one, Mapping) or is_list(one):
        budget.spend_value(one)
        budget.spend_value(other)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def loosely_equal(one: object, other: object, budget: Budget) -> bool:
    """Return whether two values are equal after JavaScript's conversions: 1 equals "1", null equals only null."""
    if one is None or other is None:
        return one is other
    one, other = primitive(one, other, budget), primitive(other, one, budget)
    if type(one) is type(other) or (is_number(one) and is_number(other)):
        return strictly_equal(one, other, budget)
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        return False
    left, right = numeric(one), numeric(other)
    return left is not None and left == right


def primitive(value: object, beside: object, budget: Budget) -> object:
    """Return a moment as text, and a list as text when it stands beside something that is not one."""
    if isinstance(value, datetime):
        return moment_text(value)
    return joined(value, budget) if is_list(value) and not is_list(beside) else value


def in_order(one: object, other: object, budget: Budget) -> int | None:
    """Return -1, 0 or 1 for less, equal or more; None when the two cannot be ordered."""
    one, other = primitive(one, None, budget), primitive(other, None, budget)
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    left, right = numeric(one), numeric(other)
    return None if left is None or right is None else (left > right) - (left < right)


def joined(value: object, budget: Budget) -> str:
    """Return a value as text, a list as its entries with commas; raise a RuleError for what has no text."""
    text = scalar_text(value)
    if text is not None:
        return budget.spend_text(text)
    if isinstance(value, Sequence):
        budget.spend(1 + len(value))
        return budget.spend_text(",".join(joined(entry, budget) for entry in value))
    kind = "An object" if isinstance(value, Mapping) else "Such a value"
    raise RuleError("not_text", f"{kind} cannot be written as text.")
