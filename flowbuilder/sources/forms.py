"""What people type about a source: who posts where, what a lead costs, caps, what is taken, where forms go on."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from flowbuilder import ids
from flowbuilder.flows.forms import as_name, stripped
from flowbuilder.models import Flow, Source
from rules.numbers import read_amount, read_number
from rules.problems import Problem
from rules.windows import PERIODS

PERIOD_WORDS = {per: {"total": "in total", "hour": "an hour"}.get(per, f"a {per}") for per in PERIODS}
COUNT_WORDS = {"sold": "sold leads", "received": "all leads received"}
FULL_WORDS = {"reject": "Reject the lead", "hold": "Hold it until there is room", "fallback": "Go to the fallback"}
COST_WORDS = {"nothing": "Nothing", "fixed": "A fixed amount for a sold lead", "share": "A share of its price"}
DRAWN = {"limit", "per", "count", "when_full"}
"""The settings of a cap that the form has fields for."""


class SourceForm(FlaskForm):
    """A source; `kept_caps` are those that the form has no fields for and leaves as they are.

    `rule` is what the rule builder in it says, `refused` what could not be read there.
    """

    flow = SelectField("Flow")
    name = StringField(
        "Supplier", [DataRequired("Give the source a name."), Length(max=120, message="Use at most 120 characters.")],
        filters=[as_name],
    )  # fmt: skip
    cost_kind = RadioField(
        "You pay the supplier",
        choices=COST_WORDS,
        default="nothing",
    )
    cost = StringField("How much", filters=[stripped])
    limit = StringField("Cap", filters=[stripped])
    per = SelectField("Per", choices=PERIOD_WORDS, default="day")
    counts = SelectField("Counted", choices=COUNT_WORDS, default="sold")
    when_full = SelectField("When it is reached", choices=FULL_WORDS, default="reject")
    categories = StringField("Categories", filters=[stripped])
    redirect_hosts = StringField("Hosts", filters=[stripped])
    needs_key = BooleanField("Posts need a key", default=True)
    kept_caps: Sequence[Mapping[str, Any]] = ()
    rule: dict[str, Any] | None = None
    refused: Mapping[str, str] = MappingProxyType({})
    rule_problems: Sequence[str] = ()

    @classmethod
    def among(cls, flows: Sequence[Flow], *, chosen: str = "") -> "SourceForm":
        """Return the form of this request with these flows to choose from."""
        form = cls()
        form.flow.choices = {ids.show(flow.id, "flo"): flow.name for flow in flows}
        if chosen and not form.is_submitted():
            form.flow.data = chosen
        return form

    @classmethod
    def of(cls, source: Source, flow: Flow) -> "SourceForm":
        """Return the form of this request for a source that exists, filled in with what it is now."""
        caps: Sequence[Mapping[str, Any]] = source.caps or []
        is_drawn = not caps or (len(caps) == 1 and set(caps[0]) <= DRAWN)
        form = cls(data=_shown(source) | (_shown_cap(caps[0]) if caps and is_drawn else {}))
        form.flow.choices = {ids.show(flow.id, "flo"): flow.name}
        form.flow.data = ids.show(flow.id, "flo")
        form.kept_caps = () if is_drawn else caps
        form.rule = source.accept_if
        return form

    def settings(self) -> dict[str, Any]:
        """Return the terms as the API takes them; what cannot be read stays as it was typed."""
        settings: dict[str, Any] = {"categories": _parts(self.categories.data)}
        settings["redirect_hosts"] = _parts(self.redirect_hosts.data)
        if self.cost_kind.data in ("fixed", "share"):
            settings["cost"] = {self.cost_kind.data: _number(self.cost.data)}
        if self.kept_caps:
            settings["caps"] = list(self.kept_caps)
        elif self.limit.data:
            settings["caps"] = [self._cap()]
        if self.rule is not None:
            settings["accept_if"] = self.rule
        return settings

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Put each problem beside the field that it is about."""
        for problem in problems:
            named = re.split(r"[.\[]", problem.path)[0]
            if named == "accept_if":
                self.rule_problems = [*self.rule_problems, problem.message]
                continue
            field = {"cost": self.cost, "caps": self.limit}.get(named) or self[named]
            field.errors = [*field.errors, problem.message]

    def _cap(self) -> dict[str, Any]:
        cap = {"limit": _whole(self.limit.data), "per": self.per.data, "count": self.counts.data}
        return cap if self.when_full.data == "reject" else cap | {"when_full": self.when_full.data}


def _shown(source: Source) -> dict[str, Any]:
    [(kind, amount)] = (source.cost or {"nothing": ""}).items()
    return {
        "name": source.name,
        "cost_kind": kind,
        "cost": str(amount),
        "categories": ", ".join(source.categories),
        "redirect_hosts": ", ".join(source.redirect_hosts),
        "needs_key": source.needs_key,
    }


def _shown_cap(cap: Mapping[str, Any]) -> dict[str, Any]:
    usual = {"counts": cap.get("count", "sold"), "when_full": cap.get("when_full", "reject")}
    return {"limit": str(cap["limit"]), "per": cap["per"], **usual}


def _parts(text: str | None) -> list[str]:
    """Return what is separated by commas or line breaks."""
    return [part.strip() for part in re.split(r"[,\n]", text or "") if part.strip()]


def _number(text: str | None) -> Any:
    bare = (text or "").removesuffix("%").strip()
    number = read_amount(bare)
    return bare if number is None else Decimal(number)


def _whole(text: str) -> Any:
    number = read_number(text)
    return number if isinstance(number, int) else text.strip()
