"""A buyer that bid and did not get the lead is told so, as its connection says; the lead never waits for it."""

from typing import Any

import pytest

from flowbuilder import ids
from tests.support.bidders import a_bidder, auction, connect, posts
from tests.support.buyers import Buyer, Seen, declining
from tests.support.market import Market

PATH = "/lost"


def told(buyer: Buyer) -> list[Seen]:
    return [request for request in buyer.seen if request.path == PATH]


def lose(market: Market, loser: Buyer, bid: float = 41, **feedback: Any) -> Any:
    """Have a lead sold to somebody who bids more than the loser; return the lead."""
    with a_bidder(bid) as winner:
        where = {"feedback": {"url": loser.url(PATH), **feedback}} if feedback else {}
        market.publish([auction(connect(market, loser, **where), connect(market, winner, **where))])
        [lead_id] = market.post()
        market.carry()
        market.send_copies()
        assert told(winner) == []
    return market.lead(lead_id)


@pytest.mark.parametrize(("tells", "price"), [("reason", {}), ("reason_and_price", {"winning_bid": 41})])
def test_a_loser_learns_what_its_connection_says(market: Market, tells: str, price: dict[str, Any]) -> None:
    with a_bidder(30) as helio:
        lead = lose(market, helio, tells=tells)
    [request], [row] = told(helio), [row for row in market.offers(lead.id) if row.buyer == "b1"]
    assert request.body == price | {
        "outcome": "lost",
        "lead_id": ids.show(lead.id),
        "offer_id": ids.show(row.id),
        "bid_id": "B-30",
        "bid": 30,
        "reason": "outbid",
    }


def test_nothing_is_told_where_nothing_is_to_be_told(market: Market) -> None:
    with a_bidder(30) as helio:
        lose(market, helio, tells="nothing")
        lose(market, helio)
        assert told(helio) == []
    assert market.copies() == []


def test_who_made_no_bid_or_said_no_is_told_nothing(market: Market) -> None:
    with a_bidder(0) as silent, a_bidder(50, then=declining) as choosy:
        where = {"feedback": {"url": silent.url(PATH), "tells": "reason"}}
        market.publish([auction(connect(market, silent, **where), connect(market, choosy, **where))])
        market.post()
        market.carry()
        market.send_copies()
        assert len(posts(choosy)) == 1
        assert told(silent) == told(choosy) == []


def test_it_is_told_again_a_few_times_and_then_given_up(market: Market) -> None:
    with a_bidder(30) as helio:
        bids, helio.react = helio.react, helio.react
        helio.react = lambda request: (503, {}) if request.path == PATH else bids(request)
        lead = lose(market, helio, tells="reason")
        assert lead.outcome == "sold"
        for _ in range(4):
            market.later(60)
            market.send_copies()
        assert len(told(helio)) == 3
    [copy] = market.copies()
    assert (copy.method, copy.state) == ("feedback", "failed")
    attempts = [attempt for attempt in market.attempts(lead.id) if attempt.method == "feedback"]
    assert [(attempt.state, attempt.status) for attempt in attempts] == [("error", 503)] * 3


def test_a_feedback_address_that_may_not_be_called_is_never_called(market: Market) -> None:
    with a_bidder(30) as helio, a_bidder(41) as winner:
        lost = {"feedback": {"url": "https://169.254.169.254/latest", "tells": "reason"}}
        market.publish([auction(connect(market, helio, **lost), connect(market, winner))])
        market.post()
        market.carry()
        market.send_copies()
    [copy] = market.copies()
    assert copy.state == "failed"
