"""What rules know of time: the run's now, its time zone, and the days that follow from them."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from rules.bounds import RuleError
from rules.fields.moment import read_moment
from rules.problems import shorten


def now_of(data: Any) -> datetime:
    """Return the run's now, an aware moment; raise a RuleError when the data has none."""
    moment = read_moment(of_run(data, "now"))
    if moment is None:
        raise RuleError("no_now", "A rule about time needs to know the time of the run.")
    return moment


def zone_of(data: Any) -> ZoneInfo:
    """Return the run's time zone; raise a RuleError when the data names none that exists."""
    name = of_run(data, "time_zone")
    if not isinstance(name, str):
        raise RuleError("no_time_zone", "A rule about days and hours needs to know a time zone.")
    return read_zone(name)


def read_zone(name: str) -> ZoneInfo:
    """Return a zone of the tz database; raise a RuleError for a name that is not in it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise RuleError("unknown_time_zone", f"“{shorten(name)}” is not a time zone.") from None


def of_run(data: Any, key: str) -> object:
    """Return a value of `run`, or None when the data has none."""
    try:
        return data["run"].get(key)
    except (AttributeError, IndexError, KeyError, TypeError):
        return None


def day_in_zone(moment: datetime, data: Any) -> date:
    """Return the calendar day of a moment in the run's time zone."""
    try:
        return moment.astimezone(zone_of(data)).date()
    except OverflowError:  # The first and the last day that a calendar has.
        return moment.date()


def today(data: Any) -> date:
    """Return the calendar day of the run in its time zone."""
    return day_in_zone(now_of(data), data)


def local_midnight(day: date, data: Any) -> datetime:
    """Return the moment at which a calendar day begins in the run's time zone."""
    return datetime.combine(day, time(), zone_of(data)).astimezone(UTC)


def in_local_time(written: datetime, data: Any) -> datetime:
    """Return a date and time that names no zone as the moment, in UTC, at which clocks of the run's time zone show it.

    A time that clocks show twice, when they are put back, is the first one.
    """
    return written.replace(tzinfo=zone_of(data)).astimezone(UTC)


def years_between(born: date, day: date) -> int:
    """Return a full age in years; who is born on 29 February grows older on 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
