"""Dates and moments in the formats that buyers ask for."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from rules.bounds import Budget
from rules.clock_values import zone_of
from rules.fields.date import read_date
from rules.operators.base import Call, Evaluate, Node
from rules.operators.keys import clock_time
from rules.operators.times import named_zone
from rules.text import moment_text

NAMED = {"iso": "YYYY-MM-DD", "us": "MM/DD/YYYY", "uk": "DD/MM/YYYY", "eu": "DD.MM.YYYY", "compact": "YYYYMMDD"}
WHOLE: dict[str, Callable[[datetime], object]] = {
    "unix": lambda moment: int(moment.timestamp()),
    "unix_ms": lambda moment: int(moment.timestamp()) * 1000 + moment.microsecond // 1000,
    "iso_time": moment_text,
}
TOKENS = {
    "YYYY": "{0.year:04d}",
    "YY": "{1:02d}",
    "MM": "{0.month:02d}",
    "DD": "{0.day:02d}",
    "M": "{0.month}",
    "D": "{0.day}",
    "HH": "{0.hour:02d}",
    "mm": "{0.minute:02d}",
    "ss": "{0.second:02d}",
}
TOKEN = re.compile("YYYY|YY|MM|DD|HH|mm|ss|M|D")
PATTERN = re.compile(r"(?:YYYY|YY|MM|DD|HH|mm|ss|M|D|[-/. :,T])+")


def build_date(call: Call) -> Evaluate:
    """Build a date in a format; a moment's clock time is that of the run's zone or of the zone named third.

    A date without a time begins at midnight of the named zone, or else of UTC.
    """
    write = read_format(call.arguments[1])
    zone = named_zone(call.arguments[2]) if len(call.arguments) > 2 else None
    run = call.left.run

    def formatted(data: Any, budget: Budget) -> object:
        value = run(data, budget)
        moment = clock_time(value, data)
        if moment is not None:
            return write(moment.astimezone(zone or zone_of(data)))
        day = read_date(value) if isinstance(value, str) else value if isinstance(value, date) else None
        return write(datetime.combine(day, time(), zone or UTC)) if day else None

    return formatted


def read_format(node: Node) -> Callable[[datetime], object]:
    """Return how a literal format writes a moment; refuse a format with other letters in it."""
    name = node.document
    if not node.is_literal or not isinstance(name, str):
        node.refuse("bad_option", "A date format is a text, written in the expression itself.")
    if name in WHOLE:
        return WHOLE[name]
    pattern = NAMED.get(name, name)
    if not PATTERN.fullmatch(pattern):
        known = ", ".join([*NAMED, *WHOLE])
        node.refuse("bad_option", f"A date format is one of {known}, or made of YYYY, MM, DD, HH, mm and ss.")
    template = TOKEN.sub(lambda token: TOKENS[token[0]], pattern)
    return lambda moment: template.format(moment, moment.year % 100)
