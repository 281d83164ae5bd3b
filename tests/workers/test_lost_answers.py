"""The database goes away around a commit: what was undone is done again, and what was done is not done twice."""

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from tests.support.bidders import a_bidder, auction, connect
from tests.support.buyers import a_buyer, accepting, declining, in_turn
from tests.support.flows import SILENT, buyer, cap
from tests.support.market import Market
from tests.support.pinging import a_pinger
from workers import crashpoints, transactions

WAITING = text("SELECT count(*) FROM lead WHERE state = 'waiting'")
ROUND_AGAIN = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h", "ask_again": "all"}

Lose = Callable[[str, Callable[[], object]], list[str]]


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Give a function that loses the connection at a place by a commit, once, and returns where it was lost.

    Before the commit all of it is undone; after it only the answer is lost.
    """

    def at(place: str, once: Callable[[], object]) -> list[str]:
        lost: list[str] = []

        def crashpoint(name: str) -> None:
            if name == place and not lost and once():
                lost.append(name)
                raise psycopg.OperationalError("server closed the connection unexpectedly")

        for module in (crashpoints, transactions):
            monkeypatch.setattr(module, "crashpoint", crashpoint)
        return lost

    return at


def carry_past_the_loss(market: Market) -> UUID:
    """Carry a lead until it waits, and then go on with another one; return the first."""
    with market.carrying():
        [lead_id] = market.post()
        market.wait_until("EXISTS (SELECT FROM lead WHERE state = 'waiting')")
        market.post()
        market.wait_until("(SELECT count(*) FROM lead WHERE state = 'waiting') = 2")
    return lead_id


def test_windows_whose_making_was_undone_are_made_again(market: Market, lose: Lose) -> None:
    lost = lose("before windows", lambda: True)
    with a_buyer(accepting) as sunrise:
        market.publish([cap(5), buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        market.carry()
    assert lost
    assert market.lead(lead_id).outcome == "sold"
    assert market.used() == {"c/day": 1}


def test_a_lead_that_waits_for_a_person_is_not_offered_again(market: Market, lose: Lose) -> None:
    lost = lose("after turn", lambda: market.count(WAITING))
    with a_buyer(in_turn(SILENT)) as sunrise:
        market.publish([buyer(market.connect(sunrise), on_ambiguous="hold")])
        lead_id = carry_past_the_loss(market)
    assert lost
    assert market.lead(lead_id).waiting_for == "person"
    assert len(market.attempts(lead_id)) == 1
    assert len(sunrise.seen) == 2, "each lead was offered once"


def test_a_lead_that_waits_for_its_next_round_does_not_begin_it_at_once(market: Market, lose: Lose) -> None:
    lost = lose("after turn", lambda: market.count(WAITING))
    with a_buyer(declining) as sunrise:
        market.publish([buyer(market.connect(sunrise))], fallback=ROUND_AGAIN)
        lead_id = carry_past_the_loss(market)
    assert lost
    assert [offer.round for offer in market.offers(lead_id)] == [1]


def test_a_price_that_a_supplier_was_told_still_holds(market: Market, lose: Lose) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        lost = lose("after turn", lambda: market.count(WAITING))
        first, second = supplier.quoted(), supplier.quoted()
        told = [supplier.post(ping) for ping in (first, second)]
    assert lost
    assert [answer.json["status"] for answer in told] == ["sold", "sold"]
