"""A moment in time that a run knows by itself, like `run.now`: not a type of posted fields."""

from datetime import datetime

from typing_extensions import override

from rules.fields.base import BLANK, Field, FieldType, Normal


class MomentType(FieldType):
    """An aware date and time; its clock readings are taken in the run's time zone."""

    key = "moment"
    label = "Date and time"
    operators = (
        *("before", "after", "between", "not_between", "within_last", "within_next"),
        *("day_is", "time_between", "is", "is_not", "filled", "blank"),
    )

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        moment = read_moment(raw)
        return BLANK if moment is None else Normal(moment, True)


def read_moment(raw: object) -> datetime | None:
    """Return an aware moment from one or from its ISO 8601 text with a zone; None for everything else."""
    if isinstance(raw, str):
        try:
            raw = datetime.fromisoformat(raw.strip())
        except ValueError:
            return None
    return raw if isinstance(raw, datetime) and raw.tzinfo is not None else None
