"""Backtests over the API: what the draft, or a document sent, would have done with the newest leads."""

import copy

import pytest

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.flowbuilder.api.conftest import Api
from tests.support.cast import a_connection, a_flow, a_source
from tests.support.journals import a_document, a_told_lead


@pytest.fixture
def told(session, cast):
    """Give a published flow with a lead from California and one from Nevada."""
    buyer = a_connection(session, cast.sara)
    document = a_document(buyer)
    flow = a_flow(session, cast.sara, document=document)
    source = a_source(session, flow, cost={"fixed": 10})
    leads = [
        a_told_lead(session, source, document, fields={"email": "a@example.com", "state": state, "bill": 180})
        for state in ("CA", "NV")
    ]
    session.commit()
    return flow, document, [ids.show(lead.id) for lead in leads], ids.show(buyer.id, "con")


def test_an_unchanged_draft_changes_nothing(api: Api, told):
    flow = told[0]
    found = api("POST", f"/flows/{ids.show(flow.id, 'flo')}/backtest").json
    assert (found["leads"], found["differs"], found["assumed"], found["problems"]) == (2, [], 0, [])
    assert found["before"] == found["after"]
    assert (found["before"]["sold"], found["before"]["rejected"], found["before"]["revenue"]) == (1, 1, 42)


def test_each_lead_that_changes_is_told_with_why(api: Api, told):
    flow, document, leads, shown = told
    changed = copy.deepcopy(document)
    changed["steps"][0]["filter"]["continue_if"] = {"is": [{"var": "lead.state"}, "NV"]}
    changed["steps"][0]["filter"]["reason"] = "Nevada only"
    address = f"/flows/{ids.show(flow.id, 'flo')}/backtest"
    found = api("POST", address, {"document": changed}).json
    assert found["differs"] == [
        {"lead": leads[0], "before": "sold", "after": "rejected", "why": "Step 1 stops it: Nevada only"},
        {"lead": leads[1], "before": "rejected", "after": "sold", "why": "Sunrise Energy buys it, as is assumed"},
    ]
    assert found["buyers"] == [
        {
            "buyer": shown,
            "name": "Sunrise Energy",
            "before": {"sold": 1, "revenue": 42},
            "after": {"sold": 1, "revenue": 42},
        }
    ]
    declined = api("POST", address, {"document": changed, "new_buyers": "decline"}).json
    assert [one["lead"] for one in declined["differs"]] == leads[:1]
    assert api("POST", address, {"last": 1}).json["leads"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"last": 0}, 422, "out_of_bounds"),
        ({"last": True}, 422, "out_of_bounds"),
        ({"last": 5001}, 422, "out_of_bounds"),
        ({"new_buyers": "maybe"}, 422, "not_an_answer"),
        ({"document": []}, 422, "not_an_object"),
        ({"document": {"schema": 1}}, 422, "missing_fallback"),
    ],
)
def test_what_cannot_be_tried_is_refused(api: Api, told, body, status, code):
    answer = api("POST", f"/flows/{ids.show(told[0].id, 'flo')}/backtest", body)
    assert answer.status_code == status
    assert code in [problem["code"] for problem in answer.json["error"]["problems"]]


def test_a_flow_that_was_never_published_has_no_leads(api: Api, session, told):
    flow = session.get_one(Flow, told[0].id)
    flow.live_version = None
    session.commit()
    answer = api("POST", f"/flows/{ids.show(flow.id, 'flo')}/backtest")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "never_published")
