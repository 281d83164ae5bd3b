"""Runs a lead through a flow with made-up answers; nobody is called and nothing is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from rules.effects import Check, Close, Effect, Hold, Intake, Lists, LookUp, Offer, Ping, Quote, Reserve
from rules.flow import Flow
from rules.interpreter import Recorded, Walk
from rules.running import Lead

MOST_EVENTS = 1000
BIDS = 5000
"""Above what buyers bid that are not told otherwise, in minor units."""

InList = Callable[[str, str], bool | None]
"""Says whether a text is in a stored list, by the list's id; None when there is no such list."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """The answer that a buyer gives in a dry run; `price` in minor units, None for the offered one.

    `bid` is what it bids where it is asked for a bid, in minor units: 0 for no bid, None for one that is made up.
    """

    answer: Literal["accepted", "declined", "error", "unknown", "not_asked"] = "accepted"
    price: int | None = None
    reason: str | None = None
    bid: int | None = None


@dataclass(frozen=True, slots=True)
class MadeUpFind:
    """What a service says in a dry run; `values` are those of its answer, by the keys of the fields that they set."""

    answer: Literal["found", "not_found", "error", "timeout", "not_asked"] = "found"
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DryRun:
    """How the lead would end: `outcome` is None while it would wait. Money in minor units."""

    outcome: str | None
    reason: str | None
    revenue: int
    cost: int
    events: tuple[Recorded, ...]


NO_ZONES: Mapping[str, str] = {}
NO_FINDS: Mapping[str, MadeUpFind] = {}


def in_no_list(_list_id: str, _text: str) -> bool:
    """Say of every text that it is in no stored list."""
    return False


def dry_run(
    flow: Flow,
    lead: Lead,
    answers: Mapping[str, MadeUp],
    now: datetime,
    *,
    in_list: InList = in_no_list,
    zones: Mapping[str, str] = NO_ZONES,
    finds: Mapping[str, MadeUpFind] = NO_FINDS,
) -> DryRun:
    """Return what would happen to a lead; buyers without an answer accept, caps have room, and a wait ends the run.

    Stored lists answer as `in_list` says, which is asked nothing else; `zones` are the time zones of connections.
    `finds` are the answers of services, by the look-ups that ask them; without one they find the lead and add nothing.
    """
    walk, events = Walk(flow, lead, now), list[Recorded]()
    while walk.effect and len(events) < MOST_EVENTS:
        effect = walk.effect
        if isinstance(effect, Hold):
            events.append(Recorded(walk.seq, effect.name, effect.step, effect.asks(), None))
            return DryRun(None, effect.reason, 0, 0, tuple(events))
        match effect:
            case Lists():
                result = _listed(effect, in_list)
            case LookUp():
                result = _found(effect, finds.get(effect.step, MadeUpFind()), now)
            case _:
                result = made_up_result(effect, lead, answers, now)
        result = result | {"zones": {**zones}} if zones and isinstance(effect, Intake) else result
        events.append(Recorded(walk.seq, effect.name, effect.step, effect.asks(), result))
        walk.answer(result)
        if isinstance(effect, Close):
            return DryRun(effect.result, effect.reason, effect.revenue, effect.cost, tuple(events))
    raise RuntimeError("A dry run came to no end.")


def _listed(effect: Lists, in_list: InList) -> dict[str, Any]:
    return {"in": [in_list(list_id, text) for list_id, text in effect.values]}


def _found(effect: LookUp, find: MadeUpFind, now: datetime) -> dict[str, Any]:
    """Return what a look-up results in; only who is found has values."""
    why = {"timeout": "timeout", "error": "error", "not_asked": "paused"}.get(find.answer)
    said = {"at": now.isoformat(), "answer": find.answer, "reason": why, "offer": None}
    return said | effect.found(find.values if find.answer == "found" else {})


def made_up_result(effect: Effect, lead: Lead, answers: Mapping[str, MadeUp], now: datetime) -> dict[str, Any]:
    """Return what an effect results in when buyers answer as they are told; effects without a result give nothing."""
    match effect:
        case Intake():
            outcome = "passed" if effect.accepted else "rejected"
            return {"outcome": outcome, "reason": effect.reason, "source": dict(lead.source)}
        case Reserve():
            return {"full": None}
        case Check():
            return _checked(effect, answers, now)
        case Ping():
            return {"at": now.isoformat(), "bids": made_up_bids(effect, answers)}
        case Quote():
            return {"at": now.isoformat(), "answer": "posted"}
        case Offer():
            made_up = answers.get(effect.buyer, MadeUp())
            price = effect.price if made_up.price is None else min(made_up.price, effect.price)
            answer = {"answer": made_up.answer, "reason": made_up.reason, "price": price}
            return answer | {"at": now.isoformat(), "full": None, "offer": None}
    return {}


def made_up_bids(effect: Ping, answers: Mapping[str, MadeUp]) -> list[dict[str, Any]]:
    """Return what all bidders bid, in the order in which they are asked."""
    return [_bid(effect, at, answers) for at in range(len(effect.bidders))]


def _checked(effect: Check, answers: Mapping[str, MadeUp], now: datetime) -> dict[str, Any]:
    """Return that nothing was sold yet, and that all can be asked but those that are said not to be."""
    rows: dict[str, Any] = {}
    for row in effect.rows:
        made_up = answers.get(row["buyer"], MadeUp())
        reason = (made_up.reason or "paused") if made_up.answer == "not_asked" else None
        rows[row["buyer"]] = {"reason": reason, "full": None, "counts": [0] * len(row["counts"])}
    return {"at": now.isoformat(), "rows": rows, "cursor": None if effect.cursor is None else 0}


def _bid(effect: Ping, at: int, answers: Mapping[str, MadeUp]) -> dict[str, Any]:
    """Return the bid of one bidder; made-up ones fall from buyer to buyer, so that the first written is the best."""
    buyer = effect.bidders[at]["buyer"]
    bid = answers.get(buyer, MadeUp()).bid
    bid = BIDS + (len(effect.bidders) - at) * 100 if bid is None else bid
    said = {"buyer": buyer, "answer": "bid" if bid else "no_bid", "bid": bid or None}
    return said | {"bid_id": f"bid-{at + 1}" if bid else None, "ms": 100, "reason": None if bid else "no_bid"}
