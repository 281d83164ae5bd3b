"""A date of birth."""

from datetime import date
from typing import ClassVar

from typing_extensions import override

from rules.fields.base import Field, Normal
from rules.fields.date import DateType, read_date

OLDEST = 125  # years; nobody is known to have become older than 122
FIRST_DAY = "1900-01-01"  # The day before which nobody alive was born.


class DobType(DateType):
    """A date as `YYYY-MM-DD`, valid from 1900 on; where the day is known, one in the past and of an age up to 125."""

    key = "dob"
    label = "Date of birth"
    operators: ClassVar[tuple[str, ...]] = (
        *("age_between", "is", "is_not", "before", "after", "between", "not_between"),
        *("within_last", "any_of", "none_of", "filled", "blank", "valid", "not_valid"),
    )
    personal = True
    validity_ages = True

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        normal = super().normalise(raw, field)
        return Normal(normal.value, normal.valid and str(normal.value) >= FIRST_DAY)

    @override
    def is_valid_on(self, value: object, day: date) -> bool:
        born = read_date(value) if isinstance(value, str) else None
        return born is not None and born <= day and day.year - born.year <= OLDEST
