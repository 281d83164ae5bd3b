"""A group on its card, and what it does with a lead."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar

from rules.earnings import Least
from rules.effects import Effect, Note, Result
from rules.running import Interpreting, Run, Verdict
from rules.steps.base import Common, Exit, Words
from rules.steps.group.choosing import choose, verdict_of
from rules.steps.group.deal import Deal
from rules.steps.group.hearing import hear_one, out_of
from rules.steps.group.rows import Row
from rules.steps.group.settling import settled
from rules.steps.group.wording import exits_of, say_deal, say_row


@dataclass(frozen=True, slots=True)
class Group:
    """Several buyers and how often the lead may be sold among them."""

    kind: ClassVar[str] = "group"
    label: ClassVar[str] = "Buyer group"
    common: Common
    deal: Deal

    @property
    def mode(self) -> str:
        """Return how it chooses."""
        return self.deal.mode

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return its rows as they are written."""
        return self.deal.rows

    @property
    def sell_up_to(self) -> int:
        """Return how often it sells a lead at most."""
        return self.deal.sell_up_to

    @property
    def goes_on(self) -> bool:
        """Return whether a sold lead goes on to the next step."""
        return self.deal.goes_on

    @property
    def least(self) -> Least | None:
        """Return what an offer has to bring."""
        return self.deal.least

    @property
    def in_order(self) -> tuple[Row, ...]:
        """Return the rows in the order of their priority, in which a plain waterfall asks them."""
        return tuple(sorted(self.rows, key=lambda row: row.priority))

    def sentence(self, words: Words) -> str:
        """Return `Offer to 3 buyers in this order, sell to up to 2, at least $30.00`."""
        return say_deal(self.deal, words)

    def exits(self, words: Words) -> tuple[Exit, ...]:  # noqa: ARG002  (every kind is asked the same way)
        """Return the way of a sold lead and of one that no row took; each row has its own exits."""
        return exits_of(self.deal)

    def terms(self, row: Row, words: Words) -> str:
        """Return what one of its rows pays and when: `Sunrise Energy at $42.00, weight 3`."""
        return say_row(row, self.deal, words)

    def interpret(self, run: Run) -> Interpreting:
        """Offer the lead by the group's mode; a plain waterfall asks row after row, and knows nothing beforehand."""
        return self._in_turn(run) if self.deal.is_plain else choose(self.deal, run)

    def _in_turn(self, run: Run) -> Interpreting:
        """Ask row after row while the lead can be sold, and say of each why it did not get it.

        Of those that are not asked a note says so; that nobody took the lead is known at the end. Of rows behind a way
        out of the group nothing is worked out: a rule of theirs that cannot be is no error of this lead.
        """
        before = len(run.sales)
        verdict = yield from self._ask_in_turn(run)
        if len(run.sales) == before and any(run.asked.get(row.id) == "declined" for row in self.rows):
            not_asked = [row.id for row in self.rows if run.asked_in.get(row.id) != run.round]
            lost = {row: run.reason_of(row) or "not_selected" for row in not_asked}
            yield settled(self.deal, run, (), lost, before)
        return verdict

    def _ask_in_turn(self, run: Run) -> Interpreting:
        """Ask row after row; while all that the lead may be sold is taken, wait for those that have not answered."""
        last: Row | None = None
        out: Verdict | None = None
        left = deque(self.in_order)
        while out is None and left and (run.open or self.deal.taken(run) < self.sell_up_to):
            if self.deal.taken(run) < self.sell_up_to:
                last = left.popleft()
                out = yield from self._ask(last, run)
            else:
                out = yield from hear_one(self.deal, run)
        while run.open:
            out = (yield from hear_one(self.deal, run, follows=out is None)) or out
        for row in left:
            yield from (self._note(row, "not_selected", run) if out else self._pass_by(row, last, run))
        return out or verdict_of(self.deal, run)

    def _ask(self, row: Row, run: Run) -> Generator[Effect, Result, Verdict | None]:
        """Offer the lead to a row; return a verdict where a way leads out of the group."""
        taken = self.deal.taken(run)
        return out_of(self.deal, run, taken, (yield from row.buyer.ask(run, self.common.id, leaves=self.deal.leaves)))

    def _pass_by(self, row: Row, last: Row | None, run: Run) -> Generator[Effect, Result, None]:
        """Note why a row is not asked any more."""
        better = last is not None and last.priority < row.priority
        reason = row.buyer.reason_not_to_ask(run) or ("lower_priority" if better else "not_selected")
        yield from self._note(row, reason, run)

    def _note(self, row: Row, reason: str, run: Run) -> Generator[Effect, Result, None]:
        yield Note(row.id, "skipped", reason)
        run.remember(row.id, "skipped", reason)
