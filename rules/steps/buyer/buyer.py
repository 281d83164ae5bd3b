"""Buyer: offers the lead to one buyer, and says what happens with every kind of answer."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from rules.areas import Area
from rules.caps import Cap, Counter
from rules.duplicates import Duplicates
from rules.earnings import Least
from rules.effects import Asks, Check, Effect, Leaves, Note, Offer, Result
from rules.hours import Hours, in_zone, is_open, next_opening, open_until
from rules.logic import Rule, truthy
from rules.mixes import Mix
from rules.money import exponent_of, price_in_minor
from rules.retry import Policy
from rules.running import BY_HAND, CanBeOffered, End, Interpreting, Next, Opened, Run, Verdict, WaitsFor
from rules.steps.base import Common, Exit, Words
from rules.steps.cap import reset_of
from rules.steps.ways import Way, Ways, Why, as_told, follow
from rules.suppressing import Suppression
from rules.values import Value

NEVER_AGAIN = ("accepted", "declined", "unknown", "open")
MAYBE = End("error", "unknown", "A buyer may have taken the lead and never answered")
SKIPPED: dict[str, str] = {
    "rule_not_met": "Does not fit this buyer",
    "missing_field": "A field that this buyer needs is blank",
    "outside_hours": "This buyer is closed now",
    "cap_reached": "This buyer's cap is reached",
    "duplicate": "This buyer was offered the same person before",
    "suppressed": "This person is on a suppression list of the buyer",
    "compliance_missing": "The consent that this buyer asks for is missing",
    "below_floor": "The price is below what the seller asks for",
    "breaker_open": "This buyer failed too often just now",
    "no_funds": "This buyer has no funds",
    "exclusive_taken": "The lead is sold already",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a group decided about one offer: its price in minor units, and the bid that it comes from, if there was one.

    `counts` are windows in which the sale is counted, `cursor` is whose turn it is after it.
    """

    price: int
    counts: tuple[Asks, ...] = ()
    cursor: Asks | None = None
    bid: int | None = None
    bid_id: str | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """One buyer on the rail; all that is written on its card.

    `price` is None for one that makes bids. `areas` are where it takes leads from, () for everywhere; `counters` are
    windows in which its sales are counted. One that is `alone` shares a lead with nobody.
    """

    kind: ClassVar[str] = "buyer"
    label: ClassVar[str] = "Buyer"
    common: Common
    connection: str
    price: Value | None
    price_written: Any
    when: Rule | None
    requires: tuple[str, ...]
    caps: tuple[Cap, ...]
    hours: Hours
    ways: Ways
    policy: Policy
    policy_written: dict[str, Any]
    timeout_ms: int | None
    sells_on: bool
    least: Least | None = None
    areas: tuple[Area, ...] = ()
    counters: tuple[Counter, ...] = ()
    duplicates: Duplicates | None = None
    suppress: tuple[Suppression, ...] = ()
    alone: bool = False

    def sentence(self, words: Words) -> str:
        """Return `Offer to Sunrise Energy at $42.00, up to 100 a day`."""
        return f"Offer to {self.terms(words)}"

    def terms(self, words: Words) -> str:
        """Return `Sunrise Energy at $42.00, up to 100 a day`."""
        price = words.value(self.price_written, words.currency)
        return f"{words.buyer(self.connection)} at {price}{self.say_caps(words)}"

    def say_caps(self, words: Words) -> str:
        """Return `, up to 100 a day`; nothing for a buyer without caps."""
        return "".join(f", up to {cap.say(words.currency)}" for cap in self.caps)

    def exits(self, words: Words, following: str = "next step") -> tuple[Exit, ...]:
        """Return the ways out; those that lead to the same place share one exit."""
        sold = Exit("ok", "Accepts: sold, goes on to others" if self.sells_on else "Accepts: sold, stop here")
        return sold, *self.other_exits(words, following)

    def other_exits(self, words: Words, following: str) -> tuple[Exit, ...]:
        """Return the ways out of a buyer that did not say yes; `following` is what its way `next` leads to."""
        told: dict[Way, list[str]] = {}
        for when, way in self._worded_ways():
            told.setdefault(way, []).append(when)
        exits = (way.exit(_listed(whens), words, following=following) for way, whens in told.items())
        return *exits, self._ambiguous_exit()

    def interpret(self, run: Run) -> Interpreting:
        """Offer the lead here, and to the buyer that a way names; then follow this step's own way."""
        return (yield from self.ask(run, self.common.id))

    def ask(self, run: Run, resume: str, *, leaves: Leaves = "") -> Interpreting:
        """Offer the lead as `interpret` does; a lead that has to wait goes on at the step `resume`."""
        verdict, why = yield from self.offer(run, leaves=leaves)
        return (yield from self.follow_on(run, resume, verdict, why))

    def follow_on(self, run: Run, resume: str, verdict: Verdict | Way, why: Why) -> Interpreting:
        """Return the verdict that a way means; a buyer that it names is offered the lead first."""
        asked = {self.common.id}
        buyer: CanBeOffered = self
        while isinstance(verdict, Way) and verdict.kind == "buyer" and verdict.target not in asked:
            asked.add(verdict.target)
            buyer = run.buyers[verdict.target]
            verdict, why = yield from buyer.offer(run)
        if not isinstance(verdict, Way):
            return verdict
        return follow(verdict, run, resume, why) if buyer is self else Next()

    def offer(
        self, run: Run, terms: Terms | None = None, leaves: Leaves = ""
    ) -> Generator[Effect, Result, tuple[Verdict | Way, Why]]:
        """Yield the offer, or a note why none is made; return a verdict, or the way to follow and why.

        Without the terms of a group it is offered at its own price, unless its group has sold the lead already or its
        mix has no room for it. With one that it `leaves` open the lead goes on.
        """
        skipped = self.reason_not_to_ask(run, terms) or (None if terms else self.reason_it_is_taken(run))
        if not skipped and terms is None:
            terms = yield from self._own_terms(run)
        if skipped or terms is None:
            reason = skipped or "mix_full"
            yield Note(self.common.id, "skipped", reason)
            run.remember(self.common.id, "skipped", reason)
            return self.when_skipped(run, reason)
        effect = self._effect(run, terms, leaves)
        result = yield effect
        run.move_to(datetime.fromisoformat(result["at"]))
        return self._read(result, run, effect)

    def hear(self, run: Run, result: Result) -> tuple[Verdict | Way, Why]:
        """Return the same once it is known what came of an offer that was left open."""
        # It may have been known before the answer of another, which the run has taken up already.
        run.move_to(max(run.now, datetime.fromisoformat(result["at"])))
        return self._read(result, run, run.take_up(self.common.id).effect)

    def when_skipped(self, run: Run, reason: str) -> tuple[Way, Why]:
        """Return the way of a lead that is not offered to this buyer for a reason, and why it goes there."""
        said = SKIPPED.get(reason, "Was asked before")
        way = self.ways.after("not_asked", reason)
        if reason != "outside_hours":
            return way, Why(reason, said)
        return way, Why(reason, said, next_opening(self._hours(run), run.now), "hours")

    def reason_not_to_ask(self, run: Run, terms: Terms | None = None) -> str | None:
        """Return why the lead is not offered here, as far as the flow itself can say; None when it can be."""
        unfit = self.reason_it_does_not_fit(run)
        if unfit or self.least is None:
            return unfit
        return "below_floor" if self.least.refuses(terms.price if terms else self._own_price(run), run) else None

    def reason_it_does_not_fit(self, run: Run) -> str | None:
        """Return why the lead is not offered here at any price, as far as the flow itself can say."""
        view, last = run.at(self.common.id), run.asked.get(self.common.id)
        if self.common.off:
            return "off"
        asked_now = run.asked_in.get(self.common.id) == run.round
        if asked_now or (last in NEVER_AGAIN and not (last == "declined" and run.ask_again == "all")):
            return "already_asked"
        if self.when and not truthy(self.when(view)):
            return "rule_not_met"
        if any(view["lead"].get(key) is None for key in self.requires):
            return "missing_field"
        if self.areas and not any(area.has(view) for area in self.areas):
            return "outside_area"
        if any(suppression.holds(view) for suppression in self.suppress):
            return "suppressed"
        return None if is_open(self._hours(run), run.now) else "outside_hours"

    def reason_it_is_taken(self, run: Run) -> str | None:
        """Return why the lead cannot be sold to this buyer any more, whoever sends it here; None when it can."""
        deal = run.deals.get(self.common.id)
        is_sold_out = deal is not None and deal.is_sold_out_for(run, self.common.id)
        is_somebodys = bool(run.slots) or "unknown" in run.asked.values()
        return "exclusive_taken" if is_sold_out or (self.alone and is_somebodys) else None

    def asked(self, run: Run, price: int | None) -> Asks:
        """Return what is asked of this buyer before it is offered the lead; the price is None before it has bid."""
        view = run.at(self.common.id)
        # Of money at least the smallest amount is asked for, so that a cap that is used up counts as full.
        caps = [cap.ask(view, run.now, price or 1) for cap in self.caps]
        asked: Asks = {"buyer": self.common.id, "connection": self.connection, "price": price, "caps": caps}
        return asked | ({"duplicates": self.duplicates.as_asked(view["lead"])} if self.duplicates else {})

    def price_of(self, run: Run) -> int:
        """Return the buyer's own price for the lead in minor units; nothing for one that has yet to bid.

        Raises RuleError for what is no price.
        """
        return (
            0 if self.price is None else price_in_minor(self.price(run.at(self.common.id)), exponent_of(run.currency))
        )

    def _hours(self, run: Run) -> Hours:
        return in_zone(self.hours, run.zones.get(self.connection))

    def counts(self, run: Run, sold: Sequence[int] = ()) -> tuple[Asks, ...]:
        """Return the windows in which a sale is counted; a mix, of whose kinds so many were `sold`, is kept exactly."""
        view = run.at(self.common.id)
        asks = [counter.ask(view, run.now) for counter in self.counters]
        kind = self._mix.kind_of(view) if self._mix else None
        if self._mix and kind:
            asks[0] |= {"limit": self._mix.most(kind, sold)}
        return tuple(asks)

    @property
    def _mix(self) -> Mix | None:
        """Return the mix that it keeps as the row of a group, which is the first of its counters."""
        return next((counter for counter in self.counters if isinstance(counter, Mix)), None)

    def _own_terms(self, run: Run) -> Generator[Effect, Result, Terms | None]:
        """Return its own price and how its sales are counted, None where its mix has no room for the lead."""
        sold: Sequence[int] = ()
        if self._mix:
            sold = yield from self._sold_by_kind(self._mix, run)
            if not self._mix.takes(run.at(self.common.id), sold):
                return None
        return Terms(self._own_price(run), self.counts(run, sold))

    def _own_price(self, run: Run) -> int:
        """Return its price without the terms of a group: of a row that may share the lead, what it pays then."""
        deal, price = run.deals.get(self.common.id), self.price_of(run)
        return deal.price_beside_others(run, self.common.id, price) if deal else price

    def _sold_by_kind(self, mix: Mix, run: Run) -> Generator[Effect, Result, Sequence[int]]:
        """Ask the world how many leads of each kind of its mix it has; whether it can be asked, its offer finds out."""
        view = run.at(self.common.id)
        row = self.asked(run, self._own_price(run)) | {"counts": mix.asks(view, run.now)}
        result = yield Check(self.common.id, (row,), view=view)
        run.move_to(datetime.fromisoformat(result["at"]))
        sold: Sequence[int] = result["rows"][self.common.id]["counts"]
        return sold

    def _effect(self, run: Run, terms: Terms, leaves: Leaves) -> Offer:
        view = run.at(self.common.id)
        return Offer(
            step=self.common.id,
            buyer=self.common.id,
            connection=self.connection,
            price=terms.price,
            round=run.round,
            caps=(*(cap.ask(view, run.now, terms.price) for cap in self.caps), *terms.counts),
            policy=self.policy_written,
            timeout_ms=self.timeout_ms,
            view=_as_it_is_now(view) if leaves else view,
            slot=run.free_slot,
            bid=terms.bid,
            bid_id=terms.bid_id,
            cursor=terms.cursor,
            duplicates=self.duplicates.as_asked(view["lead"]) if self.duplicates else None,
            open_until=open_until(self._hours(run), run.now) if self.hours else None,
            leaves=leaves,
        )

    def _by_its_mix(self, result: Result) -> Result:
        """Return a result that says so where it is the buyer's mix that is full, and none of its caps."""
        full = result.get("full")
        is_cap = full is None or any(cap.key == full for cap in self.caps)
        return result if is_cap else {**result, "reason": "mix_full"}

    def _read(self, result: Result, run: Run, effect: Offer) -> tuple[Verdict | Way, Why]:
        result = self._by_its_mix(result)
        answer, reason = result["answer"], result.get("reason")
        if answer != "not_asked":
            run.asked[self.common.id] = answer
            run.asked_in[self.common.id] = run.round
        if answer == "open":
            run.leave_open(Opened(effect, result["offer"]))
            return Next(), Why("open", "")
        run.remember(self.common.id, *effect.outcome(result))
        if answer == "accepted":
            run.sell(self.common.id, result["price"], effect.slot)
            goes_on = self.sells_on and not self.alone
            return Next() if goes_on else End("sold", None, None), Why("sold", "")
        if answer == "unknown":
            return MAYBE, Why("unknown", MAYBE.reason or "")
        if result.get("told"):
            return as_told(result["told"]), Why(BY_HAND, "A person decided")
        if (answer, reason) == ("not_asked", "outside_hours"):
            return self.when_skipped(run, "outside_hours")
        way = self.ways.after(answer, reason)
        if answer == "declined" and way.kind == "hold":
            del run.asked[self.common.id]
        code = reason or answer
        said = "The buyer declined" if answer == "declined" else SKIPPED.get(code, "The buyer declined")
        return way, Why(code, said, *_until(result, effect))

    def _worded_ways(self) -> list[tuple[str, Way]]:
        ways = [("Declines", self.ways.on_declined), ("Fails", self.ways.on_error)]
        if self.policy.on_ambiguous in ("treat_as_declined", "treat_as_failed"):
            counts_as_no = self.policy.on_ambiguous == "treat_as_declined"
            ways.append(("Times out", self.ways.on_declined if counts_as_no else self.ways.on_error))
        if self.caps:
            ways.append(("Full", self.ways.when_full))
        if self.hours:
            ways.append(("Closed", self.ways.outside_hours))
        if self.when or self.requires:
            ways.append(("Does not fit", self.ways.when_not_met))
        if self.ways.when_no_funds.kind != "next":
            ways.append(("Has no funds", self.ways.when_no_funds))
        return ways

    def _ambiguous_exit(self) -> Exit:
        texts = {
            "retry_same": "No answer: ask the same buyer again",
            "hold": "No answer: a person decides",
            "treat_as_declined": "No answer counts as a no",
            "treat_as_failed": "No answer counts as a failure",
        }
        return Exit("que", texts[self.policy.on_ambiguous])


def _as_it_is_now(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what can be seen now, whatever the run does meanwhile: each call about one offer says the same."""
    return {**view, "run": dict(view["run"]), "step": dict(view["step"])}


def _until(result: Result, effect: Offer) -> tuple[datetime | None, WaitsFor]:
    """Return when waiting makes sense again, as far as the result says, and what would be waited for."""
    if result.get("full"):
        return reset_of(next(ask for ask in effect.caps if ask["cap"] == result["full"])), "cap"
    return (datetime.fromisoformat(result["until"]) if result.get("until") else None), "retry"


def _listed(whens: list[str]) -> str:
    """Return `Declines, fails or full`."""
    words = [whens[0], *(when[0].lower() + when[1:] for when in whens[1:])]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
