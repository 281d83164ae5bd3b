"""Answers the effects of a lead's new run from what is recorded of it, and from the caps as they would have been."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from rules.backtest.ledger import Windows, scope_of
from rules.backtest.past import HAS_IT, Asks, Past, Said, Taken, key_of, take_offer
from rules.effects import Check, Effect, Hold, Intake, Join, Lists, LookUp, Offer, Ping, Quote, Reserve, Result

Assumed = Literal["accept", "decline"]
Listed = Mapping[tuple[str, str], bool | None]
"""Whether values are in stored lists that nobody asked about then, by list and text."""

DECIDED_ANEW = ("cap_reached", "duplicate", "mix_full")
"""Why a buyer was not asked then, as far as that is worked out again; of all else nobody can know better."""


@dataclass(slots=True)
class World:
    """The world of one lead: `assumed` are the buyers that no answer is recorded of, `wanted` lists to look up."""

    past: Past
    windows: Windows
    zones: Mapping[str, str]
    buyers: Assumed
    horizon: datetime
    listed: Listed
    wanted: set[tuple[str, str]]
    assumed: set[str] = field(default_factory=set)
    asked: dict[Any, int] = field(default_factory=dict)
    places: list[Asks] = field(default_factory=list)

    def answer(self, effect: Effect, now: datetime) -> Result | None:
        """Return what an effect results in at a moment of the run, None when the lead would wait."""
        perform: Callable[[Any, datetime], Result | None] | None = getattr(self, f"_{effect.name}", None)
        return perform(effect, now) if perform else {}

    def end(self, outcome: str) -> None:
        """Give back what is only kept by a lead that is sold."""
        self._give_back(keeps=outcome == "sold")
        self.windows.now.ended[self.past.lead.id] = outcome

    def _intake(self, effect: Intake, now: datetime) -> Result:
        was = self._next("intake", self.past.intakes)
        recorded: Mapping[str, Any] = (was.result if was else None) or {}
        known: dict[str, Any] = {"source": dict(self.past.lead.source)}
        zones = {**self.zones, **recorded.get("zones", {})}
        known |= {"zones": zones} if zones else {}
        outcome = recorded.get("outcome")
        if outcome in ("paused", "error") or (outcome == "rejected" and was and was.asks["accepted"]):
            return {**recorded, **known}
        if not effect.accepted:
            return known | {"outcome": "rejected", "reason": effect.reason}
        if self._is_duplicate(effect, was, outcome, now):
            return known | {"outcome": "duplicate", "reason": None}
        if outcome == "full" and str(recorded["full"]).startswith("source/"):
            return {**recorded, **known}
        full = self._full(effect.caps, {ask["cap"]: Said(ask, recorded) for ask in (was.asks["caps"] if was else ())})
        if full is None:
            self._hold_places(effect.caps)
        return known | {"outcome": "full" if full else "passed", "reason": None, "full": full, "places": []}

    def _is_duplicate(self, effect: Intake, was: Said | None, outcome: Any, now: datetime) -> bool:
        asked = effect.duplicates
        if not asked or not asked["by"]:
            return False
        scope, recorded = scope_of(self.past, asked), was.asks["duplicates"] if was else None
        is_known = outcome == "duplicate"
        found = self.windows.is_duplicate(self.past, scope, asked, recorded, now, was=is_known)
        if not found:
            self.windows.now.claim(self.past, scope, asked, now, is_buyer=False)
        return found

    def _reserve(self, effect: Reserve, now: datetime) -> Result:  # noqa: ARG002  (every effect is asked the same way)
        found = {ask["cap"]: self._next(ask["cap"], self.past.reserved.get(ask["cap"], [])) for ask in effect.caps}
        full = self._full(effect.caps, {cap: said for cap, said in found.items() if said})
        if full is None:
            self._hold_places(effect.caps)
        return {"full": full, "places": []}

    def _lists(self, effect: Lists, now: datetime) -> Result:  # noqa: ARG002
        return {"in": [self._is_in(pair, value) for pair, value in zip(effect.pairs, effect.values, strict=True)]}

    def _is_in(self, pair: tuple[str, str], value: tuple[str, str]) -> bool | None:
        if pair in self.past.listed:
            return self.past.listed[pair]
        if value not in self.listed:
            self.wanted.add(value)
        return self.listed.get(value, False)

    def _join(self, effect: Join, now: datetime) -> Result:
        """Return the rows that the campaign had then; nobody knows those of one that was not asked."""
        recorded = self._next(("join", effect.campaign), self.past.campaigns.get(effect.campaign, []))
        return {**(recorded or {"rows": []}), "at": self._time("join", now)}

    def _check(self, effect: Check, now: datetime) -> Result:
        rows = {row["buyer"]: self._facts(row, now) for row in effect.rows}
        cursor = None
        if effect.cursor:
            key = key_of(effect.cursor)
            cursor = self.windows.cursor(effect.cursor, self._next(key, self.past.cursors.get(key, [])))
        return {"at": self._time("check", now), "rows": rows, "cursor": cursor}

    def _facts(self, row: Asks, now: datetime) -> dict[str, Any]:
        who = row["buyer"], row["connection"]
        was = self._next(("check", *who), self._of(self.past.facts, who))
        recorded: Mapping[str, Any] = (was.result if was else None) or {}
        counted = (
            {key_of(ask): many for ask, many in zip(was.asks["counts"], recorded["counts"], strict=True)} if was else {}
        )
        counts = [self.windows.count(ask, counted.get(key_of(ask))) for ask in row["counts"]]
        reason, full = recorded.get("reason"), None
        if reason in (None, *DECIDED_ANEW):
            reason = "duplicate" if self._had_the_person(row, was, now) else None
            full = None if reason else self._full(row["caps"], _by_cap(was))
            reason = "cap_reached" if full else reason
        until = {"until": recorded["until"]} if "until" in recorded and reason == recorded["reason"] else {}
        return {"reason": reason, "full": full, "counts": counts} | until

    def _ping(self, effect: Ping, now: datetime) -> Result:
        bids = [self._bid(bidder, effect) for bidder in effect.bidders]
        return {"at": self._time("ping", now), "bids": bids}

    def _bid(self, bidder: Asks, effect: Ping) -> Mapping[str, Any]:
        who = bidder["buyer"], bidder["connection"]
        was = self._next(("ping", *who), self._of(self.past.bids, who))
        if was and was.result:
            return {**was.result, "buyer": bidder["buyer"]}
        self.assumed.add(bidder["buyer"])
        least = effect.least if self.buyers == "accept" and effect.least <= (effect.most or effect.least) else None
        said = {"buyer": bidder["buyer"], "answer": "bid" if least else "no_bid", "bid": least, "bid_id": None}
        return said | {"ms": 0, "reason": None if least else "no_bid"}

    def _quote(self, effect: Quote, now: datetime) -> Result:  # noqa: ARG002
        return {"at": self._time("quote", now), "answer": "posted"}

    def _offer(self, effect: Offer, now: datetime) -> Result | None:
        asks, who = effect.asks(), (effect.buyer, effect.connection)
        sayings = self._of(self.past.offers, who)
        was = self._next(("offer", *who), sayings)
        if was and was.result is None:
            return None
        recorded: Mapping[str, Any] = (was.result if was else None) or {}
        if recorded.get("answer") == "not_asked" and recorded["reason"] not in DECIDED_ANEW:
            return {**recorded, "at": self._later(recorded["at"], now)}
        if self._had_the_person(asks, was, now):
            return _not_asked(now, "duplicate", None)
        full = self._full(asks["caps"], _by_cap(was))
        if full:
            return _not_asked(now, "cap_reached", full)
        return self._answered(effect, was, sayings, now)

    def _answered(self, effect: Offer, was: Said | None, sayings: list[Said], now: datetime) -> Result:
        """Return the answer that is recorded, or the assumed one of a buyer that has never answered for this lead."""
        answers = [one for one in (was, *sayings) if one and one.result and one.result["answer"] != "not_asked"]
        if answers:
            recorded: Mapping[str, Any] = answers[0].result or {}
            at = self._later(recorded["at"], now)
            result = {**recorded, "at": at, "price": _price(effect, answers[0]), "full": None}
        else:
            self.assumed.add(effect.buyer)
            is_sold = self.buyers == "accept"
            said = {"answer": "accepted", "reason": None} if is_sold else {"answer": "declined", "reason": "rejected"}
            result = _not_asked(now, "", None) | said | {"price": effect.price}
        if result["answer"] in HAS_IT:
            taken = Taken(now)
            take_offer(taken, effect.asks(), result)
            self.windows.now.add(self.past, taken)
        return result

    def _look_up(self, effect: LookUp, now: datetime) -> Result | None:
        asks = effect.asks()
        was = self._next(("look_up", asks["connection"]), self.past.found.get(asks["connection"], []))
        if was is None:
            said = {"at": now.isoformat(), "answer": "found", "reason": None, "offer": None}
            return said | effect.found({})
        if was.result is None:
            return None
        at = self._later(was.result["at"], now)
        if was.asks["outputs"] == asks["outputs"] or was.result["answer"] != "found":
            return {**was.result, "at": at}
        wanted = {key for key, _written in asks["outputs"]}
        values = {key: after for key, (_, after) in was.result.get("changes", {}).items() if key in wanted}
        return {**was.result, "at": at} | effect.found(values)

    def _hold(self, effect: Hold, now: datetime) -> Result | None:  # noqa: ARG002
        self._give_back(keeps=effect.keeps)
        was = self._next("hold", self.past.holds)
        if was and was[0] == effect.step and was[1].asks == effect.asks():
            recorded: Result | None = was[1].result
            return recorded
        if effect.until is None or datetime.fromisoformat(effect.until) > self.horizon:
            return None
        return {"now": effect.until} | ({"zones": dict(self.zones)} if self.zones else {})

    def _had_the_person(self, asks: Asks, was: Said | None, now: datetime) -> bool:
        asked = asks.get("duplicates")
        if not asked or not asked["by"]:
            return False
        is_known = bool(was and was.result and was.result["reason"] == "duplicate")
        recorded = was.asks.get("duplicates") if was else None
        return self.windows.is_duplicate(self.past, asks["connection"], asked, recorded, now, was=is_known)

    def _full(self, caps: Any, recorded: Mapping[str, Said]) -> str | None:
        """Return the first cap that would have no place, None when all have."""
        for ask in caps:
            said = recorded.get(ask["cap"])
            full = said.result.get("full") if said and said.result else None
            was_full = None if said is None or (full is not None and full != ask["cap"]) else full == ask["cap"]
            if self.windows.is_full(ask, said.asks if said else None, was_full=was_full):
                return str(ask["cap"])
        return None

    def _hold_places(self, caps: Any) -> None:
        for ask in caps:
            self.windows.now.take(key_of(ask), ask["take"])
            self.places.append(ask)

    def _give_back(self, *, keeps: bool) -> None:
        for ask in () if keeps else self.places:
            if not ask["keep"]:
                self.windows.now.take(key_of(ask), -ask["take"])
        self.places = self.places if keeps else []

    def _of(self, said: Mapping[tuple[str, str], list[Said]], who: tuple[str, str]) -> list[Said]:
        """Return what is recorded of a buyer, else of another one with the same connection."""
        return said.get(who) or next((found for (_, other), found in said.items() if other == who[1]), [])

    def _next(self, what: Any, said: Any) -> Any:
        """Return what is recorded of the next time that something is asked, of the last one once all were told."""
        number = self.asked[what] = self.asked.get(what, -1) + 1
        return said[min(number, len(said) - 1)] if said else None

    def _time(self, effect: str, now: datetime) -> str:
        """Return when an effect was done then, or now where it is asked for the first time."""
        return self._later(self._next(("time", effect), self.past.times.get(effect, [])), now)

    def _later(self, recorded: str | None, now: datetime) -> str:
        return recorded if recorded and datetime.fromisoformat(recorded) >= now else now.isoformat()


def _by_cap(was: Said | None) -> dict[str, Said]:
    """Return what was said of each cap that an offer asked for, nothing where another reason came first."""
    if was is None or was.result is None or was.result.get("reason") == "duplicate":
        return {}
    return {ask["cap"]: Said(ask, {"full": was.result.get("full")}) for ask in was.asks["caps"]}


def _price(effect: Offer, was: Said) -> int:
    """Return what a buyer pays that answered then: what it is offered for now, or less where it said so itself."""
    paid = int((was.result or {})["price"])
    return min(paid, effect.price) if paid != was.asks["price"] else effect.price


def _not_asked(now: datetime, reason: str, full: str | None) -> dict[str, Any]:
    said = {"at": now.isoformat(), "answer": "not_asked", "reason": reason, "price": 0}
    return said | {"reference": None, "offer": None, "full": full}
