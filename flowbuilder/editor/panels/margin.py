"""The least margin of a group: money, or a share of what buyers pay."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from typing_extensions import override

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.fields import currency_of
from flowbuilder.editor.panels.kinds_of_text import Unreadable, read_amount, show_amount
from flowbuilder.editor.panels.single import Single


@dataclass(frozen=True)
class Margin(Single):
    """The least that is earned: an amount of money, or a share of what buyers pay."""

    key: str = "margin"
    label: str = "Least margin"

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, written, currency = f"{at}{self.key}", settings.get(self.key), currency_of(desk)
        is_share = isinstance(written, dict) and set(written) == {"percent"}
        amount = written["percent"] if isinstance(written, dict) and is_share else written
        shown = "" if written is None else _percent(amount) if is_share else show_amount(amount, currency)
        if shown is None:
            return None
        units = (Option("money", currency), Option("percent", "% of what buyers pay"))
        parts = (
            Drawn("bare", f"{name}.amount", self.label, values=(shown,)),
            Drawn(
                "bare_choice", f"{name}.unit", "Of what", values=("percent" if is_share else "money",), options=units
            ),
        )
        hint = "What buyers pay less what the supplier is paid. An offer that would leave less is not made."
        return Drawn("line_of_parts", name, self.label, hint, parts=parts, address=address_of(name))

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        typed, is_share = form.text(f"{name}.amount"), form.text(f"{name}.unit") == "percent"
        try:
            if not typed:
                settings.pop(self.key, None)
            elif is_share:
                settings[self.key] = {"percent": _read_percent(typed)}
            else:
                settings[self.key] = read_amount(typed, currency_of(form.desk))
        except Unreadable as problem:
            form.refuse(f"{name}.amount", str(problem))


def _percent(value: object) -> str | None:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return f"{Decimal(str(value)):f}" if is_number else None


def _read_percent(typed: str) -> Decimal | int:
    try:
        share = Decimal(typed.replace("%", "").strip())
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 <= share <= 100:
        raise Unreadable("Enter a percentage from 0 to 100.")
    return int(share) if share == int(share) else share
