"""What is worth a look in the hours of buyers: no day chosen, and hours at which their own rule is never true."""

from collections.abc import Callable, Iterator, Mapping
from datetime import time
from typing import Any

from rules.findings import finding
from rules.flow import Flow
from rules.hours import DAYS, Hours, Span
from rules.logic import Rule
from rules.operators.times import DAY_NAMES, TIME
from rules.problems import Problem
from rules.reach import buyers_on

DAY, WEEK = 24 * 60, 7 * 24 * 60
"""In minutes."""
NOW = {"var": "run.now"}


def find_hours_of_no_day(flow: Flow) -> Iterator[Problem]:
    """Find hours for which no day is chosen, which counts as every day."""
    for address, _ in buyers_on(flow):
        hours = flow.written_at(address).get("hours", [])
        for number, span in enumerate(hours if isinstance(hours, list) else [hours]):
            if isinstance(span, dict) and span.get("days") == []:
                message = "No day is chosen, which counts as every day. Choose the days on which leads are taken."
                yield finding(f"{address}.hours[{number}].days", "every_day", message)


def find_hours_that_never_open(flow: Flow) -> Iterator[Problem]:
    """Find buyers that are closed at every moment of the week at which their own rule can be true."""
    for address, buyer in buyers_on(flow):
        in_one_zone = all(span.zone == flow.time_zone and not span.follows for span in buyer.hours)
        if not buyer.hours or buyer.when is None or not in_one_zone:
            continue
        wanted = set(range(WEEK))
        for allowed in _minutes_demanded(buyer.when):
            wanted &= allowed
        if wanted and not wanted & _minutes_open(buyer.hours):
            message = "This buyer never gets a lead: it is closed whenever its rule is true."
            yield finding(f"{address}.hours", "never_open", message)


def _minutes_open(hours: Hours) -> set[int]:
    return {minute for span in hours for day in span.days for minute in _minutes_of(span, DAYS.index(day))}


def _minutes_of(span: Span, day: int) -> Iterator[int]:
    """Yield the minutes of the week in which a span is open that begins on a day."""
    starts, ends = (at.hour * 60 + at.minute for at in (span.start, span.to))
    length = ends - starts if span.to > span.start else ends + DAY - starts
    return ((day * DAY + starts + minute) % WEEK for minute in range(length))


def _minutes_demanded(rule: Rule) -> Iterator[set[int]]:
    """Yield the minutes of the week at which each condition on the time can be true, of those that must all be."""
    for document in _joined_by_and(rule.document):
        for operator, read in READERS.items():
            arguments = document.get(operator)
            if isinstance(arguments, list) and arguments and arguments[0] == NOW:
                yield from read(arguments[1:])


def _joined_by_and(document: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, dict) and isinstance(document.get("and"), list):
        for argument in document["and"]:
            yield from _joined_by_and(argument)
    elif isinstance(document, dict):
        yield document


def _on_days(arguments: list[Any]) -> Iterator[set[int]]:
    """Yield the minutes of some days, written as one or as a list."""
    if len(arguments) == 1:
        written = arguments[0] if isinstance(arguments[0], list) else arguments
        days = [DAY_NAMES.get(str(day).strip().lower(), "") for day in written]
        if all(days):
            yield {DAYS.index(day) * DAY + minute for day in days for minute in range(DAY)}


def _between_times(arguments: list[Any]) -> Iterator[set[int]]:
    """Yield the minutes between two times of each day; a zone of its own makes them uncertain."""
    if len(arguments) == 2 and all(isinstance(at, str) and TIME.fullmatch(at) for at in arguments):
        starts, ends = (time.fromisoformat(at) if at != "24:00" else time.max for at in arguments)
        span = Span(DAYS, starts.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0), "")
        yield {minute for day in range(len(DAYS)) for minute in _minutes_of(span, day)}


READERS: Mapping[str, Callable[[list[Any]], Iterator[set[int]]]] = {"day_is": _on_days, "time_between": _between_times}
