"""Opening hours: when a buyer takes leads, in its own time zone; a span may cross midnight."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.reading import Part
from rules.windows import first_instant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """Open on some weekdays between two local times; `to` at or before `start` means the next morning."""

    days: tuple[str, ...]
    start: time
    to: time
    zone: str

    def instants(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when the span that begins on a local day opens and closes (UTC), None if it does not open then."""
        if DAYS[day.weekday()] not in self.days:
            return None
        closing = day if self.to > self.start else day + timedelta(days=1)
        opens = first_instant(datetime.combine(day, self.start), self.zone)
        return opens, first_instant(datetime.combine(closing, self.to), self.zone)


Hours = tuple[Span, ...]


def is_open(hours: Hours, now: datetime) -> bool:
    """Return whether one of the spans holds a moment; no spans means always open."""
    return not hours or any(opens <= now < closes for opens, closes in _near(hours, now, days=1))


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """Return the next opening (UTC) after a moment within two weeks, None when the hours never open."""
    openings = [opens for opens, _ in _near(hours, now, days=14) if opens > now]
    return min(openings, default=None)


def _near(hours: Hours, now: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
    for span in hours:
        today = now.astimezone(ZoneInfo(span.zone)).date()
        for offset in range(-1, days + 1):
            instants = span.instants(today + timedelta(days=offset))
            if instants:
                yield instants


def read_hours(part: Part) -> Hours:
    """Return the spans of a part's `hours`, written as one object or a list of them."""
    written = part.take("hours", [])
    listed = written if isinstance(written, list) else [written]
    spans = [part.document.part(item, f"{part.at('hours')}[{at}]", "hours") for at, item in enumerate(listed)]
    return tuple(_read_span(span) for span in spans if span)


def _read_span(part: Part) -> Span:
    span = Span(
        days=part.words("days", DAYS.__contains__, "“{}” is not a day such as mon.") or DAYS,
        start=part.moment_of_day("from"),
        to=part.moment_of_day("to"),
        zone=part.zone(),
    )
    part.finish()
    return span
