"""Who of a group can be asked: what the flow says against a row first, then the world, then its bid."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.effects import Asks, Check, Effect, Result
from rules.logic import RuleError
from rules.ranking import Standing
from rules.running import Run
from rules.steps.cap import reset_of
from rules.steps.group.auction import Bid, ask_for_bids
from rules.steps.group.deal import Deal
from rules.steps.group.rows import Row
from rules.steps.ways import Way, Why


@dataclass(frozen=True, slots=True)
class Prices:
    """What a row pays (minor units) for a lead that it has alone, and for one that it shares; None: not at all."""

    alone: int | None
    beside: int | None


@dataclass(slots=True)
class Candidates:
    """The rows of a group before a lead: what is known of each, why some were left out, and the way of those leads."""

    deal: Deal
    run: Run
    lost: dict[str, str] = field(default_factory=dict)
    ways: dict[str, tuple[Way, Why]] = field(default_factory=dict)
    kinds: dict[str, Sequence[int]] = field(default_factory=dict)
    today: dict[str, int] = field(default_factory=dict)
    bids: Mapping[str, Bid] = field(default_factory=dict)
    last: int = 0
    priced: dict[str, Prices] = field(default_factory=dict)

    def rows_to_ask(self) -> Generator[Effect, Result, list[Row]]:
        """Return the rows that can be asked; of the others it is known why not."""
        rows = [row for row in self.deal.rows if not self._is_left_out(row, self._reason_by_itself(row))]
        if rows and self.deal.needs_facts:
            yield from self._check(rows)
            rows = [row for row in rows if not self._is_left_out(row, self._reason_of_mix(row))]
        bidders = [row for row in rows if row.bids]
        if bidders:
            self.bids, refused = yield from ask_for_bids(self.deal, bidders, self.run)
            self.lost |= refused
        return [row for row in rows if row.id not in self.lost]

    def standings(self, rows: Sequence[Row]) -> list[Standing]:
        """Return the rows as the modes see them."""
        numbers = {row.id: number for number, row in enumerate(self.deal.rows, start=1)}
        return [self._standing(row, numbers[row.id]) for row in rows]

    def _standing(self, row: Row, number: int) -> Standing:
        prices, bid = self.prices(row), self.bids.get(row.id)
        kind = row.mix.kind_of(self.run.at(row.id)) if row.mix else None
        return Standing(
            id=row.id,
            number=number,
            priority=row.priority_of(self.run),
            weight=row.weight,
            alone=prices.alone,
            beside=prices.beside,
            most=row.share_up_to,
            sold=self.today.get(row.id, 0),
            behind=row.mix.behind(kind, self.kinds[row.id]) if row.mix and kind else 0,
            competes=bid is not None or (self.deal.one_ranking and row.pricing != "fixed"),
            bid=bid.amount if bid else None,
            bid_id=bid.bid_id if bid else None,
            ms=bid.ms if bid else 0,
        )

    def counts(self, row: Row) -> tuple[Asks, ...]:
        """Return the windows in which a sale to a row is counted."""
        return row.buyer.counts(self.run, self.kinds.get(row.id, ()))

    def prices(self, row: Row) -> Prices:
        """Return what a row pays, without what brings too little; worked out once, for a bidder when it has bid."""
        if row.bids and row.id not in self.bids:
            return Prices(None, None)
        if row.id not in self.priced:
            self.priced[row.id] = self._work_out(row)
        return self.priced[row.id]

    def _work_out(self, row: Row) -> Prices:
        bid = self.bids.get(row.id)
        pays = bid.amount if bid else row.buyer.price_of(self.run)
        if self.deal.sell_up_to == 1:
            return Prices(self._if_enough(pays), None)
        how = row.sharing or ("either" if row.pricing == "hybrid" else "shared")
        alone = pays if how != "shared" and not self.run.sales else None
        beside = row.shared_price_of(self.run, pays) if how != "exclusive" else None
        return Prices(self._if_enough(alone), self._if_enough(beside))

    def _if_enough(self, price: int | None) -> int | None:
        least = self.deal.least
        return None if price is not None and least and least.refuses(price, self.run) else price

    def leave_out(self, row: Row, reason: str, said: Result | None = None) -> None:
        """Note why a row cannot be asked, and where the lead goes if nobody takes it; `said` is by the world."""
        self.lost[row.id] = reason
        way, why = row.buyer.when_skipped(self.run, reason)
        full, until = (said or {}).get("full"), (said or {}).get("until")
        if full:
            ask = next(ask for ask in row.buyer.asked(self.run, None)["caps"] if ask["cap"] == full)
            why = Why(why.code, why.reason, reset_of(ask), "cap")
        elif until:
            why = Why(why.code, why.reason, datetime.fromisoformat(until))
        self.ways[row.id] = way, why

    def _is_left_out(self, row: Row, reason: str | None, said: Result | None = None) -> bool:
        if reason:
            self.leave_out(row, reason, said)
        return row.id in self.lost

    def _reason_by_itself(self, row: Row) -> str | None:
        """Return why a row cannot be asked as far as the flow can say.

        One that joined and in which something cannot be worked out is passed by, so that nobody's leads end by what a
        buyer wrote; what the seller wrote is an error of the lead.
        """
        if not row.has_joined:
            return self._why_unfit(row)
        try:
            unfit = self._why_unfit(row)
            if not unfit:
                self._try_out(row)
        except RuleError:
            return "undecided"
        return unfit

    def _try_out(self, row: Row) -> None:
        """Work out all that will be worked out of a row for the lead; raises RuleError where that cannot be done."""
        self._asked(row)
        row.priority_of(self.run)
        row.shared_price_of(self.run, 0)
        if row.mix:
            row.mix.kind_of(self.run.at(row.id))

    def _why_unfit(self, row: Row) -> str | None:
        """Return why a row cannot be asked: it does not fit, or brings too little."""
        unfit = row.buyer.reason_it_does_not_fit(self.run)
        if unfit:
            return unfit
        if self.run.sales and row.sharing == "exclusive" and self.deal.sell_up_to > 1:
            return "exclusive_taken"
        return "below_floor" if not row.bids and self.prices(row) == Prices(None, None) else None

    def _reason_of_mix(self, row: Row) -> str | None:
        """Return why a row takes no lead of this kind now."""
        takes = row.mix is None or row.mix.takes(self.run.at(row.id), self.kinds[row.id])
        return None if takes else "mix_full"

    def _check(self, rows: Sequence[Row]) -> Generator[Effect, Result, None]:
        """Ask the world who of some rows can be asked, and what was sold to each."""
        cursor = self.deal.cursor
        result = yield Check(
            self.deal.step,
            rows=tuple(self._asked(row) for row in rows),
            cursor=cursor.ask({}, self.run.now) if cursor else None,
            view=self.run.at(self.deal.step),
        )
        self.run.move_to(datetime.fromisoformat(result["at"]))
        self.last = result["cursor"] or 0
        for row in rows:
            said = result["rows"][row.id]
            kinds = len(row.mix.shares) if row.mix else 0
            self.kinds[row.id], self.today[row.id] = said["counts"][:kinds], sum(said["counts"][kinds:])
            self._is_left_out(row, said["reason"], said)

    def _asked(self, row: Row) -> Asks:
        """Return what is asked about a row: what an offer would, and the windows in which its sales are counted."""
        prices, view, now = self.prices(row), self.run.at(row.id), self.run.now
        price = None if row.bids else max(prices.alone or 0, prices.beside or 0)
        counts = [*(row.mix.asks(view, now) if row.mix else ()), *(one.ask(view, now) for one in row.days)]
        return row.buyer.asked(self.run, price) | {"counts": counts}
