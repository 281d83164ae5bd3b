"""A lead that a buyer may have is no rejected lead, whatever others said of it afterwards."""

from typing import Any

import pytest

from rules.effects import Effect, Hold, Result
from tests.rules.flows import World, a_flow, a_lead, buyer, group

UNKNOWN = ("error", "unknown", "A buyer may have taken the lead and never answered")
NO = {"a": ["unknown"], "b": ["declined"]}


class FullAfterHolding(World):
    """A world in which a cap is full once the lead has waited."""

    def _answer(self, effect: Effect) -> Result:
        if isinstance(effect, Hold):
            self.full.add("c/day")
        return super()._answer(effect)


@pytest.mark.parametrize("settings", [{}, {"mode": "broadcast"}])
@pytest.mark.parametrize("way", ["reject", "hold", "next"])
def test_a_no_after_an_answer_that_never_came_is_no_rejection(settings: dict[str, Any], way: str) -> None:
    flow = a_flow(group(buyer("a"), buyer("b", on_declined=way), sell_up_to=2, **settings))
    assert World(NO, most_holds=5000).carry(flow, a_lead()).end == UNKNOWN


def test_a_cap_that_is_full_when_the_lead_wakes_does_not_reject_it_either() -> None:
    flow = a_flow(
        {"cap": {"id": "c", "limit": 5, "per": "day"}}, group(buyer("a"), buyer("b", on_declined="hold"), sell_up_to=2)
    )
    assert FullAfterHolding(NO).carry(flow, a_lead()).end == UNKNOWN


def test_what_one_buyer_has_is_sold_though_another_may_have_it_too() -> None:
    flow = a_flow(group(buyer("a"), buyer("b", on_declined="reject"), sell_up_to=2))
    assert World({"a": ["unknown"], "b": ["accepted"]}).carry(flow, a_lead()).end[0] == "sold"
