"""How a value becomes the key that typed comparisons compare: folded text, a number, a day or a moment."""

from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rules.bounds import LETTERS_PER_STEP, Budget, RuleError
from rules.clock_values import day_in_zone, in_local_time, local_midnight
from rules.fields import Normal, normalise
from rules.fields.date import read_date
from rules.fields.datetime import read_datetime
from rules.fields.moment import read_moment
from rules.numbers import Number, as_number
from rules.operators.base import Call, Evaluate, Node
from rules.operators.loose import is_list
from rules.problems import shorten
from rules.text import fold, scalar_text

NUMBERS = ("number", "money")
DATES = ("date", "dob")
TIMES = ("datetime", "moment")
# What is none of these types stays as posted and can be equal to nothing that is one.
MUST_BE_VALID = ("postal_code", "url", "ip", "certificate")
Key = Callable[[object], Hashable | None]


def text_key(value: object) -> str | None:
    """Return a text without case and outer spaces; None for a blank one. Raise a RuleError for lists and objects."""
    if value is None:
        return None
    text = scalar_text(value)
    if text is None:
        raise RuleError("not_comparable", "A list or an object cannot be compared with a text.")
    return fold(text) or None


def number_key(value: object) -> Number | None:
    """Return the number that a value is or says; None for a blank or unreadable one."""
    return as_number(value)


def boolean_key(value: object) -> bool | None:
    """Return True or False; None for everything else."""
    return value if isinstance(value, bool) else None


