"""One buyer of a group: what it pays and when, how often it comes first, with whom it shares."""

from dataclasses import dataclass, field, replace
from typing import Literal

from rules.areas import read_areas
from rules.caps import MOST, Cap, Counter
from rules.earnings import Least
from rules.mixes import Mix, read_mix
from rules.money import exponent_of, price_in_minor
from rules.ranking import LAST
from rules.reading import Part
from rules.running import Run
from rules.steps.buyer import Buyer, read_offer
from rules.values import Value

Pricing = Literal["fixed", "auction", "hybrid"]
Sharing = Literal["", "exclusive", "shared", "either"]

JOINED = ":"
"""Stands between the group's id and its own in the id of a row that joined from a campaign; in no written id."""
SHARES_WITH = 3
"""Among how many buyers a lead is shared, in all, where a row says that it shares and not how often."""
PINGS = ("highest_bid", "fastest")
"""The modes that ask for bids."""
PRICES = {"fixed": ("price",), "auction": ("max_bid",), "hybrid": ("max_bid", "shared_price")}
"""The settings in which each pricing says what the buyer pays."""


@dataclass(frozen=True, slots=True)
class Row:
    """One buyer of a group.

    A row whose pricing is `auction` and that has no `max_bid` makes bids: it is pinged. `sharing` is "" where the row
    does not say how it takes leads; `share_up_to` is among how many buyers in all.

    What is asked of each row many times for a lead is worked out once: its `id`, whether it `bids`, and the `days`, in
    which its sales are counted day by day.
    """

    buyer: Buyer
    priority: int = LAST
    weight: int = 1
    pricing: Pricing = "fixed"
    shared_price: Value | None = None
    shared_price_written: object = None
    sharing: Sharing = ""
    share_up_to: int = 1
    mix: Mix | None = None
    id: str = field(init=False)
    bids: bool = field(init=False)
    days: tuple[Counter, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Work out what follows from the rest."""
        days = tuple(counter for counter in self.buyer.counters if counter is not self.mix)
        known = {"id": self.buyer.common.id, "bids": self.buyer.price is None, "days": days}
        for name, value in known.items():
            object.__setattr__(self, name, value)

    @property
    def is_plain(self) -> bool:
        """Return whether it is asked like a buyer on the rail: no areas, no mix, nothing said about sharing."""
        return not (self.buyer.areas or self.mix or self.sharing or self.shared_price)

    @property
    def has_joined(self) -> bool:
        """Return whether it came from a campaign, and stands in no document."""
        return JOINED in self.id

    def priority_of(self, run: Run) -> int:
        """Return the row's priority for the lead: that of the best area the lead is from, else its own."""
        view = run.at(self.id)
        found = [area.priority for area in self.buyer.areas if area.priority is not None and area.has(view)]
        return min(found, default=self.priority)

    def shared_price_of(self, run: Run, price: int) -> int:
        """Return what it pays (minor units) for a lead that it shares, where it pays `price` for one alone."""
        if self.shared_price is None:
            return price
        return price_in_minor(self.shared_price(run.at(self.id)), exponent_of(run.currency))


def read_row(
    part: Part, least: Least | None, *, goes_on: bool, sell_up_to: int, mode: str, mix: Mix | None
) -> Row | None:
    """Return the row that a part describes, None when something it cannot do without has problems.

    `mix` is the group's, for rows that have none of their own.
    """
    pricing = _read_pricing(part, mode)
    price_in = PRICES[pricing][0] if _says_what_it_pays(part, pricing, mode) else None
    buyer = read_offer(part, sells_on=goes_on, least=least, price_in=price_in)
    areas, own = read_areas(part), read_mix(part, buyer.common.id if buyer else "")
    sharing: Sharing = part.choice("sharing", ("exclusive", "shared", "either")) if part.has("sharing") else ""  # type: ignore[assignment]
    row = (part.whole("priority", least=1, most=LAST, default=LAST), part.whole("weight", least=1, most=10, default=1))
    most = part.whole("share_up_to", least=2, most=20, default=SHARES_WITH if sharing else max(2, sell_up_to))
    shared_price = part.price("shared_price")
    _report_prices(part, pricing)
    part.finish()
    if buyer is None or (pricing == "hybrid" and shared_price is None):
        return None
    kept = own or (mix.of(buyer.common.id) if mix else None)
    counters = _counters(part, buyer, mode, kept)
    alone = sharing == "exclusive" and sell_up_to > 1
    buyer = replace(buyer, areas=areas, counters=counters, alone=alone)
    return Row(buyer, *row, pricing, shared_price, part.take("shared_price"), sharing, most, kept)


def _counters(part: Part, buyer: Buyer, mode: str, mix: Mix | None) -> tuple[Mix | Cap, ...]:
    """Return the windows in which the sales of a row are counted: by its mix, and day by day where the mode asks."""
    today = Cap(f"{buyer.common.id}/sold", MOST, "day", part.document.time_zone)
    return (*((mix,) if mix else ()), *((today,) if mode == "least_loaded" else ()))


def _read_pricing(part: Part, mode: str) -> Pricing:
    """Return how a row is priced: by auction where it names no price and the mode asks for bids, else fixed."""
    if part.has("max_bid"):
        usual = "hybrid" if part.has("shared_price") else "auction"
    else:
        usual = "fixed" if part.has("price") or mode not in PINGS else "auction"
    return part.choice("pricing", PRICES, usual)  # type: ignore[return-value]


def _says_what_it_pays(part: Part, pricing: Pricing, mode: str) -> bool:
    """Return whether a row has to name what it pays: a bidder does not, but bids are only asked for by some modes."""
    return pricing != "auction" or part.has("max_bid") or mode not in PINGS


def _report_prices(part: Part, pricing: Pricing) -> None:
    """Report prices that the row's pricing has no use for, and a shared one that is missing."""
    for key in ("price", "max_bid", "shared_price"):
        part.take(key)
        if part.has(key) and key not in PRICES[pricing]:
            part.report(key, "price_without_use", f"“{key}” has no use where “pricing” is {pricing}.")
    if pricing == "hybrid" and not part.has("shared_price"):
        part.report("shared_price", "missing_price", "A hybrid price needs “shared_price”: what a shared lead costs.")
