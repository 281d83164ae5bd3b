"""Values in words: literals by the type of the field beside them, lists, days, durations, and JSON as a last resort."""

import json
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from phonenumbers import PhoneNumberFormat, format_number

from rules.bounds import RuleError
from rules.fields import Field, normalise
from rules.fields.date import DAYS
from rules.fields.datetime import read_datetime
from rules.fields.phone import NORTH_AMERICA, parse_phone
from rules.fields.range import read_span, span_text
from rules.money import exponent_of, money, say_money
from rules.text import number_text, scalar_text

READ_FIRST = ("state", "country", "postal_code", "choice", "date", "dob", "number", "money")
"""The types whose values are said in their normal form; others are said as they stand."""
LONG_NUMBER = re.compile(r"\d{5,}")
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
    if isinstance(value, (list, tuple)):
        return say_list([say_literal(entry, field, currency) for entry in value], "and")
    if field and kind in READ_FIRST:
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
    if kind in ("choice", "multi"):
        return say_option(text)
    if kind == "phone":
        return say_phone(text)
    if kind == "range":
        return say_range(text)
    return say_time(text) if kind in ("date", "dob", "datetime", "moment") else text


def say_option(text: str) -> str:
    """Return an option of a choice, one without capitals as the beginning of a sentence."""
    return (text[:1].upper() + text[1:]).replace("_", " ") if text == text.lower() else text


def say_range(text: str) -> str:
    """Return a range like "50,000-75,000" or "under 50,000"; what is none as it is."""
    span = read_span(text)
    return LONG_NUMBER.sub(lambda number: f"{int(number[0]):,}", span_text(span)) if span else text


def say_time(text: str) -> str:
    """Return a day like "Nov 20, 2026", with a time "Nov 20, 2026, 18:41 UTC"; what is neither as it is."""
    moment = read_datetime(text)
    if moment is None:
        return text
    if len(text) <= len("2026-11-20"):
        return say_day(moment.date())
    zone = moment.isoformat()[len(moment.replace(tzinfo=None).isoformat()) :].replace("+00:00", "UTC")
    return f"{say_day(moment.date())}, {moment:%H:%M} {zone}".rstrip()


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
        return f"{', '.join(entries[:3])} and {len(entries) - 3:,} more"
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
