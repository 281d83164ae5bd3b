"""Opening hours: open spans, spans over midnight, holidays, and the next opening, in the buyer's own time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rules.holidays import CALENDARS, easter, holidays_of
from rules.hour_words import say_hours
from rules.hours import Hours, in_zone, is_open, next_opening, open_until, read_hours
from rules.problems import Problem
from rules.reading import Document, Part
from tests.support.cases import rows


def read(settings: dict[str, Any]) -> tuple[Hours, list[Problem]]:
    document = Document(time_zone="America/New_York")
    part = Part(document, settings, "", "a buyer")
    hours = read_hours(part)
    part.finish()
    return hours, document.problems


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("settings", "zone", "now", "expected"), rows("hours.json"))
def test_open_or_closed_until(settings: dict[str, Any], zone: str | None, now: str, expected: str) -> None:
    hours, problems = read(settings)
    assert problems == []
    hours = in_zone(hours, zone)
    found = "open" if is_open(hours, utc(now)) else next_opening(hours, utc(now)).strftime("%Y-%m-%dT%H:%M")
    assert found == expected


@pytest.mark.parametrize(("settings", "zone", "now", "expected"), rows("hours.json"))
def test_whoever_is_open_is_so_until_the_end(
    settings: dict[str, Any], zone: str | None, now: str, expected: str
) -> None:
    hours = in_zone(read(settings)[0], zone)
    until = open_until(hours, utc(now))
    assert (until is not None) == (expected == "open" and bool(hours))
    if until is not None and until - utc(now) < timedelta(days=1):
        assert (is_open(hours, until - timedelta(seconds=1)), is_open(hours, until)) == (True, False)


def test_spans_that_touch_are_one() -> None:
    halves = [{"from": "08:00", "to": "12:00"}, {"from": "12:00", "to": "18:00"}]
    hours, _ = read({"hours": halves})
    assert open_until(hours, utc("2026-03-04T15:00")) == utc("2026-03-04T23:00")


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"hours": {"from": "09:00", "to": "17:00"}, "holidays": ["XX"]}, "holidays[0]", "not_a_holiday"),
        ({"hours": {"from": "09:00", "to": "17:00"}, "holidays": "Christmas"}, "holidays", "not_a_holiday"),
        ({"hours": {"from": "09:00", "to": "17:00"}, "holidays": ["US", "2026-02-30"]}, "holidays[1]", "not_a_holiday"),
        ({"hours": {"from": "09:00", "to": "17:00"}, "holidays": ["20261224"]}, "holidays[0]", "not_a_holiday"),
        ({"hours": {"from": "09:00", "to": "17:00"}, "holidays": {"US": True}}, "holidays", "not_a_holiday"),
        ({"hours": {"from": "09:00", "to": "17:00", "holidays": [20]}}, "hours[0].holidays[0]", "not_a_holiday"),
        ({"holidays": ["2026-01-01"] * 1001}, "holidays", "too_many"),
        ({"hours": {"from": "09:00", "to": "17:00", "time_zone": "Mars"}}, "hours[0].time_zone", "unknown_time_zone"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_address(settings: dict[str, Any], path: str, code: str) -> None:
    _, problems = read(settings)
    assert (problems[0].path, problems[0].code) == (path, code)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {
                "hours": {
                    "time_zone": "America/Los_Angeles",
                    "days": ["mon", "tue", "wed"],
                    "from": "08:00",
                    "to": "18:00",
                }
            },
            "Mon to Wed, 08:00 to 18:00 (Los Angeles)",
        ),
        ({"hours": {"from": "22:00", "to": "06:00"}}, "every day, 22:00 to 06:00 (in the buyer's time zone)"),
        (
            {"hours": {"time_zone": "UTC", "days": ["sun"], "from": "00:00", "to": "24:00", "holidays": ["US"]}},
            "Sun, all day (UTC), closed on US federal holidays",
        ),
        (
            {
                "hours": [
                    {"time_zone": "UTC", "days": ["mon", "wed"], "from": "08:00", "to": "24:00"},
                    {"time_zone": "UTC", "days": ["fri"], "from": "08:00", "to": "08:00"},
                ],
                "holidays": ["2026-12-24", "2026-12-31", "2027-01-02", "GB"],
            },
            (
                "Mon or Wed, 08:00 to 24:00 and Fri, from 08:00 for 24 hours (UTC), "
                "closed on bank holidays in England and Wales, Dec 24, 2026, Dec 31, 2026 and 1 more day"
            ),
        ),
        ({"holidays": "US"}, "every day, all day (in the buyer's time zone), closed on US federal holidays"),
    ],
)
def test_hours_in_words(settings: dict[str, Any], said: str) -> None:
    assert say_hours(read(settings)[0]) == said


def test_the_federal_holidays_of_2026_are_those_that_were_announced() -> None:
    announced = (
        "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"  # Independence Day is kept on Friday.
    )
    assert holidays_of("US", 2026) == {date.fromisoformat(f"2026-{day}") for day in announced.split()}


@pytest.mark.parametrize(
    ("country", "year", "days"),
    [
        ("US", 2021, "2021-12-31"),
        ("US", 2022, "2022-12-26"),
        ("GB", 2021, "2021-12-27 2021-12-28"),
        ("GB", 2022, "2022-01-03 2022-12-26 2022-12-27"),
        ("GB", 2026, "2026-04-03 2026-04-06 2026-12-28"),
        ("DE", 2027, "2027-03-26 2027-05-06 2027-05-17"),
        ("FR", 2027, "2027-03-29 2027-08-15"),
    ],
)
def test_holidays_that_are_easy_to_get_wrong(country: str, year: int, days: str) -> None:
    assert {date.fromisoformat(day) for day in days.split()} <= holidays_of(country, year)


def test_easter_of_years_at_the_edges_of_its_rule() -> None:
    known = ("1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2026-04-05", "2038-04-25")
    assert [easter(int(day[:4])).isoformat() for day in known] == [*known]


@pytest.mark.parametrize("country", CALENDARS)
def test_every_calendar_has_about_as_many_days_each_year(country: str) -> None:
    counts = {len(holidays_of(country, year)) for year in range(2020, 2060)}
    assert min(counts) >= 8
    assert max(counts) <= 16
