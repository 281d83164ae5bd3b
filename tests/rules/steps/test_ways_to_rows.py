"""A way that leads to a row of a group sells no lead that is sold already, and shares none that somebody has alone."""

from typing import Any

import pytest

from tests.rules.flows import World, a_flow, a_lead, buyer, group
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
