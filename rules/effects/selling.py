"""Effects of selling: who can be asked, what they bid, the offer itself, and what became of the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

from rules.effects.base import Asks, Effect, Result, Said

Leaves = Literal["", "asked", "unanswered"]
"""When an offer is left open: never, as soon as its buyer is being asked, or once its first call came to no end."""


@dataclass(frozen=True, slots=True)
class Join(Effect):
    """Have the buyers of a campaign join a group, by the rows that they have in it at this moment.

    It comes before anything is asked about a row, because the windows that have to be locked for that are not known
    before the rows are.
    Result: `{"at", "rows": [a row as it is written in a group, …]}` in the order of the campaign, with the time `zones`
    of the connections by whose clock rows have hours. A dry run says `is_dry`, because no campaign is asked there.
    """

    name: ClassVar[str] = "join"
    campaign: str

    def asks(self) -> Asks:
        """Return the campaign's id."""
        return {"campaign": self.campaign}

    def outcome(self, result: Result) -> Said:
        """Return passed, or skipped when the campaign has no rows."""
        return ("passed" if result["rows"] else "skipped"), None


@dataclass(frozen=True, slots=True)
class Check(Effect):
    """Find out which of several buyers can be asked now, and what has been sold to them; nothing is reserved.

    Each row is `{"buyer", "connection", "price", "caps", "counts", …}` with what an offer would ask; the price (minor
    units) is null where the buyer has yet to bid. `counts` are windows whose sales are only counted, `cursor` is the
    window that says whose turn it was last.
    Result: `{"at", "rows": {buyer: {"reason": why not or None, "full": key of a full cap or None, "counts": [sold,
    …]}}, "cursor": number or None}`, with `until` in a row whose breaker is open. `view` is what expressions may read;
    it is not journaled.
    """

    name: ClassVar[str] = "check"
    rows: tuple[Asks, ...]
    cursor: Asks | None = None
    view: Mapping[str, Any] = field(default_factory=dict)

    def asks(self) -> Asks:
        """Return the rows and the cursor's window."""
        return {"rows": list(self.rows), "cursor": self.cursor}

    def outcome(self, result: Result) -> Said:
        """Return passed, or skipped when nobody can be asked."""
        can_be_asked = any(row["reason"] is None for row in result["rows"].values())
        return ("passed" if can_be_asked else "skipped"), None


@dataclass(frozen=True, slots=True)
class Ping(Effect):
    """Ask several buyers side by side what they bid, and wait at most `wait_ms` for them.

    A bidder is `{"buyer", "connection", …}` with what an offer would ask, without a price. `enough` bids of at least
    `least` (minor units) end the wait early; None waits for all. A bid above `most` is no bid, nor is one that is zero
    or no number.
    Result: `{"at", "bids": [{"buyer", "answer": bid | no_bid | timeout | error | not_asked, "bid", "bid_id", "ms",
    "reason"}]}` in the order asked, bids in minor units. `view` is what mappings may read; it is not journaled.
    """

    name: ClassVar[str] = "ping"
    round: int
    bidders: tuple[Asks, ...]
    wait_ms: int
    enough: int | None = None
    least: int = 1
    most: int | None = None
    view: Mapping[str, Any] = field(default_factory=dict)

    def asks(self) -> Asks:
        """Return who is asked, and how long to wait for what."""
        return {
            "round": self.round,
            "wait_ms": self.wait_ms,
            "enough": self.enough,
            "least": self.least,
            "most": self.most,
            "bidders": list(self.bidders),
        }

    def outcome(self, result: Result) -> Said:
        """Return passed, or declined when nobody bid."""
        return ("passed", None) if any(bid["answer"] == "bid" for bid in result["bids"]) else ("declined", "no_bid")


