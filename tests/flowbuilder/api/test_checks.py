"""Checks over the API: made from a dry run, run on the draft or on another document, deleted."""

import pytest

from flowbuilder import ids
from tests.support.cast import a_connection, a_flow, a_lead, a_source
from tests.support.documents import solar

ANA = {"email": "ana@example.com", "phone_1": "(213) 555-0148", "state": "CA"}


@pytest.fixture
def sunrise(session, cast):
    connection = a_connection(session, cast.sara)
    session.commit()
    return ids.show(connection.id, "con")


@pytest.fixture
def flow(session, cast, sunrise):
    row = a_flow(session, cast.sara, document=solar(sunrise))
    session.commit()
    return row


@pytest.fixture
def checks(api, flow):
    address = f"/flows/{ids.show(flow.id, 'flo')}/checks"
    return lambda method, path="", body=None: api(method, address + path, body)


def test_a_check_expects_the_end_that_the_draft_gives(checks, sunrise):
    made = checks("POST", body={"name": "CA solar is sold", "lead": ANA, "must_pass": True})
    assert made.status_code == 201
    assert made.json["expected"] == {"status": "sold", "buyers": [sunrise], "reason": None}
    assert checks("GET").json["checks"] == [made.json]
    assert "lead" not in made.json

    ran = checks("POST", "/run").json
    assert (ran["passed"], ran["of"]) == (1, 1)
    assert (ran["checks"][0]["passed"], ran["checks"][0]["got"]) == (True, "sold to Sunrise Energy")


def test_a_check_that_expects_another_end_says_what_came_instead(checks, sunrise):
    nevada = {"is": [{"var": "lead.state"}, "NV"]}
    expected = {"status": "rejected", "reason": "Not CA solar"}
    checks("POST", body={"name": "NV is rejected", "lead": {**ANA, "state": "NV"}, "expected": expected})
    assert checks("POST", "/run").json["passed"] == 1

    document = solar(sunrise)
    document["steps"][0]["filter"]["continue_if"] = nevada
    ran = checks("POST", "/run", {"document": document}).json
    assert [(one["passed"], one["expected"], one["got"]) for one in ran["checks"]] == [
        (False, "rejected: Not CA solar", "sold to Sunrise Energy")
    ]


@pytest.mark.parametrize(
    ("asked", "end"),
    [
        ({"caps": "full"}, "rejected: No buyer available"),
        ({"full": ["s2"]}, "rejected: No buyer available"),
        ({"answers": {"s2": "declined"}}, "rejected: No buyer available"),
        ({"answers": {"s2": {"answer": "timeout"}}}, "waiting: No answer: the same buyer is asked again"),
        ({"seen": True}, "sold to Sunrise Energy"),
        ({"lead": {**ANA, "email": ""}}, "invalid: Email is required."),
    ],
)
def test_everything_that_a_dry_run_takes_is_kept(checks, asked, end):
    checks("POST", body={"lead": ANA, **asked})
    assert [(one["passed"], one["got"]) for one in checks("POST", "/run").json["checks"]] == [(True, end)]


def test_a_lead_that_came_in_is_named_and_not_copied(checks, session, flow, sunrise):
    lead = a_lead(session, a_source(session, flow), posted=ANA, fields=ANA)
    session.commit()
    assert checks("POST", body={"source_lead": ids.show(lead.id)}).json["expected"]["buyers"] == [sunrise]
    session.delete(lead)
    session.commit()
    (ran,) = checks("POST", "/run").json["checks"]
    assert (ran["passed"], ran["problem"]) == (False, "The lead that it is run with is not there any more.")


def test_what_cannot_be_read_fails_every_check(checks):
    checks("POST", body={"lead": ANA})
    (ran,) = checks("POST", "/run", {"document": {"schema": 1}}).json["checks"]
    assert (ran["passed"], ran["problem"]) == (False, "The flow cannot be read as it is.")


def test_a_check_can_be_deleted(checks):
    made = checks("POST", body={"lead": ANA}).json
    assert checks("DELETE", f"/{made['id']}").json == {"id": made["id"]}
    assert checks("GET").json["checks"] == []
    assert checks("DELETE", f"/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "lead"),
        ({"lead": ANA, "name": ""}, "name"),
        ({"lead": ANA, "caps": "half"}, "caps"),
        ({"lead": ANA, "full": "s2"}, "full"),
        ({"lead": ANA, "now": "noon"}, "now"),
        ({"lead": ANA, "source": "flo_1"}, "source"),
        ({"source_lead": "1"}, "source_lead"),
        ({"lead": ANA, "answers": {"s2": "perhaps"}}, "answers.s2"),
        ({"lead": ANA, "expected": {"status": "won"}}, "expected.status"),
        ({"lead": ANA, "expected": {"status": "sold", "buyers": "all"}}, "expected.buyers"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_its_address(checks, body, path):
    refused = checks("POST", body=body)
    assert (refused.status_code, refused.json["error"]["problems"][0]["path"]) == (422, path)
    assert checks("GET").json["checks"] == []
