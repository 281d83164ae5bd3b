"""Why each row of a group did not get a lead, once it is known who did."""

from collections.abc import Mapping, Sequence

from rules.effects import Settle
from rules.ranking import Standing
from rules.running import Run
from rules.steps.group.deal import Deal
from rules.steps.group.rows import Row

PLAIN_NO = "rejected"


def settled(deal: Deal, run: Run, ranked: Sequence[Standing], lost: Mapping[str, str], before: int) -> Settle:
    """Return who bought the lead and why the others did not; `before` is how often it was sold before the group.

    `ranked` are the rows that could be asked, `lost` the reasons of those that could not.
    """
    ids = {*(row.id for row in deal.rows), *deal.gone(run)}
    winners = [buyer for at, (buyer, _) in enumerate(run.sales) if at >= before or buyer in ids]
    standings = {row.id: row for row in ranked}
    reasons = _Reasons(deal, run, standings, lost, winners)
    told = tuple((row.id, reasons.of(row)) for row in deal.rows if row.id not in winners)
    return Settle(deal.step, tuple(winners), reasons.winning_bid, told)


class _Reasons:
    """The reasons of one lead's rows."""

    def __init__(
        self, deal: Deal, run: Run, ranked: Mapping[str, Standing], lost: Mapping[str, str], winners: Sequence[str]
    ) -> None:
        self._deal, self._run, self._ranked, self._lost, self._winners = deal, run, ranked, lost, winners

    @property
    def winning_bid(self) -> int | None:
        """Return the best price that a winner bid, None when none of them competed with one."""
        prices = [price for buyer, price in self._run.sales if buyer in self._winners and self._competed(buyer)]
        return max(prices, default=None)

    def of(self, row: Row) -> str:
        """Return why a row did not get the lead."""
        if self._run.asked.get(row.id) == "unknown":
            return "unknown"
        if self._run.asked_in.get(row.id) == self._run.round:
            return self._after_its_answer(row)
        if row.id in self._lost:
            return self._when_left_out(self._lost[row.id])
        return self._passed_over(self._ranked[row.id])

    def _after_its_answer(self, row: Row) -> str:
        """Return the reason of a row that was asked; a plain no counts for little where nobody took the lead."""
        reason = self._run.reason_of(row.id)
        if reason in (None, "already_asked"):
            reason = PLAIN_NO if self._run.asked.get(row.id) == "declined" else "error"
        return "cascade_exhausted" if reason == PLAIN_NO and not self._winners else reason

    def _when_left_out(self, reason: str) -> str:
        """Return the reason of a row that could not be asked; where the fastest wins, others need not have answered."""
        is_late = reason == "timeout" and self._deal.mode == "fastest" and self.winning_bid is not None
        return "outbid" if is_late else reason

    def _passed_over(self, row: Standing) -> str:
        """Return the reason of a row that could have been asked, and that another was preferred to."""
        if not self._winners:
            return "not_selected"
        if self._deal.sell_up_to > 1 and (row.beside is None or row.most < len(self._winners)):
            return "exclusive_taken"
        if row.bid is not None:
            return "outbid"
        last = self._ranked.get(self._winners[-1])
        is_better = last is not None and not last.competes and last.priority < row.priority
        return "lower_priority" if is_better else "not_selected"

    def _competed(self, buyer: str) -> bool:
        return buyer in self._ranked and self._ranked[buyer].competes
