"""Cap windows are right on days that change the clock, in zones without midnight, and for every period."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.windows import PERIODS, first_instant, window

ZONES = (
    "America/Los_Angeles",
    "Europe/London",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("per", "zone", "now", "starts", "ends"),
    [
        ("minute", "UTC", "2026-11-20 10:41:58", "2026-11-20 10:41", "2026-11-20 10:42"),
        ("hour", "Asia/Kathmandu", "2026-11-20 10:41", "2026-11-20 10:15", "2026-11-20 11:15"),
        ("day", "America/Los_Angeles", "2026-11-20 07:59", "2026-11-19 08:00", "2026-11-20 08:00"),
        ("day", "America/Los_Angeles", "2026-11-20 08:00", "2026-11-20 08:00", "2026-11-21 08:00"),
        ("week", "America/Los_Angeles", "2026-11-20 10:00", "2026-11-16 08:00", "2026-11-23 08:00"),
        ("month", "Europe/London", "2026-12-31 23:59", "2026-12-01 00:00", "2027-01-01 00:00"),
        # 23 hours: the clock goes forward on 8 March 2026.
        ("day", "America/Los_Angeles", "2026-03-08 12:00", "2026-03-08 08:00", "2026-03-09 07:00"),
        # 25 hours: it goes back on 1 November 2026, and the hour from one to two comes twice.
        ("day", "America/Los_Angeles", "2026-11-01 12:00", "2026-11-01 07:00", "2026-11-02 08:00"),
        ("hour", "America/Los_Angeles", "2026-11-01 08:30", "2026-11-01 08:00", "2026-11-01 10:00"),
        ("hour", "America/Los_Angeles", "2026-11-01 09:30", "2026-11-01 08:00", "2026-11-01 10:00"),
        # Midnight does not exist in Cairo on 24 April 2026: the day begins at one.
        ("day", "Africa/Cairo", "2026-04-24 12:00", "2026-04-23 22:00", "2026-04-24 21:00"),
        # Lord Howe changes by half an hour.
        ("hour", "Australia/Lord_Howe", "2026-04-04 15:10", "2026-04-04 14:00", "2026-04-04 15:30"),
        ("total", "UTC", "2026-11-20 10:00", "1970-01-01 00:00", None),
    ],
)
def test_window(per: str, zone: str, now: str, starts: str, ends: str | None) -> None:
    assert window(per, utc(now), zone) == (utc(starts), ends and utc(ends))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("per", ["hour", "day", "week"])
def test_windows_follow_each_other_through_a_year_without_gap_or_overlap(per: str, zone: str) -> None:
    moment, last = utc("2026-01-01"), utc("2027-01-01")
    while moment < last:
        starts, ends = window(per, moment, zone)
        assert ends is not None
        assert starts <= moment < ends
        assert window(per, ends, zone)[0] == ends
        assert window(per, ends - timedelta(seconds=1), zone)[0] == starts
        moment = ends


@settings(max_examples=300)
@given(
    st.integers(946_684_800, 2_208_988_800),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
    st.sampled_from(PERIODS[1:5]),
)
def test_every_moment_is_inside_its_own_window(second: int, zone: str, per: str) -> None:
    now = datetime.fromtimestamp(second, UTC)
    starts, ends = window(per, now, zone)
    assert ends is not None
    assert starts <= now < ends


def test_the_first_instant_of_a_wall_time_that_is_jumped_over_is_the_jump() -> None:
    jump = first_instant(datetime.fromisoformat("2026-03-08T02:30"), "America/Los_Angeles")
    assert jump == utc("2026-03-08 10:00")
    assert jump.astimezone(ZoneInfo("America/Los_Angeles")).hour == 3
