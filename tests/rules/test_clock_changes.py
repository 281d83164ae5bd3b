"""Caps and hours around every change of the clock, against a diary that is written by looking at the clock each minute.

The diary knows nothing of our code: a window is all the minutes that show the same hour, day, week or month, and a
buyer is open in the minutes whose wall time lies between its times. No span here ends in an hour that comes twice: it
closes the first time, and the diary would have it open again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.effects import Hold, Offer
from rules.hours import is_open, next_opening, read_hours
from rules.interpreter import Walk
from rules.reading import Document, Part
from rules.windows import window
from tests.rules.flows import a_flow, a_lead, buyer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AROUND = 10 * DAY
CLOSELY, FAR = 3 * HOUR, 30 * HOUR
"""How long before and after a change every minute is looked at, and how long some of them are."""
ZONES = {
    "America/Los_Angeles": (2026,),
    "Europe/London": (2026,),
    "Africa/Cairo": (2026,),
    "Asia/Beirut": (2026,),
    "America/Santiago": (2026,),
    "Australia/Lord_Howe": (2026,),
    # It changed its clock once, by a quarter of an hour.
    "Asia/Kathmandu": (1986,),
    # It left out a whole day in 2011, and changed its clock for the last time in 2021.
    "Pacific/Apia": (2011, 2021),
}
OPEN: dict[str, dict[str, Any]] = {
    "office": {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"},
    "daily": {"from": "08:00", "to": "18:00"},
    "nights": {"from": "22:00", "to": "06:00"},
    "weekend nights": {"days": ["fri", "sat"], "from": "21:30", "to": "04:15"},
    "all Sunday": {"days": ["sun"], "from": "00:00", "to": "24:00"},
}
PERIODS = ("hour", "day", "week", "month")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUIET = ("2028-02-29T12:00", "2026-12-31T23:59", "2027-01-01T00:00")
"""A leap day, and the end of a year; nobody changes the clock then."""


@dataclass(frozen=True)
class Diary:
    """What the clock on the wall of a place shows in each minute around a moment."""

    zone: str
    start: datetime
    walls: tuple[datetime, ...]
    kept: dict[str, dict[int, tuple[datetime, datetime]]] = field(default_factory=dict)

    def moment(self, at: int) -> datetime:
        return self.start + at * MINUTE

    def label(self, at: int, per: str) -> tuple[int, ...]:
        wall = self.walls[at]
        if per == "week":
            return tuple(wall.isocalendar()[:2])
        return {"hour": (*wall.timetuple()[:4],), "day": (*wall.timetuple()[:3],), "month": (wall.year, wall.month)}[
            per
        ]

    def windows(self, per: str) -> dict[int, tuple[datetime, datetime]]:
        """Return the window of each minute; those that reach beyond the diary are left out."""
        if per not in self.kept:
            self.kept[per] = dict(self._windows(per))
        return self.kept[per]

    def _windows(self, per: str) -> Iterator[tuple[int, tuple[datetime, datetime]]]:
        labels = [self.label(at, per) for at in range(len(self.walls))]
        edges = [0, *(at for at in range(1, len(labels)) if labels[at] != labels[at - 1]), len(labels)]
        spans = list(pairwise(edges))[1:-1]
        assert len({labels[first] for first, _ in spans}) == len(spans), "a window in two pieces"
        for first, following in spans:
            both = self.moment(first), self.moment(following)
            yield from ((at, both) for at in range(first, following))

    def openings(self, name: str) -> list[int]:
        """Return of each minute the next one in which a buyer is open, which is the same one where it is open then."""
        hours = OPEN[name]
        start, to = (int(hours[key][:2]) % 24 * 60 + int(hours[key][3:]) for key in ("from", "to"))
        days = [day in hours.get("days", WEEKDAYS) for day in WEEKDAYS]
        opens, found = len(self.walls), list[int]()
        for at in range(len(self.walls) - 1, -1, -1):
            wall = self.walls[at]
            minute, today = wall.hour * 60 + wall.minute, wall.weekday()
            begun = days[today] and minute >= start
            if (begun and minute < to) if start < to else (begun or (days[today - 1] and minute < to)):
                opens = at
            found.append(opens)
        return found[::-1]


@cache
def diary(zone: str, middle: datetime) -> Diary:
    start = middle - AROUND
    count = int(2 * AROUND / MINUTE)
    place = ZoneInfo(zone)
    walls = ((start + at * MINUTE).astimezone(place).replace(tzinfo=None, fold=0) for at in range(count))
    return Diary(zone, start, tuple(walls))


def changes(zone: str, year: int) -> Iterator[datetime]:
    """Yield the moments of a year, in UTC, at which the clock of a place jumps."""
    place, moment = ZoneInfo(zone), datetime(year - 1, 12, 31, tzinfo=UTC)
    while moment < datetime(year + 1, 1, 1, tzinfo=UTC):
        following = moment + HOUR
        if moment.astimezone(place).utcoffset() != following.astimezone(place).utcoffset():
            minutes = (moment + at * MINUTE for at in range(1, 61))
            yield next(
                one for one in minutes if one.astimezone(place).utcoffset() == following.astimezone(place).utcoffset()
            )
        moment = following


JUMPS = [(zone, moment) for zone, years in ZONES.items() for year in years for moment in changes(zone, year)]
STILL = [(zone, datetime.fromisoformat(moment).replace(tzinfo=UTC)) for zone in ZONES for moment in QUIET]
EVERYWHERE = pytest.mark.parametrize(
    ("zone", "middle"), [pytest.param(*one, id=f"{one[0]} {one[1]:%Y-%m-%d %H:%M}") for one in JUMPS + STILL]
)


def closely(kept: Diary, step: int = 7) -> list[int]:
    """Return the minutes around the middle of a diary: each of those next to it, one in some of those further away."""
    middle, near, far = len(kept.walls) // 2, int(CLOSELY / MINUTE), int(FAR / MINUTE)
    every = step if step > 7 else 1
    return sorted({*range(middle - near, middle + near, every), *range(middle - far, middle + far, step)})


def test_each_place_changes_its_clock_as_often_as_it_did() -> None:
    found = {zone: sum(one == zone for one, _ in JUMPS) for zone in ZONES}
    # Apia: out of summer time, into it and over the date line in 2011; out of it for the last time in 2021.
    assert found == dict.fromkeys(ZONES, 2) | {"Asia/Kathmandu": 1, "Pacific/Apia": 4}


@EVERYWHERE
def test_caps_have_the_windows_that_the_clock_on_the_wall_shows(zone: str, middle: datetime) -> None:
    kept, checked = diary(zone, middle), 0
    for per in PERIODS[:3]:
        windows = kept.windows(per)
        wrong = [kept.walls[at] for at in closely(kept) if window(per, kept.moment(at), zone) != windows[at]]
        assert wrong == [], per
        checked += len(closely(kept))
    assert checked > 2_000


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("first", [date(2028, 2, 1), date(2027, 1, 1)])
def test_months_begin_where_the_calendar_on_the_wall_turns(zone: str, first: date) -> None:
    kept = diary(zone, datetime(first.year, first.month, 1, tzinfo=UTC))
    turns = [at for at in range(1, len(kept.walls)) if kept.label(at, "month") != kept.label(at - 1, "month")]
    assert [kept.walls[at].date() for at in turns] == [first]
    assert window("month", kept.moment(turns[0] - 1), zone)[1] == kept.moment(turns[0])
    assert window("month", kept.moment(turns[0]), zone)[0] == kept.moment(turns[0])


@EVERYWHERE
@pytest.mark.parametrize("name", OPEN)
def test_a_buyer_is_open_while_the_clock_on_its_wall_says_so(zone: str, middle: datetime, name: str) -> None:
    kept = diary(zone, middle)
    hours = read_hours(Part(Document(), {"hours": OPEN[name] | {"time_zone": zone}}, "", "a buyer"))
    opens = kept.openings(name)
    wrong = [kept.walls[at] for at in closely(kept) if is_open(hours, kept.moment(at)) != (opens[at] == at)]
    assert wrong == []


@EVERYWHERE
@pytest.mark.parametrize("name", OPEN)
def test_a_closed_buyer_opens_next_when_the_clock_on_its_wall_says_so(zone: str, middle: datetime, name: str) -> None:
    kept = diary(zone, middle)
    hours = read_hours(Part(Document(), {"hours": OPEN[name] | {"time_zone": zone}}, "", "a buyer"))
    opens = kept.openings(name)
    for at in closely(kept, 29):
        if opens[at] > at:
            assert next_opening(hours, kept.moment(at)) == kept.moment(opens[at]), kept.walls[at]


@EVERYWHERE
def test_a_lead_is_held_until_its_buyer_opens_and_takes_a_place_of_that_day(zone: str, middle: datetime) -> None:
    kept = diary(zone, middle)
    days, opens = kept.windows("day"), kept.openings("office")
    caps = [{"limit": 100, "per": "day", "time_zone": zone}]
    step = buyer(hours=OPEN["office"] | {"time_zone": zone}, outside_hours="hold", caps=caps)
    flow = a_flow(step, time_zone=zone)
    for at in closely(kept, 149):
        walk = Walk(flow, a_lead(), kept.moment(at))
        walk.answer({"outcome": "passed", "reason": None})
        if opens[at] > at:
            walk.answer({})
            assert isinstance(walk.effect, Hold)
            assert walk.effect.until == kept.moment(opens[at]).isoformat()
            walk.answer({"now": walk.effect.until})
            walk.answer({"full": None})
        assert isinstance(walk.effect, Offer)
        [place] = walk.effect.caps
        assert (place["starts"], place["ends"]) == tuple(edge.isoformat() for edge in days[opens[at]])
