"""within the last, on a day of the week, between two times of day, of an age: rules that look at the clock."""

import re
from datetime import date, timedelta
from typing import Any

from rules.bounds import Budget
from rules.clock_values import now_of, read_zone, today, years_between, zone_of
from rules.durations import DurationError, read_duration, seconds
from rules.fields.date import DAYS
from rules.operators.amounts import number_side, refuse_reversed
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import DATES, clock_time, day_key, literal_list, read_day_key, read_moment_key
from rules.problems import shorten

TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
DAY_NAMES = {
    **{day: day for day in DAYS},
    **dict(zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), DAYS, strict=True)),
}


def within(direction: int) -> Build:
    """Return the building of “within the last” (-1) or “within the next” (+1), both ends included.

    Whole days are counted on the calendar of the run's time zone, hours and minutes on the clock.
    """

    def build(call: Call) -> Evaluate:
        duration = call.arguments[1]
        unit = duration_unit(duration)
        span = timedelta(seconds=seconds(duration.document)) * direction
        if call.left_type in DATES and unit in "dw":
            return within_days(read_day_key(call.left.run), span)
        return within_moments(read_moment_key(call.left.run), span)

    return build


def duration_unit(node: Node) -> str:
    """Return the unit of a literal duration; refuse what is none."""
    if not node.is_literal:
        node.refuse("bad_duration", "A duration is written in the rule itself, like 30d.")
    try:
        return read_duration(node.document)[1]
    except DurationError as error:
        node.refuse("bad_duration", str(error))


def within_days(left: Evaluate, span: timedelta) -> Evaluate:
    """Return whether a day lies between today and the day that is so far from it."""

    def run(data: Any, budget: Budget) -> bool:
        day = left(data, budget)
        if day is None:
            return False
        ahead = date.fromisoformat(day) - today(data)
        return min(span, timedelta()) <= ahead <= max(span, timedelta())

    return run


def within_moments(left: Evaluate, span: timedelta) -> Evaluate:
    """Return whether a moment lies between now and the moment that is so far from it."""

    def run(data: Any, budget: Budget) -> bool:
        moment = left(data, budget)
        if moment is None:
            return False
        ahead: timedelta = moment - now_of(data)
        return min(span, timedelta()) <= ahead <= max(span, timedelta())

    return run


build_within_last = within(-1)
build_within_next = within(1)


def build_day_is(call: Call) -> Evaluate:
    """Build whether a day is one of some days of the week."""
    node = call.arguments[1]
    days = {day_number(node, entry) for entry in literal_list(node) or refuse_computed(node)}
    left = read_day_key(call.left.run)

    def run(data: Any, budget: Budget) -> bool:
        day = left(data, budget)
        return day is not None and date.fromisoformat(day).weekday() in days

    return run


def refuse_computed(node: Node) -> list[object]:
    """Refuse days that are not written in the rule itself."""
    node.refuse("bad_day", "Days of the week are written in the rule itself, like mon or tue.")


def day_number(node: Node, entry: object) -> int:
    """Return 0 for Monday to 6 for Sunday; refuse what is no day of the week."""
    day = DAY_NAMES.get(entry.strip().lower()) if isinstance(entry, str) else None
    if day is None:
        node.refuse("bad_day", f"“{shorten(entry)}” is not a day of the week: {', '.join(DAYS)}.")
    return DAYS.index(day)


def build_time_between(call: Call) -> Evaluate:
    """Build whether a moment's time of day lies from one time until before another, over midnight too.

    The time is that of the run's zone, or of the zone that is named as fourth argument.
    """
    starts, ends = (minute_of_day(node) for node in call.arguments[1:3])
    if starts == ends:
        call.refuse("same_time", "The two times are the same, so no time is between them.")
    zone = named_zone(call.arguments[3]) if len(call.arguments) > 3 else None
    left = call.left.run

    def run(data: Any, budget: Budget) -> bool:
        moment = clock_time(left(data, budget), data)
        if moment is None:
            return False
        local = moment.astimezone(zone or zone_of(data))
        minute = local.hour * 60 + local.minute
        return starts <= minute < ends if starts < ends else minute >= starts or minute < ends

    return run


def minute_of_day(node: Node) -> int:
    """Return the minute of a literal time of day; refuse what is none."""
    match = TIME.fullmatch(node.document) if node.is_literal and isinstance(node.document, str) else None
    if match is None:
        node.refuse("bad_time", "A time of day is written like 08:00 or 18:30.")
    return int(match[1]) * 60 + int(match[2]) if match[1] else 24 * 60


def named_zone(node: Node) -> Any:
    """Return the zone that a literal names; refuse one that does not exist."""
    if not node.is_literal or not isinstance(node.document, str):
        node.refuse("bad_time_zone", "A time zone is written like America/Los_Angeles.")
    return read_zone(node.document)


def build_age_between(call: Call) -> Evaluate:
    """Build whether someone born on a day has an age from one number of years to another, both included."""
    low, high = (number_side(call, node) for node in call.arguments[1:])
    if low.known is not None and high.known is not None:
        refuse_reversed(call, low.known, high.known)
    left = read_day_key(call.left.run)

    def run(data: Any, budget: Budget) -> bool:
        born = left(data, budget)
        least, most = low.read(data, budget), high.read(data, budget)
        if born is None or least is None or most is None:
            return False
        return bool(least <= years_between(date.fromisoformat(born), today(data)) <= most)

    return run


def age_of(value: object, data: Any) -> int | None:
    """Return the full age in years, today, of who was born on a date; None when there is no date."""
    born = day_key(value, data)
    return years_between(date.fromisoformat(born), today(data)) if born else None
