"""The history of drafts over the API: in words, taken back, done again; versions compared, and used as the draft."""

from datetime import timedelta

import pytest

from flowbuilder import clock
from tests.support.documents import solar


@pytest.fixture
def flow(api):
    return api("POST", "/flows", {"name": "California solar", "document": solar()}).json["id"]


def draft(api, flow, rest="", revision=None, method="POST"):
    headers = {"If_Match": str(revision)} if revision is not None else {}
    return api(method, f"/flows/{flow}/draft{rest}", **headers)


def save(api, flow, revision, **changes):
    return api("PUT", f"/flows/{flow}/draft", {"document": solar(**changes)}, If_Match=str(revision))


def currency(api, flow):
    return api("GET", f"/flows/{flow}").json["draft"]["currency"]


def test_the_history_names_edits_and_what_undo_would_do(api, flow):
    assert draft(api, flow, "/history", method="GET").json == {"edits": [], "undo": None, "redo": None}
    save(api, flow, 1, currency="EUR")
    told = draft(api, flow, "/history", method="GET").json
    assert [(one["revision"], one["kind"], one["name"]) for one in told["edits"]] == [(2, "edit", "import a document")]
    assert (told["undo"], told["redo"]) == ({"revision": 2, "name": "import a document"}, None)


def test_an_edit_is_taken_back_and_done_again(api, flow):
    save(api, flow, 1, currency="EUR")
    undone = draft(api, flow, "/undo", 2)
    assert (undone.status_code, undone.json["revision"], undone.headers["ETag"]) == (200, 3, '"3"')
    assert currency(api, flow) == "USD"
    assert draft(api, flow, "/redo", 3).json["revision"] == 4
    assert currency(api, flow) == "EUR"


@pytest.mark.parametrize(("revision", "status", "code"), [(None, 428, "revision_needed"), (1, 409, "newer_draft")])
def test_nothing_is_taken_back_of_a_draft_that_was_not_read(api, flow, revision, status, code):
    save(api, flow, 1, currency="EUR")
    answer = draft(api, flow, "/undo", revision)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert currency(api, flow) == "EUR"


@pytest.mark.parametrize("way", ["undo", "redo"])
def test_where_there_is_nothing_to_undo_that_is_told(api, flow, way):
    answer = draft(api, flow, f"/{way}", 1)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, f"nothing_to_{way}")


def test_a_draft_and_versions_are_compared_in_words(api, flow):
    api("POST", f"/flows/{flow}/publish")
    assert draft(api, flow, "/changes", method="GET").json == {"live_version": 1, "changes": []}
    save(api, flow, 1, currency="EUR")
    [change] = draft(api, flow, "/changes", method="GET").json["changes"]
    assert (change["before"], change["after"]) == ("“USD”", "“EUR”")
    api("POST", f"/flows/{flow}/publish")
    second = api("GET", f"/flows/{flow}/versions/2/changes").json
    assert second == {"since": 1, "changes": [change]}
    assert api("GET", f"/flows/{flow}/versions/1/changes").json == {"since": None, "changes": []}
    assert api("GET", f"/flows/{flow}/versions/1/changes?since=2").json["changes"][0]["after"] == "“USD”"
    assert api("GET", f"/flows/{flow}/versions/1/changes?since=9").status_code == 404


def test_a_version_is_used_as_the_draft_and_the_old_one_comes_back(api, flow):
    api("POST", f"/flows/{flow}/publish")
    save(api, flow, 1, currency="EUR")
    address = f"/flows/{flow}/versions/1/use"
    assert api("POST", address, If_Match="1").status_code == 409
    assert api("POST", address, If_Match="2").json["revision"] == 3
    assert currency(api, flow) == "USD"
    draft(api, flow, "/undo", 3)
    assert currency(api, flow) == "EUR"


def test_a_draft_is_planned_for_a_time_and_taken_back(api, flow):
    address, at = f"/flows/{flow}/plan", clock.now() + timedelta(hours=2)
    assert api("GET", address).status_code == 404
    planned = api("PUT", address, {"at": at.isoformat(), "note": "For Monday"}, If_Match="1")
    assert (planned.status_code, planned.json["note"], planned.json["instead_of"]) == (200, "For Monday", None)
    assert api("GET", address).json == planned.json
    assert api("DELETE", address).json == {"id": flow}
    assert api("GET", address).status_code == 404


@pytest.mark.parametrize("at", ["soon", "2026-11-20T18:00:00", "2001-01-01T00:00:00Z", 7, None])
def test_a_plan_needs_a_time_to_come(api, flow, at):
    refused = api("PUT", f"/flows/{flow}/plan", {"at": at}, If_Match="1")
    assert refused.status_code == 422
    assert [one["path"] for one in refused.json["error"]["problems"]] == ["at"]


def test_what_has_errors_or_was_changed_is_not_planned(api, flow):
    at = (clock.now() + timedelta(hours=2)).isoformat()
    save(api, flow, 1, steps=[{"cap": {"id": "c"}}])
    assert api("PUT", f"/flows/{flow}/plan", {"at": at}, If_Match="1").status_code == 409
    refused = api("PUT", f"/flows/{flow}/plan", {"at": at}, If_Match="2")
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "not_publishable")


def test_a_flow_is_copied_put_away_brought_back_and_deleted(api, flow):
    copy = api("POST", f"/flows/{flow}/duplicate").json
    assert (copy["name"], copy["live_version"]) == ("Copy of California solar", None)
    assert api("POST", f"/flows/{flow}/archive").json["state"] == "paused"
    api("POST", f"/flows/{flow}/restore")
    api("POST", f"/flows/{flow}/publish")
    kept = api("DELETE", f"/flows/{flow}")
    assert (kept.status_code, kept.json["error"]["code"]) == (409, "has_history")
    assert api("DELETE", f"/flows/{copy['id']}").json == {"id": copy["id"]}
    assert api("GET", f"/flows/{copy['id']}").status_code == 404


def test_a_flow_is_renamed(api, strangers_api, flow):
    renamed = api("PATCH", f"/flows/{flow}", {"name": "  Solar  West "})
    assert (renamed.status_code, renamed.json["name"]) == (200, "Solar West")
    refused = api("PATCH", f"/flows/{flow}", {"name": " "})
    assert (refused.status_code, [one["path"] for one in refused.json["error"]["problems"]]) == (422, ["name"])
    assert strangers_api("PATCH", f"/flows/{flow}", {"name": "Mine"}).status_code == 404


def test_of_a_strangers_draft_nothing_is_told(strangers_api, flow):
    for method, rest in (("GET", "/changes"), ("GET", "/history"), ("POST", "/undo"), ("POST", "/redo")):
        assert strangers_api(method, f"/flows/{flow}/draft{rest}", If_Match="1").status_code == 404