def read_text_key(run: Evaluate) -> Evaluate:
    """Return the reading of a text key; this is the hottest of all comparisons."""

    def read(data: Any, budget: Budget) -> str | None:
        value = run(data, budget)
        if type(value) is not str:
            return text_key(value)
        if len(value) > LETTERS_PER_STEP:
            budget.spend(len(value) // LETTERS_PER_STEP)
        return value.strip().casefold() or None

    return read


def read_number_key(run: Evaluate) -> Evaluate:
    """Return the reading of a number key."""

    def read(data: Any, budget: Budget) -> Number | None:
        value = run(data, budget)
        return value if type(value) is int else as_number(value)

    return read


def read_boolean_key(run: Evaluate) -> Evaluate:
    """Return the reading of a yes or no."""
    return lambda data, budget: boolean_key(run(data, budget))


def read_day_key(run: Evaluate) -> Evaluate:
    """Return the reading of a calendar day as ISO text; a moment's day is that of the run's time zone."""
    return lambda data, budget: day_key(run(data, budget), data)


def day_key(value: object, data: Any) -> str | None:
    """Return a value's calendar day as ISO text; None when it says none."""
    if isinstance(value, str):
        if len(value) <= len("2026-11-20"):
            day = read_date(value)
            return day.isoformat() if day else None
        moment = read_moment(value)
        day = day_in_zone(moment, data) if moment else read_date(value)
        return day.isoformat() if day else None
    if isinstance(value, datetime):
        return day_in_zone(value, data).isoformat()
    return value.isoformat() if isinstance(value, date) else None


def read_moment_key(run: Evaluate) -> Evaluate:
    """Return the reading of a moment; a calendar day begins at midnight in the run's time zone."""

    def read(data: Any, budget: Budget) -> datetime | None:
        value = run(data, budget)
        moment = clock_time(value, data)
        if moment is None and (day := day_key(value, data)):
            return local_midnight(date.fromisoformat(day), data)
        return moment

    return read


def clock_time(value: object, data: Any) -> datetime | None:
    """Return the aware moment of a date with a time, in the run's time zone unless it says one; None without a time."""
    moment = read_moment(value)
    if moment is not None or not isinstance(value, str) or len(value) <= len("2026-11-20"):
        return moment
    written = read_datetime(value)
    return written and (written if written.tzinfo else in_local_time(written, data))


def read_postal_key(run: Evaluate, exact: frozenset[str]) -> Evaluate:
    """Return the reading of a postal code: a ZIP code with its four digits more is also the one of the first five.

    Those among `exact` are meant with all nine.
    """
    read_text = read_text_key(run)

    def read(data: Any, budget: Budget) -> str | None:
        text: str | None = read_text(data, budget)
        return text[:5] if text is not None and is_long_zip(text) and text not in exact else text

    return read


def is_long_zip(text: str) -> bool:
    """Say whether a normal postal code is a ZIP code of nine digits."""
    return len(text) == len("94105-1234") and text[5] == "-" and text[:5].isdecimal()


def readers(call: Call) -> Callable[[Evaluate], Evaluate]:
    """Return how both sides of an equality are read, by the type of the left one or else by the literal beside it."""
    kind = call.left_type or kind_of_literal(call.arguments[-1])
    if kind in NUMBERS:
        return read_number_key
    if kind in DATES or kind in TIMES:
        return read_day_key
    if kind == "postal_code":
        exact = frozenset(written_codes(call))
        return lambda run: read_postal_key(run, exact)
    return read_boolean_key if kind == "boolean" else read_text_key


def written_codes(call: Call) -> list[str]:
    """Return the ZIP codes of nine digits that stand in a comparison of a postal code, as they are compared."""
    node = call.arguments[-1]
    entries = (node.document if isinstance(node.document, list) else [node.document]) if node.is_literal else []
    keys = [text_key(normalise(entry, call.left.field).value) for entry in entries if call.left.field]
    return [key for key in keys if key is not None and is_long_zip(key)]


def kind_of_literal(node: Node) -> str:
    """Return the type by which a value without a known type is compared with a literal."""
    if not node.is_literal:
        return "text"
    entries = node.document if isinstance(node.document, list) else [node.document]
    if entries and all(isinstance(entry, (int, float, Decimal)) and not isinstance(entry, bool) for entry in entries):
        return "number"
    return "boolean" if entries and all(isinstance(entry, bool) for entry in entries) else "text"


def literal_key(call: Call, node: Node, value: object) -> Hashable:
    """Return the key of a literal, in the normal form of the field on the left; refuse what can never be equal."""
    if value is None or value == "" or isinstance(value, (Mapping, list)):
        node.refuse("blank_value", "A comparison needs a value. To ask for a blank field, use “is blank”.")
    field = call.left.field
    # A moment is compared by its day, which a literal says without a clock time.
    normal = normalise(value, field) if field and field.type != "moment" else Normal(value, True)
    kind = call.left_type or kind_of_literal(node)
    key = KEYS[kind](normal.value) if normal.valid or kind not in MUST_BE_VALID else None
    if key is None:
        what = f"a value of {field.label}" if field else "a value to compare with"
        node.refuse("bad_value", f"“{shorten(value)}” is not {what}.")
    return key


def iso_day(value: object) -> str | None:
    """Return the day that a literal says as ISO text."""
    day = value.date() if isinstance(value, datetime) else read_date(value) if isinstance(value, str) else None
    return day.isoformat() if day else None


KEYS: Mapping[str, Key] = {
    **dict.fromkeys(("text", "name", "email", "phone", "state", "choice", "country", "range"), text_key),
    **dict.fromkeys(("postal_code", "url", "ip", "certificate"), text_key),
    **dict.fromkeys(NUMBERS, number_key),
    **dict.fromkeys((*DATES, *TIMES), iso_day),
    "boolean": boolean_key,
}


def literal_list(node: Node) -> list[object] | None:
    """Return the entries of a literal list, a single literal as a list of one; None for what is computed."""
    if not node.is_literal:
        return None
    entries = node.document if isinstance(node.document, list) else [node.document]
    if not entries:
        node.refuse("empty_list", "The list has no values, so nothing can be one of them.")
    return entries


def entries_at(value: object, budget: Budget) -> list[object]:
    """Return a computed value as a list of entries, each paid for; a blank one has none."""
    entries = list(value) if is_list(value) else [] if value is None else [value]
    budget.spend(len(entries))
    return entries
