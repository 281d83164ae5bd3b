"""When a buyer is open: hours by weekday, and holidays."""

import re
from dataclasses import dataclass
from datetime import date

from typing_extensions import override

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.cap_fields import zone_field
from flowbuilder.editor.panels.controls import Changing, Form, Settings, put
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.fields import Field, Ticks
from flowbuilder.editor.panels.kinds_of_text import TIME
from flowbuilder.editor.panels.rows import Folded, Rows
from flowbuilder.editor.panels.single import Single
from rules.holidays import CALENDARS
from rules.hours import DAYS
from rules.saying import DAY_WORDS

DATE = re.compile(r"\d{4}-\d\d-\d\d")

SPAN = (
    Ticks("days", "Days", tuple(Option(day, DAY_WORDS[day]) for day in DAYS), "None ticked: every day.", "chips"),
    Field("from", "From", TIME, needed="Enter a time of day such as 08:00.", macro="short"),
    Field(
        "to",
        "To",
        TIME,
        "Not later than “from”: the next morning.",
        needed="Enter a time of day such as 18:00.",
        macro="short",
    ),
    Folded("Time zone", (zone_field("", of_connection=True),)),
)
HOURS = Rows(
    "hours",
    "Open",
    "time",
    SPAN,
    lambda settings, desk: {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"},
    none="It takes leads at all times.",
    may_be_alone=True,
)


@dataclass(frozen=True)
class Holidays(Single):
    """Days on which a buyer is closed: those of countries, and single dates."""

    key: str = "holidays"
    label: str = "Holidays"

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, written = f"{at}{self.key}", settings.get(self.key, [])
        listed = written if isinstance(written, list) else [written]
        if not all(isinstance(entry, str) for entry in listed):
            return None
        countries = tuple(Option(code, words[0].upper() + words[1:]) for code, words in CALENDARS.items())
        ticked = tuple(code for code in CALENDARS if code in listed)
        dates = ", ".join(entry for entry in listed if entry not in CALENDARS)
        parts = (
            Drawn("ticks", f"{name}.countries", "Closed on", values=("", *ticked), options=countries),
            Drawn("line", f"{name}.dates", "And on", "Dates such as 2026-12-24, with commas between them.", (dates,)),
        )
        return Drawn("plain", f"{name}.both", parts=parts, address=address_of(name))

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        dates = [entry for entry in re.split(r"[\s,;]+", form.text(f"{name}.dates")) if entry]
        wrong = [entry for entry in dates if not _is_date(entry)]
        if wrong:
            form.refuse(f"{name}.dates", f"“{wrong[0][:20]}” is no date such as 2026-12-24.")
            return
        put(settings, self.key, [*form.ticked(f"{name}.countries"), *dict.fromkeys(dates)] or None)


def _is_date(entry: str) -> bool:
    try:
        return bool(DATE.fullmatch(entry) and date.fromisoformat(entry))
    except ValueError:
        return False
