"""Caps in a panel: at most so many leads, or so much money, in what time, and who shares them."""

from dataclasses import dataclass

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, Simple, rename
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.expression import Expression
from flowbuilder.editor.panels.fields import Field, currency_of
from flowbuilder.editor.panels.kinds_of_text import ZONE, Unreadable, read_amount, show_amount, whole
from flowbuilder.editor.panels.rows import Folded, Rows
from flowbuilder.editor.panels.single import draw_json
from rules.caps import MOST
from rules.windows import PERIODS

PER = {"minute": "a minute", "hour": "an hour", "day": "a day", "week": "a week", "month": "a month", "total": "in all"}
PER_OPTIONS = tuple(Option(per, PER[per]) for per in PERIODS)


def zone_of(desk: Desk) -> str:
    """Return the time zone of the flow."""
    zone = desk.document.get("time_zone", "UTC")
    return zone if isinstance(zone, str) else "UTC"


def zone_field(hint: str, *, of_connection: bool = False) -> Field:
    """Return the field of a time zone; blank is that of the flow, or of the connection."""

    def said(desk: Desk) -> str:
        usual = f"the flow's, {zone_of(desk)}"
        return f"{hint} Blank: {'that of its connection, else ' if of_connection else ''}{usual}.".strip()

    return Field("time_zone", "Time zone", ZONE, said, macro="zone")


@dataclass(frozen=True)
class CapLine(Simple):
    """How many leads in what time; at a buyer also how much money."""

    may_spend: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the settings that it shows."""
        return ("limit", "per", "spend")

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return number, what is counted, and the time."""
        spends = self.may_spend and "spend" in settings
        key = "spend" if spends else "limit"
        currency, value = currency_of(desk), settings.get(key, "")
        shown = (
            (show_amount(value, currency) if spends else whole(0, MOST).show(value, currency)) if value != "" else ""
        )
        per = settings.get("per", PERIODS[0])
        if shown is None or not isinstance(per, str):
            return draw_json(key, "At most", value, at)
        counts = (Option("limit", "leads"), Option("spend", currency))
        what = [Drawn("bare_choice", f"{at}counts", "What is counted", values=(key,), options=counts)]
        periods = [*PER_OPTIONS, *([Option(per, f"“{per}”")] if per not in PERIODS else [])]
        parts = (
            Drawn("bare", f"{at}limit", "At most", values=(shown,)),
            *(what if self.may_spend else [Drawn("words", label="leads")]),
            Drawn("bare_choice", f"{at}per", "In what time", values=(per,), options=tuple(periods)),
        )
        return Drawn("line_of_parts", f"{at}{key}.line", "At most", parts=parts, address=address_of(f"{at}{key}"))

    def read(self, form: Form, settings: Changing, at: str) -> None:
        """Set the cap."""
        before = "spend" if self.may_spend and "spend" in settings else "limit"
        key = form.text(f"{at}counts") if self.may_spend else "limit"
        per, currency = form.text(f"{at}per"), currency_of(form.desk)
        if form.text(f"{at}per") in PERIODS:
            settings["per"] = per
        try:
            typed = form.text(f"{at}limit")
            spends = key == "spend"
            settings[before] = read_amount(typed, currency) if spends else whole(0, MOST).read(typed, currency)
        except Unreadable as problem:
            form.refuse(f"{at}limit", str(problem))
            return
        if key != before and key in ("limit", "spend"):
            rename(settings, before, key)


def count_by() -> Expression:
    """Return who shares the room of a cap."""
    supplier = ("source.name", "Each supplier", {"var": "source.name"})
    return Expression(
        "count_by", "Counted", (supplier,), "Each {}", "All leads together", "Each value of something else"
    )


def _start_cap(settings: Settings, desk: Desk) -> Changing:
    """Return a new cap with the first usual period that has none yet."""
    used = [cap.get("per") for cap in settings.get("caps", []) if isinstance(cap, dict)]
    per = next((one for one in ("day", "hour", "week", "month", "minute", "total") if one not in used), "day")
    return {"limit": 100, "per": per}


CAPS = Rows(
    "caps",
    "Caps",
    "cap",
    (CapLine(may_spend=True), Folded("Counted by, and time zone", (count_by(), zone_field("Whose days are counted.")))),
    _start_cap,
    none="No cap: it may get every lead.",
)
