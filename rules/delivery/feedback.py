"""What a buyer is told that bid for a lead and did not get it: nothing, why, or why and what the lead went for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.delivery.mapping import Entry
from rules.delivery.web_address import WebAddress, read_web_address
from rules.reading import Part
from rules.retry import Policy
from rules.values import compile_value

FEEDBACK = "feedback"
"""The request that tells it; its attempts are recorded beside those of the methods."""
TELLS = ("nothing", "reason", "reason_and_price")
POLICY = Policy("treat_as_failed", error_attempts=3, delays=(5, 30), longest=600)
"""A few tries, and then it is over: no lead depends on it."""
MAPPING = tuple(
    Entry(name, compile_value({"var": f"offer.{name}"}, {}))
    for name in ("outcome", "lead_id", "offer_id", "bid_id", "bid", "reason", "winning_bid")
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """Where losers are told, and whether they learn for how much the lead went."""

    url: WebAddress
    tells_price: bool


def read_feedback(part: Part) -> Feedback | None:
    """Return how a destination's buyer is told that it lost, None where it is told nothing."""
    inner = part.inside("feedback", "the feedback")
    if inner is None:
        return None
    url, tells = read_web_address(inner), inner.choice("tells", TELLS, "reason")
    inner.finish()
    return Feedback(url, tells == "reason_and_price") if url and tells != "nothing" else None


def told_loser(offer: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
    """Return what the request says: `offer` with bid, bid_id and winning_bid, and why it lost as a code."""
    return {**offer, "outcome": "lost", "offer_id": offer["id"], "reason": reason}
