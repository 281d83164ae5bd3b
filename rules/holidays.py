"""Public holidays of a country, worked out by rule: days on which its offices are closed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6

CALENDARS: Mapping[str, str] = {
    "US": "US federal holidays",
    "GB": "bank holidays in England and Wales",
    "DE": "public holidays in all of Germany",
    "FR": "public holidays in France",
}
"""The calendars by country, and what each is called in a sentence. Holidays of single states are not in them."""


@lru_cache(maxsize=256)
def holidays_of(country: str, year: int) -> frozenset[date]:
    """Return the holidays of a country in a year, with the days on which those of a weekend are kept instead.

    It is what the law says now, for whatever year; days that were given once are not in it.
    """
    return frozenset(day for listed in (year, year + 1) for day in _LISTED[country](listed) if day.year == year)


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar."""
    golden, century = year % 19, year // 100
    moon = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    moon -= moon // 28 * (1 - moon // 28 * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    return date(year, 3, 28) + timedelta(days=moon - weekday)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """Return the first, second … of a weekday in a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7) + (number - 1) * WEEK


def _last(year: int, month: int, weekday: int) -> date:
    """Return the last of a weekday in a month."""
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _in_united_states(year: int) -> Iterable[date]:
    """Return the days of 5 U.S.C. 6103; one on a Saturday is kept on the day before, on a Sunday on the day after."""
    new_year, juneteenth, independence = date(year, 1, 1), date(year, 6, 19), date(year, 7, 4)
    fixed = [new_year, juneteenth, independence, date(year, 11, 11), date(year, 12, 25)]
    nearest = {SATURDAY: -DAY, SUNDAY: DAY}
    return {
        *fixed,
        *(day + nearest[day.weekday()] for day in fixed if day.weekday() in nearest),
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        _last(year, 5, MONDAY),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2),
        _nth(year, 11, THURSDAY, 4),
    }


def _in_england(year: int) -> Iterable[date]:
    """Return the bank holidays; one on a weekend is kept on the next weekday that is none."""
    christmas = date(year, 12, 25)
    found = {
        easter(year) - 2 * DAY,
        easter(year) + DAY,
        _nth(year, 5, MONDAY, 1),
        _last(year, 5, MONDAY),
        _last(year, 8, MONDAY),
    }
    fixed = [date(year, 1, 1), christmas, christmas + DAY]
    found.update(fixed)
    for day in fixed:
        kept = day
        while day.weekday() in (SATURDAY, SUNDAY) and (kept.weekday() in (SATURDAY, SUNDAY) or kept in found):
            kept += DAY
        found.add(kept)
    return found


def _in_germany(year: int) -> Iterable[date]:
    christmas = date(year, 12, 25)
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 10, 3), christmas, christmas + DAY}
    return fixed | {easter(year) + timedelta(days=days) for days in (-2, 1, 39, 50)}


def _in_france(year: int) -> Iterable[date]:
    days = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    return {date(year, *day) for day in days} | {easter(year) + timedelta(days=days) for days in (1, 39, 50)}


_LISTED: Mapping[str, Callable[[int], Iterable[date]]] = {
    "US": _in_united_states,
    "GB": _in_england,
    "DE": _in_germany,
    "FR": _in_france,
}
