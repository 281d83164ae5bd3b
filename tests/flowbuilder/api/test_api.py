"""What all calls of the API share: keys, errors, paging, and a description that is true."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.api.auth import OF_A_SOURCE, WRONG
from flowbuilder.api.errors import CODES
from flowbuilder.api.openapi import PREFIX, calls, path_of
from flowbuilder.models import ApiKey
from tests.support.cast import a_connection, a_flow, a_lead, a_list, a_source, now
from tests.support.documents import solar
from tests.support.web import signed_in

MISSING = CODES[401][1]


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, MISSING),
        ({"Authorization": "Bearer"}, MISSING),
        ({"Authorization": "fb_" + "0" * 26 + "_" + "A" * 43}, MISSING),
        ({"X-API-Key": "fb_" + "0" * 26 + "_" + "A" * 43}, MISSING),
        ({"Authorization": "Bearer nonsense"}, WRONG),
        ({"Authorization": "Basic Zm9vOmJhcg=="}, WRONG),
        ({"Authorization": "Bearer fb_" + "0" * 26 + "_" + "A" * 43}, WRONG),
        ({"Authorization": "Bearer lk_live_" + "0" * 26 + "_" + "A" * 43}, OF_A_SOURCE),
        ({"X-API-Key": "lk_test_" + "0" * 26 + "_" + "A" * 43}, OF_A_SOURCE),
    ],
)
def test_without_a_good_key_the_answer_is_401_and_says_what_to_send(app, headers, message):
    answer = app.test_client().get("/api/v1/flows", headers=headers)
    assert answer.status_code == 401
    assert (answer.json["error"]["code"], answer.json["error"]["message"]) == ("no_key", message)


def test_a_wrong_secret_and_a_revoked_key_are_refused(app, api, session):
    wrong = api.key[:-1] + ("A" if api.key[-1] != "A" else "B")
    assert app.test_client().get("/api/v1/flows", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
    session.scalars(select(ApiKey).order_by(ApiKey.id.desc())).first().revoked_at = now()
    session.commit()
    assert api("GET", "/flows").status_code == 401


def test_a_cookie_opens_nothing_and_no_form_token_is_asked_for(app, api, session, cast):
    browser = signed_in(app, session, cast.sara)
    assert browser.get("/api/v1/flows").status_code == 401
    assert api("POST", "/flows", {"name": "Solar", "document": solar()}).status_code == 201


def test_use_of_a_key_is_noted_once_a_minute(api, session, cast):
    api("GET", "/flows")
    row = session.scalars(select(ApiKey).where(ApiKey.account_id == cast.sara.account.id)).one()
    first = row.last_used_at
    api("GET", "/flows")
    session.refresh(row)
    assert row.last_used_at == first
    row.last_used_at = first - timedelta(minutes=2)
    session.commit()
    api("GET", "/flows")
    session.refresh(row)
    assert row.last_used_at > first - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("GET", "/flows/flo_00000000000000000000000000", {}, 404, "not_found"),
        ("GET", "/flows/nonsense", {}, 404, "not_found"),
        ("DELETE", "/flows", {}, 405, "method_not_allowed"),
        ("POST", "/flows", {"data": "name=Solar"}, 415, "unsupported_media_type"),
        ("POST", "/flows", {"data": "{", "content_type": "application/json"}, 400, "not_json"),
        ("POST", "/flows", {"data": "[]", "content_type": "application/json"}, 400, "not_an_object"),
        ("POST", "/flows", {"data": '{"name": 1, "name": 2}', "content_type": "application/json"}, 400, "doubled_key"),
        ("POST", "/flows", {"data": '{"name": NaN}', "content_type": "application/json"}, 400, "not_a_number"),
        ("POST", "/flows", {"data": " " * 1_100_000, "content_type": "application/json"}, 413, "too_large"),
        ("POST", "/flows", {"json": {"name": ""}}, 422, "problems"),
        ("GET", "/flows?after=nonsense", {}, 400, "not_an_id"),
        ("GET", "/flows?limit=0", {}, 400, "bad_limit"),
        ("GET", "/flows?limit=201", {}, 400, "bad_limit"),
        ("GET", "/flows?limit=0000000201", {}, 400, "bad_limit"),
        ("GET", f"/flows?limit={'9' * 5000}", {}, 400, "bad_limit"),
        ("GET", "/fields/%00", {}, 404, "not_found"),
        ("DELETE", "/fields/a%20b", {}, 404, "not_found"),
        ("GET", "/leads?status=great", {}, 400, "not_a_status"),
        ("GET", "/leads?state=sold", {}, 400, "unknown_in_query"),
        ("POST", "/flows?dry=1", {"json": {"name": "Solar", "document": {}}}, 400, "unknown_in_query"),
        ("GET", "/caps", {}, 400, "no_flow"),
    ],
)
def test_errors_have_one_shape(app, api, method, path, sent, status, code):
    headers = {"Authorization": f"Bearer {api.key}"}
    answer = app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **sent)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert set(answer.json["error"]) == {"code", "message", "problems"}
    assert answer.json["error"]["code"] == code


def test_a_wrong_method_is_told_the_right_ones(api):
    assert set(api("DELETE", "/flows").headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_all_problems_of_a_body_are_told_at_once(api):
    refused = api("POST", "/flows", {"name": 7, "document": [], "colour": "red"})
    assert {one["path"] for one in refused.json["error"]["problems"]} == {"name", "document", "colour"}


@pytest.mark.parametrize(
    "call", ["pause", "resume", "archive", "restore", "duplicate", "draft/undo", "draft/redo", "versions/1/use"]
)
def test_a_call_without_settings_takes_no_body_that_says_something(api, session, cast, call):
    flow = ids.show(a_flow(session, cast.sara, document=solar()).id, "flo")
    session.commit()
    refused = api("POST", f"/flows/{flow}/{call}", {"at": "tomorrow"}, If_Match="1")
    assert (refused.status_code, refused.json["error"]["problems"][0]["path"]) == (422, "at")
    for nothing in (None, {}):
        assert api("POST", f"/flows/{flow}/{call}", nothing, If_Match="1").status_code in (200, 201, 409)


def test_the_description_says_that_calls_without_settings_refuse_a_body(api):
    described = api("GET", "/openapi.json").json["paths"]["/flows/{flow_id}/resume"]["post"]
    assert set(described["responses"]) >= {"200", "404", "413", "415", "422"}
    assert "requestBody" not in described


def test_the_description_names_every_call_and_no_other(app, api):
    described = api("GET", "/openapi.json").json["paths"]
    routes = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(f"{PREFIX}/")]
    calls = {(path_of(rule), method) for rule in routes for method in rule.methods - {"HEAD", "OPTIONS"}}
    told = {(path, method.upper()) for path, methods in described.items() for method in methods}
    assert told == calls - {("/openapi.json", "GET")}


def test_the_description_of_a_body_is_what_is_taken(api):
    taken = api("GET", "/openapi.json").json["paths"]["/flows"]["post"]["requestBody"]["content"]["application/json"]
    assert set(taken["schema"]["properties"]) == {"name", "document"}


def test_the_description_of_a_posted_lead_names_every_kind_of_body_and_every_status(api):
    described = api("GET", "/openapi.json").json["paths"]["/leads"]["post"]
    kinds = {"application/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"}
    told = "201 202 303 400 401 403 404 409 411 413 415 422 429 500 503"
    assert set(described["requestBody"]["content"]) == kinds
    assert sorted(described["responses"]) == told.split()
    assert all(
        {*answer["content"]} == {"application/json", "application/xml"} for answer in described["responses"].values()
    )


def test_a_query_that_is_not_known_is_told_with_those_that_are(api):
    refused = api("GET", "/sources?flows=1&after=&status=2").json["error"]
    assert refused["message"] == "“flows” is not known in this query; those that are: flow, after, limit."
    assert [problem["path"] for problem in refused["problems"]] == ["flows", "status"]
    assert api("GET", "/fields?type=email").json["error"]["message"].endswith("; this call takes none.")


def test_a_stranger_finds_nothing_of_anybody_on_any_address(app, api_of, strangers_api, session, cast):
    addresses = list(addresses_with_ids(app, session, cast))
    assert len(addresses) >= 20
    body = {"name": "Zoe", "document": {}, "destination": {}, "mode": "live"}
    for method, path, takes_settings in addresses:
        answer = strangers_api(method, path, body if takes_settings else None)
        assert answer.status_code == 404, (method, path)


def addresses_with_ids(app, session, cast):
    """Yield every call on something of Sara's, with the ids of real things, and whether it takes settings."""
    flow = a_flow(session, cast.sara, document=solar())
    source, connection = a_source(session, flow), a_connection(session, cast.sara)
    lead = a_lead(session, source)
    session.commit()
    shown = {
        "flow_id": flow.id, "source_id": source.id, "connection_id": connection.id, "lead_id": lead.id,
        "list_id": a_list(session, cast.sara).id,
        "number": 1, "name": "token", "key_id": lead.id, "test_id": lead.id, "check_id": lead.id,
    }  # fmt: skip
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        # The key of a field is no id: in everybody's catalogue it is a name of their own.
        if rule.rule.startswith(f"{PREFIX}/") and rule.arguments and "key" not in rule.arguments:
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                address = adapter.build(rule.endpoint, {name: shown[name] for name in rule.arguments}, method)
                described = vars(app.view_functions[rule.endpoint])["described"]
                yield method, re.sub(f"^{PREFIX}", "", address), described.takes is not None


def test_lists_of_a_stranger_hold_nothing_of_anybody(strangers_api, session, cast):
    flow = a_flow(session, cast.sara, document=solar())
    a_lead(session, a_source(session, flow))
    a_connection(session, cast.sara)
    session.commit()
    for noun in ("flows", "sources", "connections", "leads"):
        assert strangers_api("GET", f"/{noun}").json[noun] == []


def test_the_table_of_what_pages_do_names_every_call_and_no_other(app):
    page = Path("docs/programs.md").read_text()
    told = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]+)`", page))
    assert told == {(method, path_of(rule)) for rule, method in calls(app)}
