"""Test leads: they walk the live flow, take nothing, call nobody, and end as they ask to."""

from typing import Any

import pytest

from tests.support.buyers import a_buyer, accepting
from tests.support.flows import buyer, cap, only
from tests.support.market import Market

ASKED = ["sold", "rejected", "duplicate", "error"]
TOLD = "The test asked for this answer"


def post_test(market: Market, outcome: str | None, **values: Any) -> Any:
    [lead_id] = market.post(1, is_test=True, test_outcome=outcome, **values)
    market.carry()
    return market.lead(lead_id)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    ("steps", "settings"),
    [
        ([], {}),
        ([only("NV")], {}),
        ([cap(1, when_full="hold")], {}),
        ([], {"intake": {"accept_if": {"is": [{"var": "lead.state"}, "NV"]}}}),
        ([], {"intake": {"caps": [{"limit": 0, "per": "total", "when_full": "hold"}]}}),
        ([], {"fallback": {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "24h"}}),
    ],
    ids=["sells", "filter", "cap", "rule", "full", "fallback"],
)
def test_a_test_ends_as_it_asks_whatever_the_flow_would_say(
    market: Market, asked: str, steps: list[dict[str, Any]], settings: dict[str, Any]
) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([*steps, buyer(market.connect(sunrise), on_declined="hold", on_error="hold")], **settings)
        market.post(1, fields={"email": "real@example.com"})
        market.carry()
        seen = len(sunrise.seen)
        lead = post_test(market, asked)
    assert (lead.state, lead.outcome) == ("done", asked)
    assert (bool(lead.reason), lead.cost) == ((False, 1000) if asked == "sold" else (True, 0))
    assert asked in ("sold", "rejected") or lead.reason == TOLD
    assert len(sunrise.seen) == seen


def test_a_test_that_asks_to_wait_waits_and_then_ends_as_the_flow_says(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        lead = post_test(market, "waiting")
        assert (lead.state, lead.outcome, lead.waiting_for) == ("waiting", None, "answer")
        market.later(601)
        market.carry()
    assert (market.lead(lead.id).outcome, sunrise.seen) == ("sold", [])


def test_a_test_that_asks_for_nothing_ends_as_the_flow_says(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([only("CA", reason="Not CA"), buyer(market.connect(sunrise))])
        ends = [post_test(market, None, fields={"state": state}) for state in ("CA", "NV")]
    assert [(lead.outcome, lead.reason) for lead in ends] == [("sold", None), ("rejected", "Not CA")]
    assert sunrise.seen == []


def test_tests_read_caps_and_take_nothing(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        caps = [{"limit": 1, "per": "total"}]
        market.publish(
            [buyer(market.connect(sunrise))],
            intake={"caps": caps, "duplicates": {"by": ["email"]}},
            source={"caps": caps},
        )
        outcomes = [post_test(market, None).outcome for _ in range(3)]
        market.post(1)
        market.carry()
        outcomes += [market.leads()[-1].outcome, post_test(market, None).outcome]
        outcomes += [post_test(market, None, fields={"email": "ben@example.com"}).outcome]
    assert outcomes == ["sold", "sold", "sold", "sold", "duplicate", "rejected"]
    assert (len(sunrise.seen), market.offers(market.leads()[0].id)) == (1, [])


def test_a_test_without_a_sale_that_asks_to_be_sold_brings_no_revenue(market: Market) -> None:
    market.publish([only("NV")], source={"cost": {"share": 75}})
    lead = post_test(market, "sold")
    assert (lead.outcome, lead.revenue, lead.cost) == ("sold", 0, 0)
