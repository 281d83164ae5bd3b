"""Says what happened among the buyers of a group: who could be asked, what was bid, and who did not get the lead."""

from collections.abc import Mapping
from typing import Any

from rules.money import say_money

Document = Mapping[str, Any]


def say_join(result: Document | None, left_out: int) -> str:
    """Return `3 buyers of the campaign join, 1 cannot`."""
    if result is None:
        return "The campaign is being asked"
    if result.get("is_dry"):
        return "No campaign is asked in a dry run: only the buyers that are written take part"
    if not result["rows"]:
        return "Nobody is in the campaign now"
    joining = len(result["rows"]) - left_out
    said = f"{_buyers(joining)} of the campaign {'joins' if joining == 1 else 'join'}"
    return f"{said}, {left_out} cannot" if left_out else said


def say_check(asks: Document, result: Document | None) -> str:
    """Return `2 of 3 buyers can be asked`."""
    if result is None:
        return f"{_buyers(len(asks['rows']))} to choose from"
    able = sum(row["reason"] is None for row in result["rows"].values())
    return f"{able} of {_buyers(len(asks['rows']))} can be asked"


def say_ping(asks: Document, result: Document | None, currency: str) -> str:
    """Return `Asked 3 buyers for a bid: 2 bid, $42.00 at most`."""
    asked = f"Asked {_buyers(len(asks['bidders']))} for a bid"
    if result is None:
        return f"{asked}; no clear answer yet"
    bids = [bid["bid"] for bid in result["bids"] if bid["answer"] == "bid"]
    return f"{asked}: {len(bids)} bid, {say_money(max(bids), currency)} at most" if bids else f"{asked}: none bid"


def say_settle(asks: Document, currency: str) -> str:
    """Return `3 buyers did not get it; the winning bid was $42.00`."""
    lost, bid = asks["lost"], asks["winning_bid"]
    if not lost and not asks["winners"]:
        return "There was nobody to ask"
    said = f"{_buyers(len(lost))} did not get it" if lost else "All buyers got it"
    return said if bid is None else f"{said}; the winning bid was {say_money(bid, currency)}"


def _buyers(count: int) -> str:
    return f"{count} buyer{'' if count == 1 else 's'}"
