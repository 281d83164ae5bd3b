"""What a group makes of an offer that it left open, once its buyer has answered."""

from collections.abc import Generator

from rules.awaiting import await_one
from rules.effects import Effect, Result
from rules.running import BY_HAND, Next, Run, Verdict
from rules.steps.group.deal import MAYBE_TAKEN, Deal


def hear_one(deal: Deal, run: Run, *, follows: bool = True) -> Generator[Effect, Result, Verdict | None]:
    """Wait for an open offer; return a verdict where its buyer's way leads out of the group.

    Where the lead is leaving the group already it `follows` no way, but what a person told.
    """
    buyer, verdict, why = yield from await_one(deal.step, run)
    others = deal.taken(run) - (run.asked.get(buyer.common.id) in MAYBE_TAKEN)
    if not follows and why.code != BY_HAND:
        return None
    return out_of(deal, run, others, (yield from buyer.follow_on(run, deal.step, verdict, why)))


def out_of(deal: Deal, run: Run, taken: int, verdict: Verdict) -> Verdict | None:
    """Return a verdict that leads out of the group; none does on which the lead was sold again.

    `taken` says how many of its sales were gone before.
    """
    return None if isinstance(verdict, Next) or deal.taken(run) > taken else verdict
