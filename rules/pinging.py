"""A lead that is pinged before it is posted: its run goes as far as its first offer, and on from there with the post.

A ping has part of the lead's data and takes no places. Its run asks who can be asked and what they bid, and quotes what
the supplier would be paid. With the post it begins at the door again, with all data, the bids that it has, and the rows
of campaigns that they came from: what is quoted is a promise.
"""

from collections import defaultdict
from collections.abc import Collection, Generator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rules.earnings import supplier_cost
from rules.effects import Close, Effect, Hold, Join, Offer, Ping, Quote, Result, Settle
from rules.money import exponent_of
from rules.running import End, Lead, Run

Walking = Generator[Effect, Result, End]

NO_BID = "no bid"
EXPIRED = "The ping expired before it was posted"
UNQUOTED = ("rejected", "duplicate", "error")
"""What a test may ask for that a ping with a price never comes to."""


def as_ping(walking: Walking, state: Run, lasts: timedelta) -> Generator[Effect, Result, End | None]:
    """Walk a ping until it ends without an offer, or expires; None once its lead is posted, and the run begins again.

    `walking` is what its run would do as a lead, `lasts` for how long a quote counts.
    """
    test_outcome, said = state.lead.test_outcome, defaultdict[str, dict[str, Result]](dict)
    state.lead = _as_pinged(state.lead)
    effect = next(walking)
    while True:
        match effect:
            case Close():
                return End(effect.result, effect.code, effect.reason)  # type: ignore[arg-type]
            case Hold():
                return End("rejected", "no_bid", NO_BID)
            case Offer() if state.lead.test_outcome:
                return End("rejected", "no_bid", NO_BID)
            case Offer():
                result = yield _quote(effect, state, lasts)
                if result["answer"] != "not_asked":
                    break
            case _:
                result = said[effect.name][effect.step] = yield effect
        effect = walking.send(result)
    walking.close()
    if result["answer"] == "expired":
        yield from _unposted(said[Ping.name], said[Settle.name])
        return End("rejected", "ping_expired", EXPIRED)
    state.begin_again(
        _as_posted(state.lead, effect, test_outcome, state.currency), datetime.fromisoformat(result["at"])
    )
    state.bids, state.came = said[Ping.name], said[Join.name]
    return None


def _unposted(pinged: Mapping[str, Result], settled: Collection[str]) -> Generator[Effect, Result]:
    """Say that those who bid did not get a lead that nobody posted; of other groups it was said why."""
    for step, result in pinged.items():
        if step not in settled:
            yield Settle(step, (), None, tuple((bid["buyer"], "ping_expired") for bid in result["bids"] if bid["bid"]))


def _quote(offer: Offer, state: Run, lasts: timedelta) -> Quote:
    price = supplier_cost(state.lead.source, offer.price, state.currency)
    return Quote(offer.step, price, (state.now + lasts).isoformat(), offer.asks())


def _as_pinged(lead: Lead) -> Lead:
    """Return the lead with what its ping asks for as a test: an answer without a price, or none.

    One that was posted had its price, and what it asks for is said of its post.
    """
    is_unquoted = lead.test_outcome in UNQUOTED and lead.post is None
    return lead if is_unquoted else replace(lead, test_outcome=None)


def _as_posted(lead: Lead, offer: Offer, test_outcome: str | None, currency: str) -> Lead:
    """Return the lead with the data of its post, whose supplier is paid what it was quoted."""
    price = supplier_cost(lead.source, offer.price, currency)
    source: dict[str, Any] = {**lead.source, "cost": {"fixed": Decimal(price).scaleb(-exponent_of(currency))}}
    posted = replace(lead, source=source, test_outcome=test_outcome, is_ping=False, post=None)
    if lead.post is None:
        return posted
    return replace(posted, fields=lead.post.fields, posted=lead.post.posted, invalid=lead.post.invalid)
