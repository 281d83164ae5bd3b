"""Opening hours: open spans, spans over midnight, and the next opening, in the buyer's own time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rules.hours import Hours, is_open, next_opening, read_hours
from rules.reading import Document, Part

OFFICE = {
    "time_zone": "America/Los_Angeles",
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "from": "08:00",
    "to": "18:00",
}
NIGHT = {"time_zone": "Europe/Berlin", "days": ["fri"], "from": "22:00", "to": "02:00"}
ALL_DAY = {"time_zone": "UTC", "days": ["sun"], "from": "00:00", "to": "24:00"}


def hours(*spans: dict[str, Any]) -> Hours:
    document = Document(time_zone="UTC")
    read = read_hours(Part(document, {"hours": list(spans)}, "", "a buyer"))
    assert document.problems == []
    return read


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("spans", "now", "is_it"),
    [
        ((OFFICE,), "2026-11-20 16:00", True),
        ((OFFICE,), "2026-11-20 15:59", False),
        ((OFFICE,), "2026-11-21 01:59", True),
        ((OFFICE,), "2026-11-21 02:00", False),
        ((OFFICE,), "2026-11-21 18:00", False),
        ((NIGHT,), "2026-11-20 21:30", True),
        ((NIGHT,), "2026-11-21 00:30", True),
        ((NIGHT,), "2026-11-21 01:30", False),
        ((ALL_DAY,), "2026-11-22 23:59", True),
        ((ALL_DAY,), "2026-11-23 00:00", False),
        ((OFFICE, ALL_DAY), "2026-11-22 12:00", True),
        ((), "2026-11-22 12:00", True),
        # The day on which the clock goes back: eight in the morning is an hour later in UTC than the day before.
        ((OFFICE | {"days": ["sun"]},), "2026-11-01 15:30", False),
        ((OFFICE | {"days": ["sun"]},), "2026-11-01 16:00", True),
    ],
)
def test_open_or_closed(spans: tuple[dict[str, Any], ...], now: str, is_it: bool) -> None:
    assert is_open(hours(*spans), utc(now)) is is_it


@pytest.mark.parametrize(
    ("spans", "now", "opens"),
    [
        ((OFFICE,), "2026-11-20 15:00", "2026-11-20 16:00"),
        ((OFFICE,), "2026-11-21 03:00", "2026-11-23 16:00"),
        ((OFFICE, ALL_DAY), "2026-11-21 03:00", "2026-11-22 00:00"),
    ],
)
def test_next_opening(spans: tuple[dict[str, Any], ...], now: str, opens: str) -> None:
    assert next_opening(hours(*spans), utc(now)) == utc(opens)
