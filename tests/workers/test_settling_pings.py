"""A lead that was pinged and posted, and whose buyer never answered: what a person says of it costs what was quoted."""

from typing import Any
from uuid import UUID

import pytest

from flowbuilder.leads import deciding
from tests.support.buyers import a_buyer, accepting, in_turn
from tests.support.deciding import decide
from tests.support.flows import NO, SILENT, buyer, cap, quickly
from tests.support.market import Market
from tests.support.pinging import a_pinger

BRIEFLY = quickly(after=["1s"], for_up_to="2s")
QUOTED = 3000
"""Three quarters of what Sunrise would pay."""


def settled(market: Market, steps: list[dict[str, Any]], *, has_it: bool, **flow: Any) -> UUID:
    """Ping and post a lead that a buyer may have, and settle it; return its id."""
    with a_pinger(market, steps, **flow) as supplier:
        answer = supplier.ping().json
        assert answer["price"] * 100 == QUOTED
        assert supplier.post(answer["ping"]["id"]).json["status"] == "error"
    [lead] = market.leads()
    decide(market, deciding.settle, lead.id, has_it=has_it)
    market.carry()
    return lead.id


@pytest.mark.parametrize("count", ["sold", "received"])
def test_it_goes_on_to_another_buyer_for_what_was_quoted_and_counts_once(market: Market, count: str) -> None:
    with a_buyer(in_turn(SILENT)) as sunrise, a_buyer(accepting) as helio:
        first = buyer(market.connect(sunrise), "sunrise", price=40, **BRIEFLY)
        steps = [cap(5), first, buyer(market.connect(helio), "helio", price=36)]
        caps = [{"limit": 9, "per": "day", "count": count}]
        lead = market.lead(settled(market, steps, has_it=False, intake={"caps": caps}))
    assert (lead.outcome, lead.revenue, lead.cost) == ("sold", 3600, QUOTED)
    assert market.used() == {"intake/day": 1, "c/day": 1}


def test_it_was_sold_after_all_for_what_was_quoted(market: Market) -> None:
    with a_buyer(in_turn(NO)) as sunrise, a_buyer(in_turn(SILENT)) as helio:
        first = buyer(market.connect(sunrise), "sunrise", price=40)
        steps = [first, buyer(market.connect(helio), "helio", price=36, **BRIEFLY)]
        lead = market.lead(settled(market, steps, has_it=True))
    assert (lead.outcome, lead.revenue, lead.cost) == ("sold", 3600, QUOTED)
