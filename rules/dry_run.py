"""Runs a lead through a flow with made-up answers; nobody is called and nothing is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from rules.effects import Close, Effect, Hold, Intake, Lists, Offer, Reserve
from rules.flow import Flow
from rules.interpreter import Recorded, Walk
from rules.running import Lead

MOST_EVENTS = 1000

LookUp = Callable[[str, str], bool | None]
"""Says whether a text is in a stored list, by the list's id; None when there is no such list."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """The answer that a buyer gives in a dry run; `price` in minor units, None for the offered one."""

    answer: Literal["accepted", "declined", "error", "unknown", "not_asked"] = "accepted"
    price: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """How the lead would end: `outcome` is None while it would wait. Money in minor units."""

    outcome: str | None
    reason: str | None
    revenue: int
    cost: int
    events: tuple[Recorded, ...]


def in_no_list(_list_id: str, _text: str) -> bool:
    """Say of every text that it is in no stored list."""
    return False


def dry_run(
    flow: Flow, lead: Lead, answers: Mapping[str, MadeUp], now: datetime, look_up: LookUp = in_no_list
) -> DryRun:
    """Return what would happen to a lead; buyers without an answer accept, caps have room, and a wait ends the run.

    Stored lists answer as `look_up` says, which is asked nothing else.
    """
    walk, events = Walk(flow, lead, now), list[Recorded]()
    while walk.effect and len(events) < MOST_EVENTS:
        effect = walk.effect
        if isinstance(effect, Hold):
            events.append(Recorded(walk.seq, effect.name, effect.step, effect.asks(), None))
            return DryRun(None, effect.reason, 0, 0, tuple(events))
        result = _looked_up(effect, look_up) if isinstance(effect, Lists) else _result(effect, lead, answers, now)
        events.append(Recorded(walk.seq, effect.name, effect.step, effect.asks(), result))
        walk.answer(result)
        if isinstance(effect, Close):
            return DryRun(effect.result, effect.reason, effect.revenue, effect.cost, tuple(events))
    raise RuntimeError("A dry run came to no end.")


def _looked_up(effect: Lists, look_up: LookUp) -> dict[str, Any]:
    return {"in": [look_up(list_id, text) for list_id, text in effect.values]}


def _result(effect: Effect, lead: Lead, answers: Mapping[str, MadeUp], now: datetime) -> dict[str, Any]:
    match effect:
        case Intake():
            outcome = "passed" if effect.accepted else "rejected"
            return {"outcome": outcome, "reason": effect.reason, "source": dict(lead.source)}
        case Reserve():
            return {"full": None}
        case Offer():
            made_up = answers.get(effect.buyer, MadeUp())
            price = effect.price if made_up.price is None else min(made_up.price, effect.price)
            answer = {"answer": made_up.answer, "reason": made_up.reason, "price": price}
            return answer | {"at": now.isoformat(), "full": None, "offer": None}
    return {}
