"""Dry runs over the API: the draft decides with made-up answers, and nothing is kept."""

import pytest
from sqlalchemy import func, select

from flowbuilder import ids
from flowbuilder.models import Connection, Lead
from tests.flowbuilder.api.conftest import Api
from tests.support.cast import a_connection
from tests.support.documents import solar

ANA = {"email": "ana@example.com", "phone_1": "(213) 555-0148", "state": "CA"}


@pytest.fixture
def try_it(api: Api, session, cast):
    connection = a_connection(session, cast.sara)
    session.commit()
    document = solar(ids.show(connection.id, "con"))
    flow = api("POST", "/flows", {"name": "California solar", "document": document}).json
    assert flow["problems"] == []
    return lambda **body: api("POST", f"/flows/{flow['id']}/dry-run", body)


@pytest.mark.parametrize(
    ("lead", "answers", "status", "outcome", "price", "reason"),
    [
        (ANA, {}, "sold", "success", 42, None),
        (ANA, {"s2": {"answer": "accepted", "price": 40.50}}, "sold", "success", 40.5, None),
        (ANA, {"s2": "declined"}, "rejected", "failure", 0, "No buyer available"),
        ({**ANA, "state": "NV"}, {}, "rejected", "failure", 0, "Not CA solar"),
        ({**ANA, "email": ""}, {}, "invalid", "failure", 0, "Email is required."),
    ],
)
def test_the_flow_says_how_it_would_end(try_it, lead, answers, status, outcome, price, reason):
    tried = try_it(lead=lead, answers=answers).json
    assert (tried["status"], tried["outcome"], tried["price"], tried["reason"]) == (status, outcome, price, reason)


def test_each_step_is_told_in_words(try_it):
    events = try_it(lead=ANA).json["events"]
    assert [(event["step"], event["kind"], event["outcome"]) for event in events] == [
        ("intake", "intake", "passed"), ("s1", "filter", "passed"), ("s2", "buyer", "accepted"),
        ("intake", "close", "sold"),
    ]  # fmt: skip
    assert events[1]["said"] == "Continue only if State is CA"


def test_bids_can_be_made_up(try_it, api):
    connection = api("GET", "/connections").json["connections"][0]["id"]
    rows = [{"id": name, "connection": connection} for name in ("b1", "b2")]
    steps = [{"group": {"id": "g", "mode": "highest_bid", "buyers": rows}}]
    tried = try_it(lead=ANA, document=solar(steps=steps), answers={"b1": {"bid": 31.5}, "b2": {"bid": 33}}).json
    assert (tried["status"], tried["price"]) == ("sold", 33)
    assert tried["events"][2]["said"] == "Asked 2 buyers for a bid: 2 bid, $33.00 at most"
    assert [(one["buyer"], one["has_it"], one["reason"]) for one in tried["events"][-2]["buyers"]] == [
        ("b2", True, None), ("b1", False, "outbid"),
    ]  # fmt: skip


def test_what_a_service_finds_can_be_made_up(try_it, api):
    connection = api("GET", "/connections").json["connections"][0]["id"]
    steps = [
        {"look_up": {"id": "l", "connection": connection, "outputs": [["grade", "body.grade"]]}},
        {"buyer": {"id": "b", "connection": connection, "price": {"if": [{"is": [{"var": "lead.grade"}, "A"]}, 9, 1]}}},
    ]
    for answer, price, said in [
        (None, 1, "Found, with nothing to add"),
        ({"answer": "found", "values": {"grade": "A"}}, 9, "Found Grade"),
        ("not_found", 1, "Nothing was found"),
        ("timeout", 1, "Could not be looked up: it did not answer in time"),
    ]:
        tried = try_it(lead=ANA, document=solar(steps=steps), answers={"l": answer} if answer else {}).json
        assert (tried["price"], tried["events"][1]["said"]) == (price, said)
    for wrong in ("accepted", {"values": 5}, 7):
        refused = try_it(lead=ANA, document=solar(steps=steps), answers={"l": wrong})
        assert (refused.status_code, refused.json["error"]["problems"][0]["path"]) == (422, "answers.l")


def test_changes_lanes_and_rows_are_told_with_their_paths(try_it, api):
    connection = api("GET", "/connections").json["connections"][0]["id"]
    rows = [{"id": name, "connection": connection, "price": 42} for name in ("b1", "b2")]
    steps = [
        {"transform": {"id": "t", "set": [["state", "NV"]]}},
        {"split": {"id": "s", "percent": [{"share": 100, "name": "all", "steps": [
            {"group": {"id": "g", "mode": "waterfall", "buyers": rows}}]}]}},
    ]  # fmt: skip
    tried = try_it(lead=ANA, document=solar(steps=steps), answers={"b1": "declined"}).json
    assert [(event["path"], event["said"]) for event in tried["events"][1:-1]] == [
        ("t", "Changed State"),
        ("s", "Lane: all"),
        ("s/all/g/b1", "Offered at $42.00: it said no"),
        ("s/all/g/b2", "Accepted at $42.00"),
    ]
    assert tried["events"][1]["changes"] == [{"field": "state", "before": "CA", "after": "NV"}]


def test_another_document_is_tried_without_saving_it(try_it, api):
    tried = try_it(lead={"email": "a@example.com"}, document=solar(fields=[], steps=[])).json
    assert (tried["status"], tried["reason"]) == ("rejected", "No buyer available")
    assert api("GET", "/flows").json["flows"][0]["revision"] == 1


def test_caps_and_pauses_are_told_as_they_are_now_when_that_is_asked(try_it, session, cast):
    assert try_it(lead=ANA, caps="full").json["status"] == "rejected"
    connection = session.scalar(select(Connection).where(Connection.account_id == cast.sara.account.id))
    connection.state = "paused"
    session.commit()
    assert [try_it(lead=ANA, caps=caps).json["status"] for caps in ("empty", "now")] == ["sold", "rejected"]


def test_a_connection_that_asks_for_consent_gets_no_lead_without_it(try_it, session, cast):
    connection = session.scalar(select(Connection).where(Connection.account_id == cast.sara.account.id))
    connection.destination = {**connection.destination, "consent": {"yes": "opt_in"}}
    session.commit()
    tried = try_it(lead=ANA).json
    assert tried["events"][2]["said"] == "Not asked: consent or a certificate was missing"


def test_nothing_is_kept(try_it, session, cast):
    try_it(lead=ANA)
    count = select(func.count()).select_from(Lead).where(Lead.account_id == cast.sara.account.id)
    assert session.scalar(count) == 0


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "lead"),
        ({"lead": []}, "lead"),
        ({"lead": ANA, "caps": "half"}, "caps"),
        ({"lead": ANA, "now": "tomorrow"}, "now"),
        ({"lead": ANA, "now": "2026-11-20T18:00:00"}, "now"),
        ({"lead": ANA, "answers": {"s2": "perhaps"}}, "answers.s2"),
        ({"lead": ANA, "answers": {"s2": {"price": "much"}}}, "answers.s2.price"),
        ({"lead": ANA, "answers": {"s2": {"bid": "more"}}}, "answers.s2.bid"),
        ({"lead": ANA, "document": {"schema": 1}}, "fallback"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_its_address(try_it, body, path):
    refused = try_it(**body)
    assert refused.status_code == 422
    assert path in [problem["path"] for problem in refused.json["error"]["problems"]]
