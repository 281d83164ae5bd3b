"""A posted lead travels its flow to real buyers."""

from tests.support.buyers import a_buyer, accepting, declining, in_turn
from tests.support.market import Market


def a_buyer_step(connection: str, step: str = "s1", **settings: object) -> dict[str, object]:
    return {"buyer": {"id": step, "connection": connection, "price": 42, **settings}}


def test_a_lead_is_sold_to_the_buyer_that_accepts(market: Market) -> None:
    with a_buyer(accepting) as buyer:
        market.publish([a_buyer_step(market.connect(buyer))])
        [lead_id] = market.post()
        market.carry()
    lead, [offer], [attempt] = market.lead(lead_id), market.offers(lead_id), market.attempts(lead_id)
    assert (lead.state, lead.outcome, lead.revenue, lead.cost) == ("done", "sold", 4200, 1000)
    assert (offer.state, offer.is_winner, attempt.state, attempt.status) == ("accepted", True, "ok", 200)
    assert [request.body for request in buyer.seen] == [{"email": "ana0@example.com"}]


def test_a_no_leads_to_the_next_buyer(market: Market) -> None:
    with a_buyer(declining) as sunrise, a_buyer(accepting) as helio:
        steps = [a_buyer_step(market.connect(sunrise), "s1"), a_buyer_step(market.connect(helio), "s2", price=30)]
        market.publish(steps)
        [lead_id] = market.post()
        market.carry()
    assert market.lead(lead_id).revenue == 3000
    assert market.trail(lead_id) == [
        ("intake", "passed", None),
        ("s1", "declined", "rejected"),
        ("s2", "accepted", None),
        ("intake", "sold", None),
    ]


def test_a_filter_stops_with_the_sellers_reason(market: Market) -> None:
    stop = {"filter": {"id": "f", "continue_if": {"is": [{"var": "lead.state"}, "NV"]}, "reason": "Not NV"}}
    market.publish([stop])
    [lead_id] = market.post()
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason, lead.reason_code) == ("rejected", "Not NV", "rule_not_met")


def test_a_cap_counts_sold_leads_and_gets_places_back(market: Market) -> None:
    cap = {"cap": {"id": "c", "limit": 3, "per": "day", "reason": "Enough"}}
    with a_buyer(in_turn((200, {"status": "no"}), (200, {"status": "accepted"}))) as buyer:
        market.publish([cap, a_buyer_step(market.connect(buyer))])
        market.post(6)
        market.carry()
    outcomes = sorted((lead.outcome, lead.reason) for lead in market.leads())
    assert outcomes.count(("sold", None)) <= 3
    assert market.used()["c/day"] == outcomes.count(("sold", None))


def test_an_error_is_tried_once_more_and_then_leads_on(market: Market) -> None:
    with a_buyer(in_turn((503, {}))) as sunrise, a_buyer(accepting) as helio:
        steps = [a_buyer_step(market.connect(sunrise), "s1"), a_buyer_step(market.connect(helio), "s2")]
        market.publish(steps)
        [lead_id] = market.post()
        with market.carrying():
            helio.wait_for(1)
            market.wait_until_settled()
    assert [attempt.state for attempt in market.attempts(lead_id)] == ["error", "error", "ok"]
    assert len({request.key for request in sunrise.seen}) == 1
