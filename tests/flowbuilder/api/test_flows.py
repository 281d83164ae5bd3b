"""Flows over the API: drafts with revisions, publishing, versions, going back, pausing."""

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.models import Audit
from tests.support.documents import solar

NOBODY_YET = [
    {
        "path": "steps",
        "code": "nobody_is_asked",
        "message": "No step offers the lead to a buyer, so nobody can take it. Add a buyer.",
        "severity": "warning",
    }
]


@pytest.fixture
def flow(api):
    return api("POST", "/flows", {"name": "California solar", "document": solar()}).json


def test_a_new_flow_has_an_id_a_key_and_the_advice_to_add_a_buyer(api):
    made = api("POST", "/flows", {"name": "California solar", "document": solar()})
    assert made.status_code == 201
    assert made.json == {"id": made.json["id"], "key": made.json["key"], "revision": 1, "problems": NOBODY_YET}
    assert made.json["id"].startswith("flo_")
    assert len(made.json["key"]) == 10


def test_a_draft_with_problems_is_kept_and_they_are_told(api):
    made = api("POST", "/flows", {"name": "Half done", "document": {"schema": 1}})
    assert made.status_code == 201
    assert {"path", "code", "message", "severity"} == set(made.json["problems"][0])
    shown = api("GET", f"/flows/{made.json['id']}").json
    assert shown["draft"] == {"schema": 1}
    assert shown["live"] is None


def test_what_is_only_worth_a_look_is_a_warning_and_can_be_published(api):
    steps = [{"filter": {"id": "f", "continue_if": True}}]
    made = api("POST", "/flows", {"name": "California solar", "document": solar(steps=steps)}).json
    *_, problem = made["problems"]
    assert (problem["path"], problem["code"], problem["severity"]) == (
        "steps[0].filter.continue_if", "always_true", "warning",
    )  # fmt: skip
    assert api("POST", f"/flows/{made['id']}/publish", {"revision": made["revision"]}).status_code in (200, 201)


def test_connections_are_found_in_lanes_and_groups_too(api):
    nobody = "con_00000000000000000000000000"
    rows = [{"id": "b1", "connection": nobody, "price": 42}]
    lanes = [{"share": 100, "steps": [{"group": {"id": "g", "mode": "waterfall", "buyers": rows}}]}]
    inner = {"buyer": {"id": "b2", "connection": nobody, "price": 42}}
    steps = [
        {"split": {"id": "s", "percent": lanes}},
        {"split": {"id": "u", "cases": [{"when": True, "steps": [inner]}], "else": []}},
    ]
    made = api("POST", "/flows", {"name": "California solar", "document": solar(steps=steps)})
    assert [one["path"] for one in made.json["problems"] if one["code"] == "unknown_connection"] == [
        "steps[0].split.percent[0].steps[0].group.buyers[0].connection",
        "steps[1].split.cases[0].steps[0].buyer.connection",
    ]


def test_a_connection_that_the_account_does_not_have_is_a_problem_with_its_address(api):
    made = api("POST", "/flows", {"name": "California solar", "document": solar("con_00000000000000000000000000")})
    assert [(one["path"], one["code"]) for one in made.json["problems"]] == [
        ("steps[1].buyer.connection", "unknown_connection")
    ]


def test_a_draft_is_replaced_only_by_who_read_the_newest_one(api, flow):
    address = f"/flows/{flow['id']}/draft"
    ours = api("PUT", address, {"document": solar(currency="EUR")}, If_Match="1")
    theirs = api("PUT", address, {"document": solar(currency="GBP")}, If_Match="1")
    assert (ours.status_code, ours.json) == (200, {"revision": 2, "problems": NOBODY_YET})
    assert theirs.status_code == 409
    assert (theirs.json["revision"], theirs.json["draft"]["currency"]) == (2, "EUR")
    assert theirs.json["error"]["code"] == "newer_draft"


@pytest.mark.parametrize(("if_match", "status"), [("", 428), ("one", 400), ('"1"', 200), ("99", 409)])
def test_the_revision_is_asked_for(api, flow, if_match, status):
    headers = {"If_Match": if_match} if if_match else {}
    assert api("PUT", f"/flows/{flow['id']}/draft", {"document": solar()}, **headers).status_code == status


def test_the_entity_tag_is_what_if_match_repeats(api, flow):
    tag = api("GET", f"/flows/{flow['id']}").headers["ETag"]
    saved = api("PUT", f"/flows/{flow['id']}/draft", {"document": solar(currency="EUR")}, If_Match=tag)
    assert (tag, saved.headers["ETag"]) == ('"1"', '"2"')


