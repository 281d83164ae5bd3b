"""A calendar date: a date of birth, a move date."""

import re
from datetime import date, datetime
from typing import ClassVar

from typing_extensions import override

from rules.fields.base import BLANK, PRESENCE_OPERATORS, Field, FieldType, Normal

ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}.{0,32})?", re.ASCII)
AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,? \d{1,2}:\d{2}.{0,32})?", re.ASCII)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DateType(FieldType):
    """A date as `YYYY-MM-DD`, read from that, from month/day/year and from a date with a time; others are blank."""

    key = "date"
    label = "Date"
    operators: ClassVar[tuple[str, ...]] = (
        *("is", "is_not", "before", "after", "between", "not_between", "within_last", "within_next"),
        *("age_between", "day_is", "any_of", "none_of"),
        *PRESENCE_OPERATORS,
    )
    part_names = ("year", "month", "day", "weekday", "age")

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        if isinstance(raw, datetime):
            return Normal(raw.date().isoformat(), True)
        return super().normalise(raw, field) if isinstance(raw, (str, date)) else BLANK

    @override
    def read(self, text: str, field: Field) -> Normal:
        day = read_date(text)
        return Normal(day and day.isoformat(), day is not None)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return year, month, day and weekday; the age needs today's date and is worked out where a rule asks."""
        day = read_date(value) if isinstance(value, str) else None
        if day is None:
            return dict.fromkeys(self.part_names)
        return {"year": day.year, "month": day.month, "day": day.day, "weekday": DAYS[day.weekday()]}

    @override
    def mask(self, value: object) -> str:
        return f"{str(value)[:4]}-••-••" if value else ""


def read_date(text: str) -> date | None:
    """Return the date that a text says, as ISO 8601 or month/day/year; None when it says none that exists."""
    if iso := ISO.fullmatch(text.strip()):
        year, month, day = iso.groups()
    elif american := AMERICAN.fullmatch(text.strip()):
        month, day, year = american.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
