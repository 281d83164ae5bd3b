"""What effects of selling ask of the world, what their results mean, and how they are said."""

from typing import Any

import pytest

from rules.dry_run import MadeUp, made_up_result
from rules.effects import Check, Offer, Ping, Settle
from rules.selling_words import say_check, say_ping, say_settle
from tests.rules.flows import NOW, a_lead

CHECK = Check("g", ({"buyer": "a", "counts": []}, {"buyer": "b", "counts": [{}, {}]}), {"cap": "g/cursor/total"})
PING = Ping("g", 1, ({"buyer": "a"}, {"buyer": "b"}), 3000, most=100_000)
SETTLE = Settle("g", ("a",), 4200, (("b", "outbid"),))


def offer(**settings: Any) -> Offer:
    return Offer("a", "a", "con_a", 4200, 1, (), {}, None, {}, **settings)


def test_an_offer_says_bid_and_cursor_only_where_there_are_any() -> None:
    plain = {"buyer", "connection", "price", "round", "caps", "policy", "timeout_ms"}
    assert set(offer().asks()) == plain
    added = offer(bid=0, bid_id="x", cursor={"cap": "g/cursor/total", "to": 2}).asks()
    assert {key: added[key] for key in added.keys() - plain} == {
        "bid": 0,
        "bid_id": "x",
        "cursor": {"cap": "g/cursor/total", "to": 2},
    }


@pytest.mark.parametrize(
    ("answers", "reasons", "outcome"),
    [
        ({}, {"a": None, "b": None}, "passed"),
        ({"a": MadeUp("not_asked", reason="no_funds")}, {"a": "no_funds", "b": None}, "passed"),
        ({"a": MadeUp("not_asked"), "b": MadeUp("not_asked")}, {"a": "paused", "b": "paused"}, "skipped"),
    ],
)
def test_a_dry_run_asks_who_can_be_asked(answers: dict[str, MadeUp], reasons: dict[str, Any], outcome: str) -> None:
    result = made_up_result(CHECK, a_lead(), answers, NOW)
    assert {buyer: row["reason"] for buyer, row in result["rows"].items()} == reasons
    assert [len(row["counts"]) for row in result["rows"].values()] == [0, 2]
    assert CHECK.outcome(result) == (outcome, None)


@pytest.mark.parametrize(
    ("answers", "bids", "outcome", "said"),
    [
        ({}, [5200, 5100], ("passed", None), "Asked 2 buyers for a bid: 2 bid, $52.00 at most"),
        ({"a": MadeUp(bid=0)}, [None, 5100], ("passed", None), "Asked 2 buyers for a bid: 1 bid, $51.00 at most"),
        (
            {"a": MadeUp(bid=0), "b": MadeUp(bid=0)},
            [None, None],
            ("declined", "no_bid"),
            "Asked 2 buyers for a bid: none bid",
        ),
    ],
)
def test_a_dry_run_makes_bids_up(answers: dict[str, MadeUp], bids: list[Any], outcome: Any, said: str) -> None:
    result = made_up_result(PING, a_lead(), answers, NOW)
    assert [bid["bid"] for bid in result["bids"]] == bids
    assert PING.outcome(result) == outcome
    assert say_ping(PING.asks(), result, "USD") == said


def test_what_is_not_known_yet_is_said_so() -> None:
    assert say_check(CHECK.asks(), None) == "2 buyers to choose from"
    assert say_ping(PING.asks(), None, "USD") == "Asked 2 buyers for a bid; no clear answer yet"
    assert say_settle(SETTLE.asks(), "USD") == "1 buyer did not get it; the winning bid was $42.00"
    assert say_settle(Settle("g", ("a",), None, ()).asks(), "USD") == "All buyers got it"
