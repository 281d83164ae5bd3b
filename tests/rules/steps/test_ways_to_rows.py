"""A way that leads to a row of a group sells no lead that is sold already, and shares none that somebody has alone."""

from typing import Any

import pytest

from rules.effects import Effect, Hold
from rules.instructions import why_not_offer
from rules.interpreter import Walk
from tests.rules.flows import NOW, World, a_bidder, a_flow, a_lead, buyer, group
from tests.rules.groups import asked

SHARED, ALONE = {"sharing": "shared"}, {"sharing": "exclusive"}
TO_C = {"on_declined": {"buyer": "c"}}


def offered(*steps: dict[str, Any], **answers: str) -> list[str]:
    """Return who is offered the lead, and for how much."""
    return asked(World({name: [said] for name, said in answers.items()}).carry(a_flow(*steps), a_lead()))


def broadcast(*rows: dict[str, Any]) -> dict[str, Any]:
    return group(*rows, sell_up_to=2, mode="broadcast")


def test_a_row_that_buys_alone_is_not_led_to_once_somebody_has_the_lead() -> None:
    row = buyer("c", price=1, **ALONE)
    steps = broadcast(buyer("a", **SHARED), buyer("b", **SHARED, **TO_C), row)
    assert offered(steps, b="declined") == ["a 4200", "b 4200"]


@pytest.mark.parametrize("answer", ["accepted", "unknown"])
def test_a_row_that_has_the_lead_alone_by_a_way_shares_it_with_nobody(answer: str) -> None:
    alone = [buyer("x", price=99, **ALONE, **TO_C), buyer("c", price=98, **ALONE)]
    steps = broadcast(*alone, buyer("d", price=10, **SHARED), buyer("e", price=9, **SHARED))
    assert offered(steps, x="declined", c=answer) == ["x 9900", "c 9800"]


def test_a_group_that_has_sold_the_lead_is_not_led_to() -> None:
    steps = [group(buyer("a"), buyer("c"), then="continue"), buyer("s", **TO_C)]
    assert offered(*steps, s="declined") == ["a 4200", "s 4200"]


def test_a_group_that_has_not_is_led_to() -> None:
    steps = [group(buyer("a"), buyer("c", when={"is": [1, 2]}), sell_up_to=2, then="continue"), buyer("s", **TO_C)]
    assert offered(*steps, s="declined") == ["a 4200", "s 4200"]
    steps[0]["group"]["buyers"][1].pop("when")
    assert offered(*steps, a="declined", c="error", s="declined") == ["a 4200", "c 4200", "s 4200"]
    assert offered(buyer("s", **TO_C), group(buyer("a"), buyer("c")), s="declined") == ["s 4200", "c 4200"]


def test_a_row_that_buys_alone_is_not_led_to_while_somebody_may_have_the_lead() -> None:
    steps = broadcast(buyer("a", **SHARED), buyer("b", **SHARED, **TO_C), buyer("c", price=1, **ALONE))
    assert offered(steps, a="unknown unknown", b="declined") == ["a 4200", "b 4200"]


@pytest.mark.parametrize(("sell_up_to", "price"), [(1, 9000), (2, 3000)])
def test_a_hybrid_that_is_led_to_pays_for_a_shared_lead_what_it_pays_for_one(sell_up_to: int, price: int) -> None:
    hybrid = a_bidder("c", max_bid=90, shared_price=30)
    steps = group(buyer("a", price=80), buyer("b", **TO_C), hybrid, mode="broadcast", sell_up_to=sell_up_to)
    first = "accepted" if sell_up_to > 1 else "declined"
    assert offered(steps, a=first, b="declined") == ["a 8000", "b 4200", f"c {price}"]


@pytest.mark.parametrize(("share_up_to", "others"), [(2, []), (3, ["d 4200"])])
def test_a_row_is_not_led_to_that_shares_with_fewer_than_have_the_lead(share_up_to: int, others: list[str]) -> None:
    rows = [buyer("a", **SHARED), buyer("c", **SHARED), buyer("b", **SHARED, on_declined={"buyer": "d"})]
    row = buyer("d", **SHARED, share_up_to=share_up_to)
    steps = group(*rows, row, mode="broadcast", sell_up_to=3)
    assert offered(steps, b="declined") == ["a 4200", "c 4200", "b 4200", *others]


class FillsUp(World):
    """A world in which a cap has no place any more once a lead was held."""

    def _answer(self, effect: Effect) -> dict[str, Any]:
        if isinstance(effect, Hold):
            self.full.add("c/day")
        return super()._answer(effect)


@pytest.mark.parametrize(("a", "sold", "outcome"), [("declined", ["z 4200"], "sold"), ("unknown unknown", [], "error")])
def test_a_lead_that_a_buyer_may_have_goes_to_nobody_else_when_it_wakes_to_a_full_cap(
    a: str, sold: list[str], outcome: str
) -> None:
    cap = {"cap": {"id": "c", "limit": 5, "per": "day", "when_full": {"go_to": "z"}}}
    steps = group(buyer("a", **SHARED), buyer("b", **SHARED, on_declined="hold"), sell_up_to=2)
    done = FillsUp({"a": [a], "b": ["declined"]}).carry(a_flow(cap, steps, buyer("z")), a_lead())
    assert (asked(done), done.end[0]) == (["a 4200", "b 4200", *sold], outcome)


def test_nobody_outside_a_group_is_offered_a_lead_by_hand_that_one_of_it_may_have() -> None:
    flow = a_flow(group(buyer("a", **SHARED), buyer("b", **SHARED), sell_up_to=2), buyer("z"))
    run = Walk(flow, a_lead(), NOW).state
    assert why_not_offer(flow, run, "z") is None
    run.asked["a"] = "unknown"
    assert [why_not_offer(flow, run, buyer) for buyer in ("b", "z")] == [None, "exclusive_taken"]
