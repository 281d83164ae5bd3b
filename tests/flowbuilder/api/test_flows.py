"""Flows over the API: drafts with revisions, publishing, versions, going back, pausing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flowbuilder import clock, ids
from flowbuilder.models import Audit
from tests.support.cast import a_connection, a_flow, a_lead, a_source, an_event
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


def test_versions_come_in_pages_newest_first(api, flow):
    for number, currency in enumerate(["USD", "EUR", "CAD"], 1):
        api("PUT", f"/flows/{flow['id']}/draft", {"document": solar(currency=currency)}, If_Match=str(number))
        assert api("POST", f"/flows/{flow['id']}/publish").status_code == 200
    address = f"/flows/{flow['id']}/versions?limit=2"
    first = api("GET", address).json
    rest = api("GET", f"{address}&after={first['next']}").json
    assert [[row["number"] for row in page["versions"]] for page in (first, rest)] == [[3, 2], [1]]
    assert rest["next"] is None
    assert api("GET", f"{address}&after=ver_2").json["error"]["code"] == "not_a_number"


def test_a_flow_with_errors_is_not_published_and_says_why(api):
    made = api("POST", "/flows", {"name": "Half done", "document": {"schema": 1}}).json
    refused = api("POST", f"/flows/{made['id']}/publish")
    assert refused.status_code == 422
    assert refused.json["error"]["problems"] == refused.json["problems"] == made["problems"]
    assert api("GET", f"/flows/{made['id']}/versions").json == {"versions": [], "next": None}


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


@pytest.fixture
def held(session, cast):
    """Give a flow with a dearer draft, and a lead that waits on its first version."""
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    hold = {"id": "end", "do": "hold", "retry_every": "1h"}
    flow = a_flow(session, cast.sara, document=solar(connection, fallback=hold))
    flow.draft = solar(connection, fallback={**hold, "retry_every": "30m"})
    waits = {"state": "waiting", "outcome": None, "waiting_for": "retry", "finished_at": None}
    lead = a_lead(session, a_source(session, flow), **waits)
    an_event(session, lead, seq=1, step="intake", effect="hold", asks={"for": "retry"}, result=None, done_at=None)
    session.commit()
    return flow, lead


@pytest.mark.parametrize(
    ("body", "many"), [(None, 0), ({"waiting_leads": "finish"}, 0), ({"waiting_leads": "start_again"}, 1)]
)
def test_publishing_says_what_becomes_of_leads_that_wait(api, session, held, body, many):
    flow, lead = held
    answer = api("POST", f"/flows/{ids.show(flow.id, 'flo')}/publish", body)
    assert (answer.json["version"], answer.json["started_again"]) == (2, many)
    session.refresh(lead)
    told = lead.instruction and {key: lead.instruction[key] for key in ("do", "version", "by")}
    assert told == ({"do": "start_again", "version": 2, "by": ""} if many else None)


def test_going_back_says_it_too_and_anything_else_is_refused(api, session, held):
    flow, lead = held
    address = f"/flows/{ids.show(flow.id, 'flo')}"
    assert api("POST", f"{address}/publish").json["version"] == 2
    lead.version = 2
    session.commit()
    refused = api("POST", f"{address}/versions/1/go-back", {"waiting_leads": "maybe"})
    assert (refused.status_code, refused.json["error"]["problems"][0]["path"]) == (422, "waiting_leads")
    answer = api("POST", f"{address}/versions/1/go-back", {"waiting_leads": "start_again"})
    assert (answer.json["version"], answer.json["started_again"]) == (3, 1)


def test_an_older_draft_is_not_published(api, flow):
    refused = api("POST", f"/flows/{flow['id']}/publish", {"revision": 7})
    assert (refused.status_code, refused.json["error"]["code"], refused.json["revision"]) == (409, "newer_draft", 1)
    assert api("POST", f"/flows/{flow['id']}/publish", {"revision": "one"}).status_code == 422
    assert api("POST", f"/flows/{flow['id']}/publish", {"revision": 1}).json["version"] == 1


def test_a_plan_keeps_what_becomes_of_them(api, held):
    flow, _ = held
    address = f"/flows/{ids.show(flow.id, 'flo')}/plan"
    at = (clock.now() + timedelta(hours=2)).isoformat()
    assert api("PUT", address, {"at": at}, If_Match="1").json["waiting_leads"] == "finish"
    planned = api("PUT", address, {"at": at, "waiting_leads": "start_again"}, If_Match="1")
    assert planned.json["waiting_leads"] == api("GET", address).json["waiting_leads"] == "start_again"
