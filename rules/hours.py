"""Opening hours: when a buyer takes leads, in its own time zone; a span may cross midnight, holidays are closed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.holidays import CALENDARS, holidays_of
from rules.reading import Part
from rules.windows import first_instant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_HOLIDAYS = 1000
LOOKS_AHEAD = timedelta(days=14)
"""How far the next opening is looked for: longer than any lead is held."""
DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days on which nothing opens: single dates, and the calendars of countries."""

    dates: frozenset[date] = frozenset()
    countries: tuple[str, ...] = ()

    def hold(self, day: date) -> bool:
        """Return whether a local day is one of them."""
        return day in self.dates or any(day in holidays_of(country, day.year) for country in self.countries)

    def and_those(self, others: "Holidays") -> "Holidays":
        """Return the days of both."""
        countries = dict.fromkeys((*self.countries, *others.countries))
        return Holidays(self.dates | others.dates, tuple(countries))


@dataclass(frozen=True, slots=True)
class Span:
    """Open on some weekdays between two local times; `to` at or before `start` means the next morning.

    `follows` where no zone is written: then the connection's counts, and the flow's, which is in `zone`, without it.
    """

    days: tuple[str, ...]
    start: time
    to: time
    zone: str
    follows: bool = False
    holidays: Holidays = field(default_factory=Holidays)

    def instants(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when the span that begins on a local day opens and closes (UTC), None if it does not open then.

        One that began on the evening before a holiday ends as on any other day. Where the clock is put forward over
        all of it, it does not open.
        """
        if DAYS[day.weekday()] not in self.days or self.holidays.hold(day):
            return None
        closing = day if self.to > self.start else day + timedelta(days=1)
        opens = first_instant(datetime.combine(day, self.start), self.zone)
        closes = first_instant(datetime.combine(closing, self.to), self.zone)
        return (opens, closes) if opens < closes else None


Hours = tuple[Span, ...]


def in_zone(hours: Hours, zone: str | None) -> Hours:
    """Return the hours with the zone of their connection where none is written; None leaves the flow's."""
    if zone is None:
        return hours
    return tuple(replace(span, zone=zone) if span.follows else span for span in hours)


def is_open(hours: Hours, now: datetime) -> bool:
    """Return whether one of the spans holds a moment; no spans means always open."""
    return not hours or any(opens <= now < closes for opens, closes in _near(hours, now, days=1))


def open_until(hours: Hours, now: datetime) -> datetime | None:
    """Return when (UTC) somebody closes who is open at a moment, a day later at most; None for whoever never does."""
    until = None
    for opens, closes in sorted(_near(hours, now, days=1)):
        if opens <= (until or now) < closes:
            until = closes
    return until


def next_opening(hours: Hours, now: datetime) -> datetime:
    """Return the next opening (UTC) after a moment; where there is none in two weeks, the end of these."""
    openings = [opens for opens, _ in _near(hours, now, days=LOOKS_AHEAD.days) if opens > now]
    return min(openings, default=now + LOOKS_AHEAD)


def _near(hours: Hours, now: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
    for span in hours:
        today = now.astimezone(ZoneInfo(span.zone)).date()
        for offset in range(-1, days + 1):
            instants = span.instants(today + timedelta(days=offset))
            if instants:
                yield instants


def read_hours(part: Part) -> Hours:
    """Return the spans of a part's `hours`, written as one object or a list of them.

    Its `holidays` are added to those of every span; without spans they are all that is closed.
    """
    written = part.take("hours", [])
    listed = written if isinstance(written, list) else [written]
    spans = [part.document.part(item, f"{part.at('hours')}[{at}]", "hours") for at, item in enumerate(listed)]
    holidays = _read_holidays(part)
    if not listed and holidays != Holidays():
        return (Span(DAYS, time(), time(), part.document.time_zone, follows=True, holidays=holidays),)
    return tuple(_read_span(span, holidays) for span in spans if span)


def _read_span(part: Part, holidays: Holidays) -> Span:
    span = Span(
        days=part.words("days", DAYS.__contains__, "“{}” is not a day such as mon.") or DAYS,
        start=part.moment_of_day("from"),
        to=part.moment_of_day("to"),
        zone=part.zone(),
        follows=not part.has("time_zone"),
        holidays=holidays.and_those(_read_holidays(part)),
    )
    part.finish()
    return span


def _read_holidays(part: Part) -> Holidays:
    """Return the days of a part's `holidays`: dates and countries, of which one may stand alone."""
    written = part.take("holidays", [])
    listed = written if isinstance(written, list) else [written]
    if len(listed) > MOST_HOLIDAYS:
        part.report("holidays", "too_many", f"“holidays” has at most {MOST_HOLIDAYS:,} entries.")
        return Holidays()
    dates, countries = list[date](), list[str]()
    for position, entry in enumerate(listed):
        day = _read_date(entry)
        if day:
            dates.append(day)
        elif isinstance(entry, str) and entry in CALENDARS:
            countries.append(entry)
        else:
            at = part.at("holidays") + (f"[{position}]" if isinstance(written, list) else "")
            known = ", ".join(CALENDARS)
            message = f"“{entry}” is neither a date such as 2026-12-24 nor a country whose holidays are known: {known}."
            part.document.report(at, "not_a_holiday", message)
    return Holidays(frozenset(dates), tuple(dict.fromkeys(countries)))


def _read_date(entry: object) -> date | None:
    try:
        return date.fromisoformat(entry) if isinstance(entry, str) and DATE.fullmatch(entry) else None
    except ValueError:
        return None
