"""Every address in a document leads to the card that holds it, whatever is wrong with the document."""

from typing import Any

import pytest

from rules.flow import parse_flow
from rules.places import Place, numbers, place_of, written_steps
from tests.rules.flows import buyer, document, group, shares, split
from tests.support.cases import rows
from tests.support.flows import cap, only

NESTED = shares((100, [{"filter": {"id": "s8", "stop_if": True}}]), identifier="s7")
LANES = split(("CA", True, [buyer("s5", caps=[{"limit": -1}])]), rest=[cap(1, step="s6"), NESTED], identifier="lanes")
HALF_WRITTEN: dict[str, Any] = document(
    only("CA", step="s1"),
    buyer("s2"),
    group(buyer("r1"), buyer("r2"), identifier="g1"),
    LANES,
    {},
    {"bogus": {"connection": "con_a"}},
)


@pytest.mark.parametrize(("address", "step", "setting"), rows("places.json"))
def test_each_address_leads_to_the_card_that_holds_it(address: str, step: str, setting: str) -> None:
    assert place_of(HALF_WRITTEN, address) == Place(step, setting)


def test_steps_are_numbered_as_their_cards_are() -> None:
    whole = document(only("CA", step="s1"), split(("CA", True, [buyer("s5")]), rest=[buyer("s6")]), buyer("s7"))
    flow, _ = parse_flow(whole)
    assert flow is not None
    assert numbers(whole) == {identifier: position + 1 for identifier, position in flow.positions.items()}
    assert [step.address for step in written_steps(whole)] == [spot.address for spot in flow.spots]


@pytest.mark.parametrize("broken", [{}, {"steps": 7}, {"steps": [7, {"filter": 1}]}, {"fallback": 3}])
def test_a_document_with_nothing_right_in_it_still_has_its_two_fixed_cards(broken: dict[str, Any]) -> None:
    assert place_of(broken, "intake.caps") == Place("intake", "caps")
    assert place_of(broken, "fallback.do") == Place("fallback", "do")
    assert place_of(broken, "steps[0].filter.id") == Place("", "")
