"""An auction among ten buyers, of which most do not bid as they should."""

from decimal import Decimal
from typing import Any

import pytest

from rules.earnings import Least
from rules.interpreter import begin
from rules.steps.group.auction import least_bid
from tests.rules.flows import NOW, World, a_bidder, a_flow, a_lead, group

# Three do not answer and one answers too late; one bids no number, one less than nothing and one the moon; two bid the
# same, and one less than they.
BIDS: dict[str, Any] = {
    "slow1": "timeout",
    "slow2": "timeout",
    "slow3": "timeout",
    "nan": Decimal("NaN"),
    "minus": -500,
    "moon": 100_000_000_000,
    "late": "timeout",
    "low": 3000,
    "tie1": 4200,
    "tie2": 4200,
}
NOT_BIDDING = {
    **dict.fromkeys(("slow1", "slow2", "slow3", "late"), "timeout"),
    **dict.fromkeys(("nan", "minus", "moon"), "no_bid"),
}
NO = ["declined rejected"]


@pytest.mark.parametrize(
    ("answers", "offers", "winner", "lost"),
    [
        ({}, ["tie1"], ("tie1",), {"low": "outbid", "tie2": "outbid"}),
        ({"tie1": NO}, ["tie1", "tie2"], ("tie2",), {"low": "outbid", "tie1": "rejected"}),
        ({"tie1": NO, "tie2": NO}, ["tie1", "tie2", "low"], ("low",), {"tie1": "rejected", "tie2": "rejected"}),
        (
            {"tie1": NO, "tie2": NO, "low": NO},
            ["tie1", "tie2", "low"],
            (),
            dict.fromkeys(("low", "tie1", "tie2"), "cascade_exhausted"),
        ),
    ],
)
def test_only_who_bids_is_offered_the_lead(
    answers: dict[str, list[str]], offers: list[str], winner: tuple[str, ...], lost: dict[str, str]
) -> None:
    flow = a_flow(group(*map(a_bidder, BIDS), mode="highest_bid"))
    world = World(answers, bids=BIDS).carry(flow, a_lead())
    assert [event.asks["buyer"] for event in world.events if event.effect == "offer"] == offers
    assert world.settled is not None
    assert (world.settled.winners, dict(world.settled.lost)) == (winner, NOT_BIDDING | lost)


def test_nobody_is_offered_the_lead_where_nobody_bids() -> None:
    silent = {name: bid for name, bid in BIDS.items() if name in NOT_BIDDING}
    world = World(bids=silent).carry(a_flow(group(*map(a_bidder, silent), mode="highest_bid")), a_lead())
    assert [event.effect for event in world.events] == ["intake", "check", "ping", "settle", "note", "close"]
    assert world.settled is not None
    assert (world.settled.winning_bid, dict(world.settled.lost)) == (None, NOT_BIDDING)


def test_who_was_asked_and_is_not_in_the_answers_counts_as_too_late() -> None:
    world = World(bids={"a": 4200})
    flow = a_flow(group(a_bidder(), a_bidder("b"), mode="highest_bid"))
    world._bid = lambda bidder, at: World._bid(world, "a", at)  # type: ignore[method-assign]
    world.carry(flow, a_lead())
    assert world.settled is not None
    assert dict(world.settled.lost) == {"b": "timeout"}


@pytest.mark.parametrize(
    ("least", "bid"),
    [
        (None, 1),
        (Least(3000), 3000),
        (Least(margin=1000), 3998),
        # Of one or two cents nothing is left, because the supplier's part is rounded.
        (Least(percent=Decimal(20)), 3),
        (Least(percent=Decimal(26)), 10_001),
    ],
)
def test_the_least_bid_that_brings_enough_is_known_beforehand(least: Least | None, bid: int) -> None:
    run = begin(a_flow(), a_lead(), NOW)
    found = least_bid(least, 10_000, run)
    assert found == bid
    assert least is None or found > 10_000 or not least.refuses(found, run)
