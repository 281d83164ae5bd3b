"""Two fates of each lead beside each other: the sums, buyer by buyer, and every lead of which something changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.backtest.running import Fate
from rules.flow import Flow
from rules.flow_wording import Names

STATUSES = ("sold", "rejected", "waiting", "duplicate", "error", "invalid")
OUTCOMES = {
    "stopped": "stops it",
    "declined": "declines",
    "full": "is full",
    "timed_out": "does not answer in time",
    "error": "cannot take it",
}


@dataclass(frozen=True, slots=True)
class Sums:
    """How many leads ended how, and the money in minor units."""

    counts: Mapping[str, int]
    revenue: int
    cost: int

    @property
    def sold(self) -> int:
        """Return how many are sold."""
        return self.counts["sold"]

    @property
    def rejected(self) -> int:
        """Return how many are rejected, those that the door refuses among them."""
        return self.counts["rejected"] + self.counts["invalid"]

    @property
    def margin(self) -> int:
        """Return what is left."""
        return self.revenue - self.cost


@dataclass(frozen=True, slots=True)
class OfBuyer:
    """What one buyer buys, by its connection: leads, and money in minor units, before and after."""

    connection: str
    sold: tuple[int, int]
    revenue: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Differs:
    """A lead of which something changes: how it ends, who buys it, or for how much."""

    lead: str
    before: Fate
    after: Fate
    why: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a document would have done with recorded leads, beside what another one does with them.

    `assumed` counts the leads for which an answer of a buyer had to be assumed.
    """

    leads: int
    before: Sums
    after: Sums
    buyers: tuple[OfBuyer, ...]
    differs: tuple[Differs, ...]
    assumed: int


def compare(before: Mapping[str, Fate], after: Mapping[str, Fate], flow: Flow, names: Names) -> Backtest:
    """Return the report on the fates of the same leads under two flows; `flow` is the second."""
    differs = tuple(
        Differs(lead, before[lead], fate, say_why(before[lead], fate, flow, names))
        for lead, fate in after.items()
        if _essence(before[lead]) != _essence(fate)
    )
    assumed = sum(any(sale.is_assumed for sale in fate.sales) for fate in after.values())
    sums = _sums(before.values()), _sums(after.values())
    return Backtest(len(after), *sums, tuple(_buyers(before, after)), differs, assumed)


def say_why(before: Fate, after: Fate, flow: Flow, names: Names) -> str:
    """Return what makes the difference: who buys the lead, or which step stops it."""
    if after.sales:
        bought = [
            f"{names.called(sale.connection)} buys it{', as is assumed' if sale.is_assumed else ''}"
            for sale in after.sales
        ]
        told = " and ".join(bought)
        is_dearer = before.sales and [one.connection for one in before.sales] == [one.connection for one in after.sales]
        return f"{told}, at another price" if is_dearer else told
    if after.status == "waiting":
        return "It would wait"
    where = _say_step(after, flow, names)
    return f"{where}: {after.reason}" if after.reason else where or "It ends otherwise"


def _say_step(fate: Fate, flow: Flow, names: Names) -> str:
    """Return `Step 2 stops it`; nothing where no step did."""
    if fate.decided is None:
        return "Refused at the door" if fate.status == "invalid" else ""
    step, outcome, _ = fate.decided
    if step == "intake":
        return "Stopped where leads arrive"
    if step == flow.fallback.common.id:
        return "Nobody takes it"
    buyer, position = flow.buyer(step), flow.positions.get(step)
    title = f"Step {position + 1}" if position is not None else "A buyer"
    called = names.connections.get(buyer.connection, title) if buyer else title
    return f"{called} {OUTCOMES.get(outcome, 'ends it')}"


def _essence(fate: Fate) -> tuple[object, ...]:
    sales = sorted((sale.connection, sale.price) for sale in fate.sales)
    return fate.status, fate.revenue, fate.cost, sales


def _sums(fates: Iterable[Fate]) -> Sums:
    listed = list(fates)
    counts = {status: sum(fate.status == status for fate in listed) for status in STATUSES}
    return Sums(counts, sum(fate.revenue for fate in listed), sum(fate.cost for fate in listed))


def _buyers(before: Mapping[str, Fate], after: Mapping[str, Fate]) -> Sequence[OfBuyer]:
    """Return all that buy something, in the order of their names in the leads."""
    found: dict[str, list[int]] = {}
    for at, fates in enumerate((before, after)):
        for fate in fates.values():
            for sale in fate.sales:
                numbers = found.setdefault(sale.connection, [0, 0, 0, 0])
                numbers[at] += 1
                numbers[2 + at] += sale.price
    return [OfBuyer(shown, (sold[0], sold[1]), (sold[2], sold[3])) for shown, sold in found.items()]
