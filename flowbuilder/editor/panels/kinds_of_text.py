"""How values stand in a field of one line, in people's units, and what a line means. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flowbuilder.connections.written import NotReadable, read_expression, show_expression
from rules.durations import SECONDS, DurationError, read_duration, seconds
from rules.money import LARGEST, SIGNS, exponent_of
from rules.numbers import read_number
from rules.reading import amount_of
from rules.windows import is_zone


class Unreadable(ValueError):
    """What was typed means nothing here; the message says what to type."""


@dataclass(frozen=True)
class Line:
    """How one kind of value is shown and read; `show` gives None for a value that is none of the kind.

    `currency` is that of the flow. `mode` is the keyboard that a phone shows, `unit` stands behind the field.
    """

    show: Callable[[Any, str], str | None]
    read: Callable[[str, str], Any]
    mode: str = "text"
    unit: str = ""
    is_money: bool = False


def _show_text(value: Any, _currency: str) -> str | None:
    return value if isinstance(value, str) else None


def text(longest: int = 500) -> Line:
    """Return lines of free text."""

    def read(typed: str, _currency: str) -> str:
        if len(typed) > longest:
            raise Unreadable(f"Use at most {longest} characters.")
        return typed

    return Line(_show_text, read)


def whole(least: int, most: int, unit: str = "") -> Line:
    """Return lines of whole numbers between two bounds, both allowed."""

    def read(typed: str, _currency: str) -> int:
        number = read_number(typed)
        # Of three decimals nobody knows what they mean: in much of the world 10.000 is ten thousand.
        if number is None or number != int(number) or _decimals(number) >= THOUSAND or not least <= number <= most:
            raise Unreadable(f"Enter a whole number from {least:,} to {most:,}.")
        return int(number)

    def show(value: Any, _currency: str) -> str | None:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None

    return Line(show, read, "numeric", unit)


THOUSAND = 3
"""So many decimals are refused where none, or fewer, are meant: they may be thousands."""


def show_amount(value: Any, currency: str) -> str | None:
    """Return an amount of money as it is typed, `42.00`; None for what is none."""
    amount = amount_of(value)
    if amount is None:
        return None
    exponent = exponent_of(currency)
    has_more = amount != round(amount, exponent)
    return f"{amount:f}" if has_more else f"{amount:.{exponent}f}"


def read_amount(typed: str, currency: str) -> Decimal:
    """Return the amount of money that somebody typed, with or without the sign of the currency."""
    bare = typed.replace(currency, "").replace(SIGNS.get(currency, currency), "").strip()
    exponent = exponent_of(currency)
    example, number = f"{Decimal(42):.{exponent}f}", read_number(bare.removesuffix("."))
    if number is None or not 0 <= number < LARGEST:
        raise Unreadable(f"Enter an amount of money, such as {example}.")
    amount = Decimal(number)
    if amount != round(amount, exponent) or _decimals(amount) >= max(THOUSAND, exponent + 1):
        raise Unreadable(f"{currency} has {exponent or 'no'} decimals, such as {example}.")
    return amount


def _decimals(number: int | Decimal) -> int:
    """Return how many decimals were typed."""
    exponent = number.as_tuple().exponent if isinstance(number, Decimal) else 0
    return -exponent if isinstance(exponent, int) else 0


MONEY = Line(show_amount, read_amount, "decimal", is_money=True)


def _show_expression(value: Any, currency: str) -> str:
    return show_amount(value, currency) or show_expression(value)


def _read_priced(typed: str, currency: str) -> Any:
    """Return an amount, or the expression that a price is worked out by."""
    try:
        return read_amount(typed, currency)
    except Unreadable as problem:
        worked_out = read_worked_out(typed, currency)
        if isinstance(worked_out, str):
            raise Unreadable(f"{str(problem)[:-1]}, or a field such as lead.price.") from None
        return worked_out


def read_worked_out(typed: str, _currency: str) -> Any:
    """Return the expression that a line means: `lead.city | upper`, a text, or JSON."""
    try:
        return read_expression(typed)
    except NotReadable as problem:
        raise Unreadable(str(problem)) from None


PRICE = Line(_show_expression, _read_priced, "decimal", is_money=True)
WORKED_OUT = Line(lambda value, _: show_expression(value), read_worked_out)


def _read_zone(typed: str, _currency: str) -> str:
    zone = typed.replace(" ", "_")
    if not is_zone(zone):
        raise Unreadable("Enter a time zone such as America/Los_Angeles.")
    return zone


ZONE = Line(_show_text, _read_zone)


def _read_time(typed: str, _currency: str) -> str:
    found = re.fullmatch(r"(\d{1,2})(?:[:.]?([0-5]\d))?\s*([ap]\.?m\.?)?", typed.lower())
    hour = int(found[1]) if found else 99
    if found and found[3]:
        hour = hour % 12 + (12 if found[3].startswith("p") else 0) if 1 <= hour <= 12 else 99
    if not found or hour > 24 or (hour == 24 and found[2] not in (None, "00")):
        raise Unreadable("Enter a time of day such as 08:00.")
    return f"{hour:02}:{found[2] or '00'}"


TIME = Line(_show_text, _read_time)


def in_seconds(least: Decimal | int, most: int) -> Line:
    """Return lines of seconds, where the setting is in milliseconds."""

    def show(value: Any, _currency: str) -> str | None:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return f"{Decimal(value) / 1000:f}" if is_whole else None

    def read(typed: str, _currency: str) -> int:
        try:
            length = Decimal(typed.replace(",", "."))
        except InvalidOperation:
            length = Decimal(-1)
        if not least <= length <= most or length * 1000 % 1:
            raise Unreadable(f"Enter seconds, from {least} to {most}.")
        return int(length * 1000)

    return Line(show, read, "decimal", "seconds")


def duration_in_seconds(least: int, most: int) -> Line:
    """Return lines of whole seconds, where the setting is a duration such as `30s`."""
    plain = whole(least, most, "seconds")

    def show(value: Any, _currency: str) -> str | None:
        try:
            return str(seconds(value))
        except DurationError:
            return None

    return Line(show, lambda typed, currency: f"{plain.read(typed, currency)}s", "numeric", "seconds")


def _show_durations(value: Any, _currency: str) -> str | None:
    listed = value if isinstance(value, list) else [value]
    return ", ".join(listed) if listed and all(isinstance(one, str) for one in listed) else None


def _read_durations(typed: str, _currency: str) -> list[str]:
    written = [one.strip().replace(" ", "") for one in typed.split(",") if one.strip()]
    try:
        for one in written:
            read_duration(one)
    except DurationError:
        raise Unreadable("Enter times such as 5s, 30s, 2m.") from None
    return written


DURATIONS = Line(_show_durations, _read_durations)


def read_length(amount: str, unit: str) -> str:
    """Return a duration from a number and a unit."""
    if not re.fullmatch(r"[1-9]\d{0,4}", amount) or unit not in SECONDS:
        raise Unreadable("Enter a whole number of 1 or more.")
    return f"{amount}{unit}"