def test_publishing_numbers_the_versions_and_they_stay_as_they_were(api, flow):
    first = api("POST", f"/flows/{flow['id']}/publish")
    api("PUT", f"/flows/{flow['id']}/draft", {"document": solar(currency="EUR")}, If_Match="1")
    second = api("POST", f"/flows/{flow['id']}/publish")
    assert (first.json["version"], second.json["version"]) == (1, 2)
    assert api("GET", f"/flows/{flow['id']}/versions/1").json["document"] == solar()
    assert api("GET", f"/flows/{flow['id']}").json["live"] == solar(currency="EUR")


def test_a_flow_with_errors_is_not_published_and_says_why(api):
    made = api("POST", "/flows", {"name": "Half done", "document": {"schema": 1}}).json
    refused = api("POST", f"/flows/{made['id']}/publish")
    assert refused.status_code == 422
    assert refused.json["error"]["problems"] == refused.json["problems"] == made["problems"]
    assert api("GET", f"/flows/{made['id']}/versions").json == {"versions": []}


def test_going_back_makes_a_new_version_equal_to_the_old_one_and_keeps_the_draft(api, flow):
    api("POST", f"/flows/{flow['id']}/publish")
    api("PUT", f"/flows/{flow['id']}/draft", {"document": solar(currency="EUR")}, If_Match="1")
    api("POST", f"/flows/{flow['id']}/publish")
    gone_back = api("POST", f"/flows/{flow['id']}/versions/1/go-back")
    shown = api("GET", f"/flows/{flow['id']}").json
    assert (gone_back.json["version"], shown["live_version"]) == (3, 3)
    assert (shown["live"], shown["draft"]) == (solar(), solar(currency="EUR"))
    assert [row["note"] for row in api("GET", f"/flows/{flow['id']}/versions").json["versions"]] == [
        "Equal to version 1", "", "",
    ]  # fmt: skip


def test_going_back_warns_of_a_check_that_must_pass_and_does_not(api, flow):
    api("POST", f"/flows/{flow['id']}/publish")
    lead = {"email": "ana@example.com", "phone_1": "(213) 555-0148", "state": "NV"}
    expected = {"status": "rejected", "reason": "Not in the south"}
    check = {"name": "NV is told why", "lead": lead, "expected": expected, "must_pass": True}
    api("POST", f"/flows/{flow['id']}/checks", check)
    gone_back = api("POST", f"/flows/{flow['id']}/versions/1/go-back").json
    assert gone_back["version"] == 2
    assert [(one["code"], one["severity"]) for one in gone_back["problems"]][-1:] == [("check_fails", "warning")]


def test_a_flow_is_paused_and_resumed(api, flow):
    assert api("POST", f"/flows/{flow['id']}/pause").json == {"id": flow["id"], "state": "paused"}
    assert api("POST", f"/flows/{flow['id']}/pause").status_code == 200
    assert api("POST", f"/flows/{flow['id']}/resume").json == {"id": flow["id"], "state": "active"}


def test_what_changes_what_is_live_is_written_down(api, flow, session, cast):
    api("POST", f"/flows/{flow['id']}/publish")
    api("POST", f"/flows/{flow['id']}/versions/1/go-back")
    api("POST", f"/flows/{flow['id']}/pause")
    rows = session.scalars(select(Audit).where(Audit.account_id == cast.sara.account.id).order_by(Audit.id)).all()
    assert [(row.action, row.subject) for row in rows] == [
        (action, flow["id"]) for action in ("flow.published", "flow.went_back", "flow.paused")
    ]
    assert all(ids.read(row.detail["api_key"]) for row in rows)


def test_numbers_of_a_document_come_back_digit_for_digit(api):
    document = solar(values={"exact": 650.10, "long": 12345678901234567890123})
    made = api("POST", "/flows", {"name": "Exact", "document": document}).json
    assert '"exact":650.1' in api("GET", f"/flows/{made['id']}").text.replace(" ", "")
    assert '"long":12345678901234567890123' in api("GET", f"/flows/{made['id']}").text.replace(" ", "")


def test_flows_are_listed_page_by_page(api):
    made = [api("POST", "/flows", {"name": f"Flow {n}", "document": solar()}).json["id"] for n in range(3)]
    first = api("GET", "/flows?limit=2").json
    second = api("GET", f"/flows?limit=2&after={first['next']}").json
    assert [flow["id"] for flow in first["flows"]] == made[:2]
    assert ([flow["id"] for flow in second["flows"]], second["next"]) == (made[2:], None)
