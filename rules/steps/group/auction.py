"""Asking for bids: who is pinged, and which of the answers are bids that count."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.earnings import Least
from rules.effects import Effect, Ping, Result
from rules.running import Run
from rules.steps.group.deal import Deal
from rules.steps.group.rows import Row


@dataclass(frozen=True, slots=True)
class Bid:
    """What a buyer bid in minor units, its own name for that, and how long it took it (milliseconds)."""

    amount: int
    bid_id: str | None
    ms: int


Bids = Mapping[str, Bid]
Refused = Mapping[str, str]


def ask_for_bids(deal: Deal, rows: Sequence[Row], run: Run) -> Generator[Effect, Result, tuple[Bids, Refused]]:
    """Ping some rows side by side; return the bids that count, and why the others have none, by row.

    Those that were made while the lead itself was a ping are not asked for again.
    """
    kept = run.bids.pop(deal.step, None)
    result = (yield from _ping(deal, rows, run)) if kept is None else kept
    asked = {row.id for row in rows}
    bids: dict[str, Bid] = {}
    refused: dict[str, str] = {}
    for said in result["bids"]:
        bid = _read_bid(said, deal.bids_up_to)
        if isinstance(bid, Bid) and not (deal.least and deal.least.refuses(bid.amount, run)):
            bids[said["buyer"]] = bid
        else:
            refused[said["buyer"]] = "below_floor" if isinstance(bid, Bid) else bid
    bids = {buyer: bid for buyer, bid in bids.items() if buyer in asked}
    silent = "timeout" if kept is None else "no_bid"
    return bids, {row.id: refused.get(row.id, silent) for row in rows if row.id not in bids}


def _ping(deal: Deal, rows: Sequence[Row], run: Run) -> Generator[Effect, Result, Result]:
    result = yield Ping(
        deal.step,
        round=run.round,
        bidders=tuple(row.buyer.asked(run, None) for row in rows),
        wait_ms=deal.wait_ms,
        enough=1 if deal.mode == "fastest" else None,
        least=least_bid(deal.least, deal.bids_up_to, run),
        most=deal.bids_up_to,
        view=run.at(deal.step),
    )
    run.move_to(datetime.fromisoformat(result["at"]))
    return result


def _read_bid(said: Mapping[str, Any], most: int) -> Bid | str:
    """Return the bid that an answer holds, or the reason why it holds none that could be meant."""
    if said["answer"] != "bid":
        return said.get("reason") or ("error" if said["answer"] == "not_asked" else str(said["answer"]))
    amount = said["bid"]
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= most:
        return "no_bid"
    return Bid(amount, said.get("bid_id"), said.get("ms") or 0)


def least_bid(least: Least | None, most: int, run: Run) -> int:
    """Return the lowest bid that brings enough, in minor units; one more than the highest when none does."""
    low, high = 1, most + 1
    while least and low < high:
        middle = (low + high) // 2
        if least.refuses(middle, run):
            low = middle + 1
        else:
            high = middle
    return low
