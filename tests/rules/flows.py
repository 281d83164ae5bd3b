"""Flows and leads for tests of the language, and a world that answers effects from a script."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.effects import (
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
    Settle,
    taken_apart,
)
from rules.flow import Flow, parse_flow
from rules.interpreter import Recorded, Walk
from rules.running import Lead

NOW = datetime(2026, 11, 20, 18, 41, 58, tzinfo=UTC)
FIELDS = [
    {"key": "email", "type": "email"},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "bill", "type": "money", "label": "Monthly bill"},
]
CA_SOLAR = {
    "filter": {
        "id": "f",
        "continue_if": {
            "and": [{"any_of": [{"var": "lead.state"}, ["CA"]]}, {"is": [{"var": "lead.product"}, "solar"]}]
        },
        "reason": "Not CA solar",
    }
}
OFFICE_HOURS = {"time_zone": "America/Los_Angeles", "days": ["mon"], "from": "08:00", "to": "18:00"}


def buyer(identifier: str = "a", **settings: Any) -> dict[str, Any]:
    """Write a buyer step."""
    return {"buyer": {"id": identifier, "connection": f"con_{identifier}", "price": 42, **settings}}


def a_bidder(identifier: str = "a", **settings: Any) -> dict[str, Any]:
    """Write a row, as a buyer step, that names no price and so makes bids."""
    return {"buyer": {"id": identifier, "connection": f"con_{identifier}", **settings}}


def document(*steps: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Write a flow with some steps."""
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": FIELDS,
        "steps": list(steps),
        "fallback": {"id": "end", "do": "reject"},
    } | settings


def a_flow(*steps: dict[str, Any], **settings: Any) -> Flow:
    """Read a flow that has no problems."""
    flow, problems = parse_flow(document(*steps, **settings))
    assert flow is not None, problems
    return flow


def a_lead(**fields: Any) -> Lead:
    """Make a lead from CA for solar."""
    values = {"email": "ana@example.com", "state": "CA", "product": "solar", "bill": 180} | fields
    source = {"id": "src_1", "name": "WebForms Co", "cost": {"share": 75}, "is_test": False}
    return Lead("lead-1", values, values, source, NOW)


