"""Values as text: how numbers, moments and yes or no are written, and how texts are compared."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

LONGEST_NUMBER = 300  # digits; what is longer is no number a person or a program meant
LONGEST_NAME = 100  # characters; what is longer is the name of nothing
_SEPARATORS = {ord(char): None for char in "_-. "}


def scalar_text(value: object) -> str | None:
    """Return a scalar as text, null as nothing; None for lists, objects and numbers past all bounds."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return number_text(value)
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else None


def number_text(value: float | Decimal) -> str | None:
    """Return a number as plain digits, without an exponent; None when it has none or far too many."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**LONGEST_NUMBER else None
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite() or not -LONGEST_NUMBER < exact.adjusted() < LONGEST_NUMBER:
        return None
    if isinstance(value, float) and exact == exact.to_integral_value():
        exact = exact.to_integral_value()
    return format(exact, "f")


def moment_text(moment: datetime) -> str:
    """Return an aware moment as ISO 8601 in UTC with milliseconds and Z; a naive one as it stands."""
    if moment.tzinfo is None:
        return moment.isoformat(timespec="milliseconds")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fold(text: str) -> str:
    """Return the text as it is compared: without outer spaces and without case."""
    return text.strip().casefold()


def squeeze(name: str) -> str:
    """Return the name of a field as it is compared: without case, outer spaces and the separators `_ - .` and space."""
    return _squeezed(name) if len(name) <= LONGEST_NAME else _squeeze(name)


def _squeeze(name: str) -> str:
    return fold(name).translate(_SEPARATORS)


# Posts of one source carry the same names; long ones, which nobody means, are not kept.
_squeezed = lru_cache(maxsize=4096)(_squeeze)
