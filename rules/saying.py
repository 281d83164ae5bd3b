"""Values in words: literals by the type of the field beside them, lists, days, durations, and JSON as a last resort."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from phonenumbers import PhoneNumberFormat, format_number

from rules.bounds import RuleError
from rules.fields import Field, normalise
from rules.fields.date import DAYS, read_date
from rules.fields.phone import NORTH_AMERICA, parse_phone
from rules.money import exponent_of, money, say_money
from rules.text import number_text, scalar_text

LONGEST_LIST = 4
LONGEST_JSON = 200
DAY_WORDS = dict(zip(DAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say_literal(value: object, field: Field | None = None, currency: str = "USD") -> str:
    """Return a value as a person reads it beside the field it belongs to."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "nothing"
    kind = field.type if field else None
    if field and kind in ("state", "choice", "date", "number", "money"):
        normal = normalise(value, field).value
        value = value if normal is None else normal
    if kind == "money":
        return say_amount(value, currency)
    if isinstance(value, (int, float, Decimal)):
        return say_number(value)
    return say_text(scalar_text(value), value, kind)


def say_text(text: str | None, value: object, kind: str | None) -> str:
    """Return a text as fields of a type show it."""
    if text is None:
        return say_json(value)
    if kind == "choice" and text == text.lower():
        return (text[:1].upper() + text[1:]).replace("_", " ")
    if kind == "phone":
        return say_phone(text)
    day = read_date(text) if kind in ("date", "moment") and len(text) <= len("2026-11-20") else None
    return say_day(day) if day else text


def say_number(value: float | Decimal) -> str:
    """Return a number with its thousands apart once they are hard to read."""
    text = number_text(value)
    if text is None or "." in text or -10_000 < value < 10_000:
        return text or str(value)
    return f"{int(text):,}"


def say_amount(value: object, currency: str, *, with_cents: bool = False) -> str:
    """Return an amount of money, without its cents where it has none unless they are asked for."""
    try:
        said = say_money(money(value, exponent_of(currency)), currency)
    except RuleError:
        return str(value)
    return said if with_cents else said.replace(".00", "")


def say_phone(text: str) -> str:
    """Return a phone number with its digits in groups; what is none as it is."""
    number = parse_phone(text, None)
    if number is None:
        return text
    at_home = number.country_code == NORTH_AMERICA
    return format_number(number, PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL)


def say_day(day: date) -> str:
    """Return a date like "Nov 20, 2026"."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def say_list(entries: Sequence[str], word: str = "or") -> str:
    """Return "CA, NV or AZ"; of more than four entries the first three and how many more there are."""
    if len(entries) > LONGEST_LIST:
        return f"{', '.join(entries[:3])} and {len(entries) - 3} more"
    if len(entries) < 2 or not word:
        return ", ".join(entries)
    return f"{', '.join(entries[:-1])} {word} {entries[-1]}"


def say_days(days: Sequence[object]) -> str:
    """Return days of the week, three or more that follow each other as "Mon to Fri"."""
    keys = [day.strip().lower()[:3] if isinstance(day, str) else "" for day in days]
    if not set(keys) <= set(DAYS):
        return say_list([str(day) for day in days])
    numbers = sorted({DAYS.index(key) for key in keys})
    words = [DAY_WORDS[DAYS[number]] for number in numbers]
    in_a_row = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1
    return f"{words[0]} to {words[-1]}" if in_a_row else " or ".join(words)


def say_json(document: object) -> str:
    """Return a document as JSON of a readable length; what cannot even be that is said to be so."""
    try:
        text = json.dumps(document, default=str, ensure_ascii=False)
    except (RecursionError, TypeError, ValueError):
        return "something that cannot be shown"
    return text if len(text) <= LONGEST_JSON else f"{text[: LONGEST_JSON - 1]}…"