@dataclass
class World:
    """Answers effects: `answers` holds what each buyer says in turn, `full` the caps without room.

    A buyer that says `open` answers later, in the order of `later`, or else in which they were asked. An offer that is
    not left open waits for that.

    `lists` holds the entries of stored lists; one that is not there answers that it is gone. `refused` says who cannot
    be asked and why, `counts` what was sold to each, `last` whose turn it was, `bids` what each bids: an amount in
    minor units, or why it does not. `finds` are the values that services find, by the look-up that asks them, or a word
    for why they do not. `campaigns` are the rows that each has whenever it is asked, the last ones again and again,
    `zones` the time zones that are said with them. `settled` is what the last group said of those that did not get the
    lead, `held` the wait at which the lead was left.
    """

    answers: Mapping[str, list[str]] = field(default_factory=dict)
    full: set[str] = field(default_factory=set)
    intake: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, set[str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, list[int]] = field(default_factory=dict)
    last: int = 0
    bids: Mapping[str, Any] = field(default_factory=dict)
    finds: Mapping[str, Any] = field(default_factory=dict)
    campaigns: Mapping[str, list[list[Any]]] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)
    settled: Settle | None = None
    now: datetime = NOW
    most_holds: int = 10
    said: list[tuple[str, str, str | None]] = field(default_factory=list)
    events: list[Recorded] = field(default_factory=list)
    details: list[Any] = field(default_factory=list)
    numbers: int = 0
    prices: dict[str, int] = field(default_factory=dict)
    ended: Close | None = None
    held: Hold | None = None

    def carry(self, flow: Flow, lead: Lead) -> "World":
        """Carry a lead to its end, or until it has been held often enough."""
        walk, holds = Walk(flow, lead, self.now), 0
        while walk.effect:
            effect = walk.effect
            holds += isinstance(effect, Hold)
            if isinstance(effect, Hold) and holds > self.most_holds:
                self.held = effect
                break
            result = self._answer(effect)
            whose = result["buyer"] if isinstance(effect, Await) else effect.step
            self.said.append((whose, *effect.outcome(result)))
            self.events.append(Recorded(walk.seq, effect.name, effect.step, effect.asks(), result))
            self.details.append(taken_apart(result)[1] or effect.detail)
            self.ended = effect if isinstance(effect, Close) else None
            walk.answer(result)
        return self

    @property
    def trail(self) -> list[str]:
        """Return each step with its outcome, without the first and the last event."""
        return [f"{step} {outcome}" for step, outcome, _ in self.said[1:-1]]

    @property
    def end(self) -> tuple[str, str | None, str | None]:
        """Return the lead's outcome, code and reason."""
        assert self.ended is not None
        return self.ended.result, self.ended.code, self.ended.reason

    def _answer(self, effect: Effect) -> dict[str, Any]:
        if isinstance(effect, Settle):
            self.settled = effect
        if isinstance(effect, Check | Ping | Quote | Offer | Join | Await):
            return self._asked(effect)
        match effect:
            case Intake():
                outcome = {"outcome": "passed" if effect.accepted else "rejected", "reason": effect.reason}
                return outcome | dict(self.intake)
            case Reserve():
                return {"full": next((ask["cap"] for ask in effect.caps if ask["cap"] in self.full), None)}
            case Lists():
                return {
                    "in": [text in self.lists[name] if name in self.lists else None for name, text in effect.values]
                }
            case LookUp():
                return self._find(effect)
            case Hold():
                self.now = datetime.fromisoformat(effect.until) if effect.until else self.now + timedelta(days=1)
                return {"now": self.now.isoformat()}
        return {}

    def _asked(self, effect: Check | Ping | Quote | Offer | Join | Await) -> dict[str, Any]:
        match effect:
            case Await():
                return self._await(effect)
            case Join():
                left = self.campaigns.get(effect.campaign, [[]])
                rows = left.pop(0) if len(left) > 1 else left[0]
                return {"at": self.now.isoformat(), "rows": rows} | ({"zones": self.zones} if self.zones else {})
            case Quote():
                return {"at": self.now.isoformat(), "answer": "posted"}
            case Check():
                return self._check(effect)
            case Ping():
                bids = [self._bid(one["buyer"], at) for at, one in enumerate(effect.bidders)]
                return {"at": self.now.isoformat(), "bids": bids}
        return self._offer(effect)

    def _find(self, effect: LookUp) -> dict[str, Any]:
        """Answer a look-up: values are found, a word says why there are none."""
        said = self.finds.get(effect.step, {})
        answer, values = (said, {}) if isinstance(said, str) else ("found", said)
        why = {"error": "error", "timeout": "timeout", "not_asked": "paused"}.get(answer)
        told = {"at": self.now.isoformat(), "answer": answer, "reason": why, "offer": None}
        return told | effect.found(values)

    def _check(self, effect: Check) -> dict[str, Any]:
        rows = {row["buyer"]: self._checked(row) for row in effect.rows}
        return {"at": self.now.isoformat(), "rows": rows, "cursor": self.last if effect.cursor else None}

    def _checked(self, row: Mapping[str, Any]) -> dict[str, Any]:
        full = next((ask["cap"] for ask in row["caps"] if ask["cap"] in self.full), None)
        counts = self.counts.get(row["buyer"], [0] * len(row["counts"]))
        reason = "cap_reached" if full else self.refused.get(row["buyer"])
        return {"reason": reason, "full": full, "counts": counts}

    def _bid(self, bidder: str, at: int) -> dict[str, Any]:
        """Answer a ping: an amount is a bid, a word why there is none; later ones take longer."""
        said = self.bids.get(bidder, "no_bid")
        if isinstance(said, str):
            return {"buyer": bidder, "answer": said, "bid": None, "bid_id": None, "ms": None, "reason": None}
        return {"buyer": bidder, "answer": "bid", "bid": said, "bid_id": f"id-{bidder}", "ms": 100 + at, "reason": None}

    def _offer(self, effect: Offer) -> dict[str, Any]:
        full = next((ask["cap"] for ask in effect.caps if ask["cap"] in self.full), None)
        word = self._says(effect.buyer)
        if word == "open" and not effect.leaves:
            word = self._says(effect.buyer)
        self.numbers += 1
        self.prices[effect.buyer] = effect.price
        answer, _, reason = ("not_asked", "", "cap_reached") if full else word.partition(" ")
        told = {"answer": answer, "reason": reason or None, "price": effect.price, "full": full}
        return told | {"at": self.now.isoformat(), "offer": self.numbers, "reference": None}

    def _await(self, effect: Await) -> dict[str, Any]:
        first = next((buyer for buyer in self.later if buyer in effect.offers), next(iter(effect.offers)))
        answer, _, reason = self._says(first).partition(" ")
        told = {"answer": answer, "reason": reason or None, "price": self.prices[first], "full": None}
        return told | {"at": self.now.isoformat(), "offer": effect.offers[first], "reference": None, "buyer": first}

    def _says(self, buyer: str) -> str:
        left = self.answers.get(buyer, ["accepted"])
        return left.pop(0) if len(left) > 1 else left[0]


def transform(*settings: Any, identifier: str = "t", **rest: Any) -> dict[str, Any]:
    """Write a transform."""
    return {"transform": {"id": identifier, "set": list(settings), **rest}}


def look_up(identifier: str = "l", **settings: Any) -> dict[str, Any]:
    """Write a look-up; without a source it asks a service for the grade of the lead."""
    sources = {"connection", "list", "score"} & settings.keys()
    service = {"connection": "con_grades", "outputs": [["grade", "body.grade"]]}
    return {"look_up": {"id": identifier, **({} if sources else service), **settings}}


def split(*cases: tuple[str, Any, list[Any]], rest: list[Any] | None = None, identifier: str = "s") -> dict[str, Any]:
    """Write a split by rules: name, rule and steps of each lane, and the lane for everything else."""
    lanes = [{"name": name, "when": when, "steps": steps} for name, when, steps in cases]
    return {"split": {"id": identifier, "cases": lanes, "else": rest or []}}


def shares(*lanes: tuple[int, list[Any]], identifier: str = "s") -> dict[str, Any]:
    """Write a split by percent."""
    return {"split": {"id": identifier, "percent": [{"share": share, "steps": steps} for share, steps in lanes]}}


def group(*rows: dict[str, Any], identifier: str = "g", **settings: Any) -> dict[str, Any]:
    """Write a group of buyers, each given as a buyer step, that are asked in turn unless a `mode` is named."""
    buyers = [row["buyer"] for row in rows]
    return {"group": {"id": identifier, "mode": "waterfall", "buyers": buyers, **settings}}
