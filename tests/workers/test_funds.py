"""A buyer without funds gets no leads; one place says whether it has any, and says yes until there are wallets."""

from typing import Any

import pytest

from tests.support.buyers import a_buyer, accepting
from tests.support.flows import buyer, group
from tests.support.market import Market
from workers import funds


@pytest.mark.parametrize(
    ("settings", "state", "reason"), [({}, "done", None), ({"when_no_funds": "hold"}, "waiting", "no_funds")]
)
def test_a_buyer_that_cannot_pay_is_passed_by_or_waited_for(
    market: Market, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], state: str, reason: str | None
) -> None:
    monkeypatch.setattr(funds, "cover", lambda _connection, price: price < 4000)
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        steps = [buyer(market.connect(sunrise), "s1", **settings), buyer(market.connect(helio), "s2", price=30)]
        market.publish(steps)
        [lead_id] = market.post()
        market.carry()
        assert (len(sunrise.seen), len(helio.seen)) == (0, 0 if reason else 1)
    assert market.lead(lead_id).state == state
    assert market.trail(lead_id)[1] == ("s1", "skipped", "no_funds")


def test_a_group_chooses_among_those_that_can_pay(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funds, "cover", lambda _connection, price: price < 4000)
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        rows = (buyer(market.connect(sunrise), "b1"), buyer(market.connect(helio), "b2", price=30))
        market.publish([group(*rows, mode="weighted")])
        market.post(3)
        market.carry()
        assert (len(sunrise.seen), len(helio.seen)) == (0, 3)
    assert {lead.revenue for lead in market.leads()} == {3000}


def test_every_buyer_can_pay_for_now(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), price=99_999)])
        market.post()
        market.carry()
    assert [lead.outcome for lead in market.leads()] == ["sold"]
