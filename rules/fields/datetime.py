"""A date with a time of day: when a form was filled in, when a call is wanted."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from typing_extensions import override

from rules.fields.base import BLANK, COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal
from rules.fields.date import DAYS, read_date

# ISO 8601, with a space in place of the T too (RFC 3339, 5.6) and with one before the zone.
ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
AMERICAN = re.compile(r"(\d{1,2}/\d{1,2}/\d{4}),? (\d{1,2}):(\d{2})(?::(\d{2}))? ?([AP]M)?", re.ASCII | re.IGNORECASE)


class DatetimeType(FieldType):
    """A moment as ISO 8601 with the zone it was posted with; without one it is in the flow's zone where it is compared.

    Read from ISO 8601, from month/day/year with a time, and from a date alone, which means its midnight.
    """

    key = "datetime"
    label = "Date and time"
    operators = (
        *("before", "after", "between", "not_between", "within_last", "within_next"),
        *("day_is", "time_between", *COMMON_OPERATORS, *PRESENCE_OPERATORS),
    )
    part_names = ("date", "year", "month", "day", "weekday", "hour", "minute", "zone")
    part_kinds: ClassVar[Mapping[str, str]] = {
        "date": "date",
        **dict.fromkeys(("year", "month", "day", "hour", "minute"), "number"),
    }

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        if isinstance(raw, datetime):
            return Normal(iso_text(raw), True)
        return super().normalise(raw, field) if isinstance(raw, (str, date)) else BLANK

    @override
    def read(self, text: str, field: Field) -> Normal:
        moment = read_datetime(text)
        return Normal(iso_text(moment), True) if moment else BLANK

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return the calendar day and the clock time as they were posted, and the zone like `-08:00`, None if none."""
        moment = read_datetime(value) if isinstance(value, str) else None
        if moment is None:
            return dict.fromkeys(self.part_names)
        return {
            "date": moment.date().isoformat(),
            "year": moment.year,
            "month": moment.month,
            "day": moment.day,
            "weekday": DAYS[moment.weekday()],
            "hour": moment.hour,
            "minute": moment.minute,
            "zone": iso_text(moment)[len(moment.replace(tzinfo=None).isoformat()) :] or None,
        }

    @override
    def mask(self, value: object) -> str:
        return f"{str(value)[:4]}-••-••" if value else ""


def read_datetime(text: str) -> datetime | None:
    """Return the date and time that a text says, aware when it says a zone; None when it says none that exists."""
    text = text.strip()
    if iso := ISO.fullmatch(text):
        day, clock, fraction, zone = iso.groups()
        written = f"{day}T{clock}{f'.{fraction[:6]:0<6}' if fraction else ''}{offset_text(zone or '')}"
    elif american := AMERICAN.fullmatch(text):
        day, hour, minute, second, half = american.groups()
        written = f"{american_day(day)}T{hour_of_day(hour, half)}:{minute}:{second or '00'}"
    else:
        midnight = read_date(text) if len(text) <= len("2026-11-20") else None
        return datetime(midnight.year, midnight.month, midnight.day) if midnight else None  # noqa: DTZ001 - no zone said
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def offset_text(zone: str) -> str:
    """Return a written zone as Python reads it: `z` as +00:00, `-08` and `-0800` as -08:00."""
    if zone in ("Z", "z"):
        return "+00:00"
    digits = zone[1:].replace(":", "")
    return f"{zone[0]}{digits[:2]}:{digits[2:] or '00'}" if zone else ""


def american_day(text: str) -> str:
    """Return month/day/year as ISO 8601, and what is no day as no day either."""
    day = read_date(text)
    return day.isoformat() if day else ""


def hour_of_day(hour: str, half: str | None) -> str:
    """Return an hour in two digits from 00 to 23; of a clock with two halves, 12 AM is 00 and 12 PM is 12."""
    if half is None:
        return hour.zfill(2)
    if not 1 <= int(hour) <= 12:
        return ""
    return f"{int(hour) % 12 + (12 if half.upper() == 'PM' else 0):02d}"


def iso_text(moment: datetime) -> str:
    """Return a date and time as ISO 8601, with Z in place of +00:00 and without a zone when it has none."""
    text = moment.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
