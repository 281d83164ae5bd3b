"""Opening hours in words."""

from datetime import time

from rules.holidays import CALENDARS
from rules.hours import DAYS, Holidays, Hours, Span
from rules.saying import say_day, say_days, say_list

MIDNIGHT = time()
MOST_DATES = 2


def say_hours(hours: Hours) -> str:
    """Return `Mon to Fri, 08:00 to 18:00 (Los Angeles), closed on US federal holidays`."""
    said = " and ".join(_say_span(span) for span in hours)
    zones = list(dict.fromkeys(_say_zone(span) for span in hours))
    closed = list(dict.fromkeys(_say_holidays(span.holidays) for span in hours if span.holidays != Holidays()))
    where = f" ({say_list(zones, 'and')})" if zones else ""
    except_on = f", closed on {say_list(closed, 'and')}" if closed else ""
    return f"{said}{where}{except_on}"


def _say_span(span: Span) -> str:
    if span.start == span.to:
        times = "all day" if span.start == MIDNIGHT else f"from {span.start:%H:%M} for 24 hours"
    else:
        to = "24:00" if span.to == MIDNIGHT else f"{span.to:%H:%M}"
        times = f"{span.start:%H:%M} to {to}"
    days = "every day" if set(span.days) == set(DAYS) else say_days(span.days)
    return f"{days}, {times}"


def _say_zone(span: Span) -> str:
    return "in the buyer's time zone" if span.follows else span.zone.rpartition("/")[2].replace("_", " ")


def _say_holidays(holidays: Holidays) -> str:
    """Return `US federal holidays, Dec 24, 2026 and 2 more days`."""
    said = [CALENDARS[country] for country in holidays.countries]
    dates = sorted(holidays.dates)
    said += [say_day(day) for day in dates[:MOST_DATES]]
    more = len(dates) - MOST_DATES
    return say_list([*said, *([f"{more:,} more day{'' if more == 1 else 's'}"] if more > 0 else [])], "and")
