"""What a sale earns: what the supplier is paid for it, and the least that an offer has to bring."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules.money import exponent_of, money
from rules.reading import Part, amount_of
from rules.running import Run


def supplier_cost(source: Mapping[str, Any], revenue: int, currency: str) -> int:
    """Return what the supplier is paid for a sold lead, in minor units: a fixed sum, or a share of the revenue."""
    cost: Mapping[str, Any] = source.get("cost") or {}
    if "share" in cost:
        return money(Decimal(str(cost["share"])) * revenue / 100, 0)
    return money(cost.get("fixed", 0), exponent_of(currency))


@dataclass(frozen=True, slots=True)
class Least:
    """The least that an offer has to bring: a price, and a margin in money or in percent of what is earned.

    `floor` and `margin` are minor units. The margin is what all buyers so far and this one pay, less what the supplier
    is paid then.
    """

    floor: int = 0
    margin: int | None = None
    percent: Decimal | None = None

    def refuses(self, price: int, run: Run) -> bool:
        """Return whether a price in minor units brings too little."""
        revenue = run.revenue + price
        left = revenue - supplier_cost(run.lead.source, revenue, run.currency)
        wanted = revenue * self.percent / 100 if self.percent is not None else self.margin
        return price < self.floor or (wanted is not None and left < wanted)


def read_least(part: Part) -> Least | None:
    """Return what the settings `floor` and `margin` ask for, None when neither is written.

    A margin is an amount of money, or `{"percent": 20}` of what the buyers pay.
    """
    if not part.has("floor") and not part.has("margin"):
        return None
    floor = part.money("floor") if part.has("floor") else 0
    written = part.take("margin")
    if not isinstance(written, dict):
        return Least(floor, part.money("margin") if part.has("margin") else None)
    return Least(floor, percent=_read_percent(part, written))


def _read_percent(part: Part, written: Mapping[str, Any]) -> Decimal:
    percent = amount_of(written.get("percent"))
    if set(written) != {"percent"} or percent is None or not 0 <= percent <= 100:
        part.report("margin", "not_a_margin", "“margin” must be an amount of money, or a percentage from 0 to 100.")
        return Decimal(0)
    return percent
