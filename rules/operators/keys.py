"""How a value becomes the key that typed comparisons compare: folded text, a number, a day or a moment."""

from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rules.bounds import LETTERS_PER_STEP, Budget, RuleError
from rules.clock_values import day_in_zone, local_midnight
from rules.fields import normalise
from rules.fields.date import read_date
from rules.fields.moment import read_moment
from rules.numbers import Number, as_number
from rules.operators.base import Call, Evaluate, Node
from rules.operators.loose import is_list
from rules.problems import shorten
from rules.text import fold, scalar_text

NUMBERS = ("number", "money")
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
        moment = read_moment(value)
        if moment is None and (day := day_key(value, data)):
            return local_midnight(date.fromisoformat(day), data)
        return moment

    return read


def readers(call: Call) -> Callable[[Evaluate], Evaluate]:
    """Return how both sides of an equality are read, by the type of the left one or else by the literal beside it."""
    kind = call.left_type or kind_of_literal(call.arguments[-1])
    if kind in NUMBERS:
        return read_number_key
    if kind in ("date", "moment"):
        return read_day_key
    return read_boolean_key if kind == "boolean" else read_text_key


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
    normal = normalise(value, field).value if field and field.type != "moment" else value
    key = KEYS[call.left_type or kind_of_literal(node)](normal)
    if key is None:
        what = f"a value of {field.label}" if field else "a value to compare with"
        node.refuse("bad_value", f"“{shorten(value)}” is not {what}.")
    return key


def iso_day(value: object) -> str | None:
    """Return the day that a literal says as ISO text."""
    day = value.date() if isinstance(value, datetime) else read_date(value) if isinstance(value, str) else None
    return day.isoformat() if day else None


KEYS: Mapping[str, Key] = {
    **dict.fromkeys(("text", "name", "email", "phone", "state", "choice"), text_key),
    **dict.fromkeys(NUMBERS, number_key),
    **dict.fromkeys(("date", "moment"), iso_day),
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
