"""A dry run takes a lead through the flow with made-up answers."""

import pytest

from rules.dry_run import MadeUp, MadeUpFind, dry_run
from tests.rules.flows import CA_SOLAR, NOW, a_flow, a_lead, buyer, look_up

FLOW = a_flow(CA_SOLAR, buyer(), buyer("b", price=38))


def test_buyers_accept_unless_told_otherwise() -> None:
    ended = dry_run(FLOW, a_lead(), {}, NOW)
    assert (ended.outcome, ended.revenue, ended.cost) == ("sold", 4200, 3150)


def test_made_up_answers_lead_to_the_next_buyer() -> None:
    ended = dry_run(FLOW, a_lead(), {"a": MadeUp("declined", reason="rejected")}, NOW)
    assert (ended.outcome, ended.revenue) == ("sold", 3800)
    assert [event.step for event in ended.events] == ["intake", "f", "a", "b", "intake"]


def test_a_buyers_own_price_counts_only_where_it_is_lower() -> None:
    assert dry_run(FLOW, a_lead(), {"a": MadeUp(price=4000)}, NOW).revenue == 4000
    assert dry_run(FLOW, a_lead(), {"a": MadeUp(price=9000)}, NOW).revenue == 4200


def test_a_lead_that_would_wait_has_no_outcome() -> None:
    flow = a_flow(buyer(), fallback={"id": "end", "do": "hold"})
    ended = dry_run(flow, a_lead(), {"a": MadeUp("error", reason="error")}, NOW)
    assert (ended.outcome, ended.reason) == (None, "No buyer available")
    assert ended.events[-1].effect == "hold"


def test_the_flows_own_door_counts() -> None:
    flow = a_flow(buyer(), intake={"accept_if": {"is": [{"var": "lead.state"}, "NV"]}})
    assert dry_run(flow, a_lead(), {}, NOW).outcome == "rejected"


@pytest.mark.parametrize(
    ("finds", "outcome", "revenue"),
    [
        ({}, "sold", 100),
        ({"l": MadeUpFind(values={"bill": "$7"})}, "sold", 700),
        ({"l": MadeUpFind("not_found", {"bill": 7})}, "sold", 100),
        ({"l": MadeUpFind("timeout")}, "error", 0),
        ({"l": MadeUpFind("not_asked")}, "error", 0),
    ],
)
def test_services_find_the_lead_and_add_nothing_unless_told_otherwise(
    finds: dict[str, MadeUpFind], outcome: str, revenue: int
) -> None:
    step = look_up(outputs=[["bill", "body.bill"]], on_error="stop")
    ended = dry_run(a_flow(step, buyer(price={"var": "lead.bill"})), a_lead(bill=1), {}, NOW, finds=finds)
    assert (ended.outcome, ended.revenue) == (outcome, revenue)
