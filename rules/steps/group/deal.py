"""What a group agrees on: its mode, its rows, and on which terms they get the lead."""

from dataclasses import dataclass

from rules.caps import MOST, Cap
from rules.earnings import Least
from rules.effects import Leaves
from rules.running import Run
from rules.steps.group.campaign import Campaign
from rules.steps.group.rows import Row

MOST_SALES = 20
WAIT_MS = 3000
MOST_BID = 1_000_000
"""The highest bid that is believed where a group names none, in minor units."""
MAYBE_TAKEN = ("accepted", "unknown", "open")
"""Answers after which one of the lead's sales may be gone."""


@dataclass(frozen=True, slots=True)
class Deal:
    """How a group sells: `step` is its id; a bid above `bids_up_to` (minor units) is none.

    With `one_ranking` direct rows that name a highest bid compete with those that are pinged; else they come later.
    Rows of a `campaign` join those that are written once a lead comes to the group.
    """

    step: str
    mode: str
    rows: tuple[Row, ...]
    sell_up_to: int = 1
    least: Least | None = None
    goes_on: bool = False
    wait_ms: int = WAIT_MS
    bids_up_to: int = MOST_BID
    one_ranking: bool = False
    campaign: Campaign | None = None

    @property
    def is_plain(self) -> bool:
        """Return whether the rows are simply asked in turn, each like a buyer on the rail."""
        return self.mode == "waterfall" and self.campaign is None and all(row.is_plain for row in self.rows)

    @property
    def needs_facts(self) -> bool:
        """Return whether the world has to say who can be asked, and what was sold, before the mode can choose."""
        return self.mode != "waterfall" or any(row.mix for row in self.rows)

    @property
    def cursor(self) -> Cap | None:
        """Return the window that says whose turn it was last, None in other modes."""
        return Cap(f"{self.step}/cursor", MOST, "total", "UTC") if self.mode == "round_robin" else None

    @property
    def leaves(self) -> Leaves:
        """Return when an offer of a row is left open, so that others are asked meanwhile: where the lead is shared."""
        if self.sell_up_to == 1:
            return ""
        return "asked" if self.mode == "broadcast" else "unanswered"

    def taken(self, run: Run) -> int:
        """Return how many of the lead's sales are gone: to rows that bought it, or may have."""
        return sum(answer in MAYBE_TAKEN for answer in self.answers(run))

    def is_sold_out_for(self, run: Run, buyer: str) -> bool:
        """Return whether no sale is left for a row: all are gone, or those who share the lead share with fewer."""
        sharing = [row for row in self.rows if row.id == buyer or run.asked.get(row.id) in MAYBE_TAKEN]
        return self.taken(run) >= min([self.sell_up_to, *(row.share_up_to for row in sharing if not row.buyer.alone)])

    def price_beside_others(self, run: Run, buyer: str, price: int) -> int:
        """Return what a row pays that may share the lead, where it pays `price` (minor units) for one alone."""
        row = next((row for row in self.rows if row.id == buyer), None)
        shares = self.sell_up_to > 1 and row is not None and not row.buyer.alone
        return row.shared_price_of(run, price) if row and shares else price

    def answers(self, run: Run) -> list[str | None]:
        """Return what its rows answered, of rows that joined too that are not in the campaign any more."""
        return [*(run.asked.get(row.id) for row in self.rows), *(run.asked[row] for row in self.gone(run))]

    def gone(self, run: Run) -> list[str]:
        """Return the ids of rows that were asked and are not among those of the deal: none without a campaign.

        They joined before, and their offers count as any other: a lead that one of them bought is not sold once more.
        """
        if self.campaign is None:
            return []
        known = {row.id for row in self.rows}
        return [row for row in run.asked if self.campaign.has(row) and row not in known]
