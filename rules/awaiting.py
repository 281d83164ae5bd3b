"""Offers that a group left open while it asked others: what came of them, one after the other."""

from collections.abc import Generator
from typing import TYPE_CHECKING

from rules.effects import Await, Effect, Result
from rules.running import BY_HAND, End, Run, Verdict

if TYPE_CHECKING:
    from rules.steps.buyer import Buyer
    from rules.steps.ways import Way, Why

    Answered = tuple[Buyer, Verdict | Way, Why]


def await_one(step: str, run: Run) -> "Generator[Effect, Result, Answered]":
    """Wait until one of the open offers has ended; return its buyer, and the verdict or the way to follow and why."""
    result = yield Await(step, {buyer: opened.number for buyer, opened in run.open.items()})
    row = result["buyer"]
    buyer: Buyer = run.joined[row].buyer if row in run.joined else run.buyers[row]  # type: ignore[assignment]
    verdict, why = buyer.hear(run, result)
    return buyer, verdict, why


def await_all(step: str, run: Run) -> Generator[Effect, Result, Verdict | None]:
    """Wait until every open offer has ended, and follow no way: the lead is offered to nobody else.

    Return the end that a person told meanwhile.
    """
    told: Verdict | None = None
    while run.open:
        _, verdict, why = yield from await_one(step, run)
        told = verdict if why.code == BY_HAND and isinstance(verdict, End) else told
    return told
