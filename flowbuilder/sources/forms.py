"""What people type about a source: its flow, its name, what a lead costs, its limits."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from flowbuilder import ids
from flowbuilder.flows.forms import stripped
from flowbuilder.models import Flow
from rules.problems import Problem
from rules.windows import PERIODS

PERIOD_WORDS = {per: {"total": "in total", "hour": "an hour"}.get(per, f"a {per}") for per in PERIODS}
COUNT_WORDS = {"sold": "sold leads", "received": "all leads received"}
COST_WORDS = {"nothing": "Nothing", "fixed": "A fixed amount for a sold lead", "share": "A share of its price"}


class SourceForm(FlaskForm):
    """A new source."""

    flow = SelectField("Flow")
    name = StringField(
        "Supplier", [DataRequired("Give the source a name."), Length(max=120, message="Use at most 120 characters.")],
        filters=[stripped],
    )  # fmt: skip
    cost_kind = RadioField(
        "You pay the supplier",
        choices=COST_WORDS,
        default="nothing",
    )
    cost = StringField("How much", filters=[stripped])
    limit = StringField("Limit", filters=[stripped])
    per = SelectField("Per", choices=PERIOD_WORDS, default="day")
    counts = SelectField("Counted", choices=COUNT_WORDS)
    needs_key = BooleanField("Posts need a key", default=True)

    @classmethod
    def among(cls, flows: Sequence[Flow], *, chosen: str = "") -> "SourceForm":
        """Return the form of this request with these flows to choose from."""
        form = cls()
        form.flow.choices = {ids.show(flow.id, "flo"): flow.name for flow in flows}
        if chosen and not form.is_submitted():
            form.flow.data = chosen
        return form

    def settings(self) -> dict[str, Any]:
        """Return cost and caps as the API takes them; a number that cannot be read stays as it was typed."""
        settings: dict[str, Any] = {}
        if self.cost_kind.data in ("fixed", "share"):
            settings["cost"] = {self.cost_kind.data: _number(self.cost.data)}
        if self.limit.data:
            settings["caps"] = [{"limit": _whole(self.limit.data), "per": self.per.data, "count": self.counts.data}]
        return settings

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Put each problem beside the field that it is about."""
        for problem in problems:
            field = self.cost if problem.path.startswith("cost") else self.limit
            field.errors = [*field.errors, problem.message]


def _number(text: str | None) -> Any:
    bare = (text or "").replace("$", "").replace(",", "").removesuffix("%").strip()
    try:
        return Decimal(bare)
    except InvalidOperation:
        return bare


def _whole(text: str) -> Any:
    bare = text.replace(",", "").strip()
    return int(bare) if bare.isdecimal() and len(bare) < 12 else bare
