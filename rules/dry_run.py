"""Runs a lead through a flow with made-up answers; nobody is called and nothing is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from rules.caps import MONEY
from rules.dry_world import WORLD, World
from rules.effects import (
    Asks,
    Await,
    Check,
    Close,
    Effect,
    Hold,
    Intake,
    Join,
    Lists,
    LookUp,
    Offer,
    Ping,
    Quote,
    Reserve,
    Result,
)
from rules.flow import Flow
from rules.interpreter import Recorded, Walk
from rules.running import Lead

MOST_EVENTS = 1000
BIDS = 5000
"""Above what buyers bid that are not told otherwise, in minor units."""
NO_ANSWER = {
    "retry_same": "No answer: the same buyer is asked again",
    "hold": "No answer: a person decides",
}
"""What a lead waits for whose buyer timed out, unless that counts as a no or as a failure."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """The answer that a buyer gives in a dry run; `price` in minor units, None for the offered one.

    `bid` is what it bids where it is asked for a bid, in minor units: 0 for no bid, None for one that is made up. One
    that is said to time out is taken as its `on_ambiguous` says; one of `unknown` was given up in the end.
    """

    answer: Literal["accepted", "declined", "error", "timeout", "unknown", "not_asked"] = "accepted"
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


NO_FINDS: Mapping[str, MadeUpFind] = {}
Answers = Mapping[str, MadeUp]


def dry_run(
    flow: Flow,
    lead: Lead,
    answers: Answers,
    now: datetime,
    *,
    world: World = WORLD,
    finds: Mapping[str, MadeUpFind] = NO_FINDS,
) -> DryRun:
    """Return what would happen to a lead in a world; buyers without an answer accept, and a wait ends the run.

    `finds` are the answers of services, by the look-ups that ask them; without one they find the lead and add nothing.
    """
    walk, events = Walk(flow, lead, now), list[Recorded]()
    while walk.effect and len(events) < MOST_EVENTS:
        effect = walk.effect
        pretending = _Pretending(lead, walk.state.view["lead"], answers, now, world, finds)
        result = pretending.result(effect)
        events.append(Recorded(walk.seq, effect.name, effect.step, effect.asks(), result))
        if result is None:
            left_open = [opened.effect for opened in walk.state.open.values()]
            return DryRun(None, pretending.waits_for(effect, left_open), 0, 0, tuple(events))
        walk.answer(result)
        if isinstance(effect, Close):
            return DryRun(effect.result, effect.reason, effect.revenue, effect.cost, tuple(events))
    raise RuntimeError("A dry run came to no end.")


def made_up_result(effect: Effect, lead: Lead, answers: Answers, now: datetime) -> Result | None:
    """Return what an effect results in when buyers answer as they are told; effects without a result give nothing."""
    return _Pretending(lead, lead.fields, answers, now, WORLD, NO_FINDS).result(effect)


def made_up_bids(
    effect: Ping, answers: Answers, why_not: Mapping[str, str | None] | None = None
) -> list[dict[str, Any]]:
    """Return what all bidders bid, in the order in which they are asked; `why_not` names those that are not."""
    refused = why_not or {}
    return [_bid(effect, at, answers, refused.get(one["buyer"])) for at, one in enumerate(effect.bidders)]


@dataclass(frozen=True, slots=True)
class _Pretending:
    """Answers effects in place of the world; `fields` are the lead's as the steps so far have changed them."""

    lead: Lead
    fields: Mapping[str, Any]
    answers: Answers
    now: datetime
    world: World
    finds: Mapping[str, MadeUpFind]

    def result(self, effect: Effect) -> Result | None:
        """Return what an effect results in, None where the lead would wait."""
        match effect:
            case Hold() | Await():
                return None
            case Intake():
                return self._taken_in(effect)
            case Reserve():
                return {"full": self.world.first_full(effect.caps)}
            case Lists():
                return {"in": [self.world.in_list(list_id, text) for list_id, text in effect.values]}
            case Join():
                return {"at": self.now.isoformat(), "rows": [], "is_dry": True}
            case LookUp():
                return self._found(effect, self.finds.get(effect.step, MadeUpFind()))
            case Check() | Ping() | Quote() | Offer():
                return self._sold(effect)
        return {}

    def waits_for(self, effect: Effect, left_open: Sequence[Offer]) -> str | None:
        """Return in words what a lead waits for at the effect that ended its run; some offers may be open."""
        if isinstance(effect, Hold):
            return effect.reason
        waits = [effect] if isinstance(effect, Offer) else left_open
        return NO_ANSWER[self._on_timeout(waits[0])] if waits else None

    def _sold(self, effect: Check | Ping | Quote | Offer) -> Result | None:
        match effect:
            case Check():
                return self._checked(effect)
            case Ping():
                why_not = {one["buyer"]: self._why_not(one) for one in effect.bidders}
                return {"at": self.now.isoformat(), "bids": made_up_bids(effect, self.answers, why_not)}
            case Offer():
                return self._turned_away(effect) or self._answered(effect, self.answers.get(effect.buyer, MadeUp()))
        return {"at": self.now.isoformat(), "answer": "posted"}

    def _taken_in(self, effect: Intake) -> Result:
        """Return whether the door lets the lead in: the source's rule, the flow's, lists, duplicates, then caps."""
        said: dict[str, Any] = {"outcome": "passed", "reason": effect.reason, "source": dict(self.lead.source)}
        if self.world.zones:
            said["zones"] = {**self.world.zones}
        against = self.world.at_door(self.lead.fields, self.lead.posted)
        if against:
            return {**said, **against}
        if not effect.accepted:
            return said | {"outcome": "rejected"}
        if self.world.is_suppressed(self.lead.fields):
            return said | {"outcome": "suppressed"}
        asked = effect.duplicates
        if asked and asked["by"] and self.world.seen("", asked, self.lead.fields):
            return said | {"outcome": "duplicate"}
        full = self.world.first_full(effect.caps)
        return said | {"outcome": "full", "full": full} if full else said

    def _found(self, effect: LookUp, find: MadeUpFind) -> Result:
        """Return what a look-up results in; only who is found has values."""
        why = {"timeout": "timeout", "error": "error", "not_asked": "paused"}.get(find.answer)
        said = {"at": self.now.isoformat(), "answer": find.answer, "reason": why, "offer": None}
        return said | effect.found(find.values if find.answer == "found" else {})

    def _checked(self, effect: Check) -> Result:
        """Return what was sold so far, and that all can be asked but those that are said not to be."""
        rows: dict[str, Any] = {}
        for row in effect.rows:
            made_up = self.answers.get(row["buyer"], MadeUp())
            is_asked = made_up.answer != "not_asked"
            reason = self._why_not(row) if is_asked else made_up.reason or "paused"
            full = None if reason else self.world.first_full(row.get("caps", ()))
            counts = [self.world.used(one) for one in row["counts"]]
            rows[row["buyer"]] = {"reason": "cap_reached" if full else reason, "full": full, "counts": counts}
        cursor = None if effect.cursor is None else self.world.used(effect.cursor)
        return {"at": self.now.isoformat(), "rows": rows, "cursor": cursor}

    def _turned_away(self, effect: Offer) -> Result | None:
        """Return the result of an offer that the world does not let be made, None where it does."""
        why = self._why_not({"connection": effect.connection, "duplicates": effect.duplicates})
        full = None if why else self.world.first_full(effect.caps)
        if not why and not full:
            return None
        said = {"answer": "not_asked", "reason": why or "cap_reached", "price": 0, "reference": None}
        return said | {"at": self.now.isoformat(), "full": full, "offer": None}

    def _answered(self, effect: Offer, made_up: MadeUp) -> Result | None:
        """Return what a buyer answers; one that timed out is waited for (None), unless others are asked meanwhile."""
        said = {"answer": made_up.answer, "reason": made_up.reason, "price": self._price(effect, made_up)}
        if made_up.answer == "timeout":
            meaning = self._on_timeout(effect)
            if meaning in NO_ANSWER and not effect.leaves:
                return None
            if meaning in NO_ANSWER:
                return said | {"answer": "open", "at": self.now.isoformat(), "full": None, "offer": 0}
            waited = effect.timeout_ms or self.world.standing(effect.connection).timeout_ms
            answer = "declined" if meaning == "treat_as_declined" else "error"
            said |= {"answer": answer, "reason": "timeout", "waited_ms": waited}
        return said | {"at": self.now.isoformat(), "full": None, "offer": None}

    def _price(self, effect: Offer, made_up: MadeUp) -> int:
        """Return what the buyer pays: at most what it was offered for, unless it sets the price, or what it bid."""
        if made_up.price is None:
            return effect.price
        is_bounded = any(cap["cap"].endswith(MONEY) for cap in effect.caps)
        sets_price = self.world.standing(effect.connection).sets_price and not is_bounded
        price = made_up.price if sets_price else min(made_up.price, effect.price)
        return price if effect.bid is None else min(price, effect.bid)

    def _on_timeout(self, effect: Offer) -> str:
        """Return what no answer means; what the step leaves open is the connection's setting."""
        return str(effect.policy.get("on_ambiguous") or self.world.standing(effect.connection).on_ambiguous)

    def _why_not(self, asked: Asks) -> str | None:
        return self.world.why_not(asked, self.fields, self.lead.received_at, self.now)


def _bid(effect: Ping, at: int, answers: Answers, why_not: str | None) -> dict[str, Any]:
    """Return the bid of one bidder; made-up ones fall from buyer to buyer, so that the first written is the best."""
    buyer = effect.bidders[at]["buyer"]
    made_up = answers.get(buyer, MadeUp())
    if why_not or made_up.answer == "timeout":
        answer, reason = ("not_asked", why_not) if why_not else ("timeout", "timeout")
        return {"buyer": buyer, "answer": answer, "bid": None, "bid_id": None, "ms": None, "reason": reason}
    bid = made_up.bid
    bid = BIDS + (len(effect.bidders) - at) * 100 if bid is None else bid
    said = {"buyer": buyer, "answer": "bid" if bid else "no_bid", "bid": bid or None}
    return said | {"bid_id": f"bid-{at + 1}" if bid else None, "ms": 100, "reason": None if bid else "no_bid"}