@dataclass(frozen=True, slots=True)
class Offer(Effect):
    """Offer the lead to one buyer.

    Result: `{"at", "answer": accepted | declined | error | unknown | not_asked | open, "reason", "price", "reference",
    "offer", "full"}`; `at` is when the answer was known, `not_asked` carries why in `reason`, and where the buyer's
    breaker is why, `until` when (ISO) it may let a lead through.
    What a person had done with a lead that waited for this offer is `told` there, see `rules.instructions`; an offer
    that a person settled says `by_hand`.
    `view` is what mappings may read, `slot` which of the lead's sales this would be, `open_until` when (UTC) the buyer
    closes, should the lead have to wait for its turn until then; they are not journaled.
    After a ping `bid` is what the buyer bid, in minor units, and `bid_id` its own name for that; the price is never
    more. `cursor` is the window of a group that offers in turn, with the number `to` that this sale sets it to; when
    the lead is not sold, it goes back to what it was, unless another lead moved it meanwhile. `duplicates` says by
    which fields, within how many seconds, the buyer must not have had the same person.
    One that a group `leaves` open does not keep the lead from other buyers: it results in `open` as soon as the buyer
    is being asked, or once its first call came to no end, and an Await says later what came of it.
    """

    name: ClassVar[str] = "offer"
    buyer: str
    connection: str
    price: int
    round: int
    caps: tuple[Asks, ...]
    policy: Asks
    timeout_ms: int | None
    view: Mapping[str, Any]
    slot: int = 1
    bid: int | None = None
    bid_id: str | None = None
    cursor: Asks | None = None
    duplicates: Asks | None = None
    open_until: datetime | None = None
    leaves: Leaves = ""

    def asks(self) -> Asks:
        """Return buyer, connection, price (minor units), caps and the rules for errors; the rest where it is set."""
        asked: Asks = {
            "buyer": self.buyer,
            "connection": self.connection,
            "price": self.price,
            "round": self.round,
            "caps": list(self.caps),
            "policy": self.policy,
            "timeout_ms": self.timeout_ms,
        }
        # Left out where there is none, because journals that were begun before there were any do not say them.
        if self.bid is not None:
            asked["bid"] = self.bid
        if self.bid_id is not None:
            asked["bid_id"] = self.bid_id
        if self.cursor is not None:
            asked["cursor"] = self.cursor
        if self.duplicates is not None:
            asked["duplicates"] = self.duplicates
        if self.leaves:
            asked["leaves"] = self.leaves
        return asked

    def outcome(self, result: Result) -> Said:
        """Return accepted, declined, timed_out, full, skipped, open or error."""
        return _said_of_answer(result)


def _said_of_answer(result: Result) -> Said:
    answer, reason = result["answer"], result.get("reason")
    if answer == "not_asked":
        return ("full" if reason == "cap_reached" else "skipped"), reason
    if answer == "declined" and reason == "timeout":
        return "timed_out", reason
    return "error" if answer == "unknown" else str(answer), reason


@dataclass(frozen=True, slots=True)
class Await(Effect):
    """Wait until one of the offers has ended that a group left open; `offers` are their numbers by their buyers.

    Result: that of the offer, with its `buyer`.
    """

    name: ClassVar[str] = "await"
    offers: Mapping[str, int]

    def asks(self) -> Asks:
        """Return which offers are waited for."""
        return {"offers": dict(self.offers)}

    def outcome(self, result: Result) -> Said:
        """Return what became of the offer: accepted, declined, timed_out, skipped or error."""
        return _said_of_answer(result)


@dataclass(frozen=True, slots=True)
class Quote(Effect):
    """Tell the supplier of a ping what it would be paid, and stop until it posts the lead, or `until` a moment (ISO).

    `price` is what it would be paid in minor units, `offer` what the offer asks that would follow. Nothing is reserved.
    Result: `{"at", "answer": posted | expired}`, or that of an offer that is `not_asked`: then there is no quote.
    """

    name: ClassVar[str] = "quote"
    price: int
    until: str
    offer: Asks

    def asks(self) -> Asks:
        """Return the price, until when it counts, and the offer that it comes from."""
        return {"price": self.price, "until": self.until, "offer": self.offer}

    def outcome(self, result: Result) -> Said:
        """Return passed once the lead is posted, stopped when the quote expired, full or skipped without a quote."""
        if result["answer"] == "not_asked":
            return ("full" if result["reason"] == "cap_reached" else "skipped"), result["reason"]
        return ("passed" if result["answer"] == "posted" else "stopped"), result["answer"]


@dataclass(frozen=True, slots=True)
class Settle(Effect):
    """Say of every buyer of a group that did not get the lead why. Result: `{}`.

    `winners` are those that bought it, `winning_bid` is the best price that one of them bid (minor units), `lost` are
    the others with their reasons, as codes of `rules.reasons`.
    """

    name: ClassVar[str] = "settle"
    winners: tuple[str, ...]
    winning_bid: int | None
    lost: tuple[tuple[str, str], ...]

    def asks(self) -> Asks:
        """Return who bought the lead, and who did not for which reason."""
        return {
            "winners": list(self.winners),
            "winning_bid": self.winning_bid,
            "lost": [{"buyer": buyer, "reason": reason} for buyer, reason in self.lost],
        }

    def outcome(self, result: Result) -> Said:  # noqa: ARG002  (every effect is asked the same way)
        """Return passed: what it says of each buyer is asked."""
        return "passed", None
