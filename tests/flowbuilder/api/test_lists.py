"""Stored lists over the API: created, filled line by line, asked, deleted; and flows that name them."""

import hashlib

import pytest
from sqlalchemy import event, func, select

from flowbuilder import ids
from flowbuilder.lists.lookup import Wanted, look_up
from flowbuilder.lists.operations import MOST_ENTRIES
from flowbuilder.models import Audit, StoredListEntry
from tests.support.cast import DESTINATION, a_connection
from tests.support.documents import solar, sunrise


@pytest.fixture
def blocked(api):
    return api("POST", "/lists", {"name": "Do not contact", "kind": "email"}).json["id"]


def fill(api, listed, text, mode="replace", **headers):
    body = text if isinstance(text, bytes) else text.encode()
    sent = {"Authorization": f"Bearer {api.key}", "Content-Type": "text/plain", **headers}
    return api._client.put(f"/api/v1/lists/{listed}/entries?mode={mode}", data=body, headers=sent)


def entries(session, listed):
    kept = select(func.count()).select_from(StoredListEntry)
    return session.scalar(kept.where(StoredListEntry.list_id == ids.read(listed, "lst")))


def is_in(api, listed, value):
    return api("GET", f"/lists/{listed}/contains?value={value}").json["contains"]


def naming(listed):
    stop = {"filter": {"id": "blocked", "stop_if": {"in_list": [{"var": "lead.email"}, listed]}}}
    document = solar()
    return document | {"steps": [stop, *document["steps"]]}


def test_a_list_is_created_and_shown(api):
    made = api("POST", "/lists", {"name": "Mobiles", "kind": "phone", "hashed": "sha256", "region": "GB"})
    assert made.status_code == 201
    assert made.json["id"].startswith("lst_")
    told = {key: made.json[key] for key in ("name", "kind", "hashed", "region", "entries")}
    assert told == {"name": "Mobiles", "kind": "phone", "hashed": "sha256", "region": "GB", "entries": 0}
    assert api("GET", "/lists").json["lists"] == [made.json]
    assert api("GET", f"/lists/{made.json['id']}").json == made.json


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"kind": "email"}, "name"),
        ({"name": "x"}, "kind"),
        ({"name": "x", "kind": "colour"}, "kind"),
        ({"name": "x", "kind": ["email"]}, "kind"),
        ({"name": "x", "kind": "email", "hashed": "sha1"}, "hashed"),
        ({"name": "x", "kind": "phone", "region": "usa"}, "region"),
        ({"name": "x", "kind": "email", "colour": "red"}, "colour"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_with_its_address(api, body, path):
    refused = api("POST", "/lists", body)
    assert refused.status_code == 422
    assert [problem["path"] for problem in refused.json["error"]["problems"]] == [path]


def test_entries_are_replaced_or_added_and_lines_that_say_none_are_counted(api, blocked):
    first = fill(api, blocked, "Ana@Example.com\r\n\nnobody\nben@example.com\nBEN@example.com\n")
    told = {"entries": 2, "added": 2, "removed": 0, "unreadable": 1, "unreadable_lines": [3]}
    assert first.json == {"id": blocked, **told}
    assert fill(api, blocked, "cem@example.com\nana@example.com", mode="add").json["entries"] == 3
    assert [is_in(api, blocked, f"{who}@example.com") for who in ("ana", "ben", "cem", "dora")] == [True] * 3 + [False]
    assert fill(api, blocked, "dora@example.com").json["entries"] == 1
    assert [is_in(api, blocked, f"{who}@example.com") for who in ("ana", "dora")] == [False, True]


def test_entries_are_taken_out_by_any_way_of_writing_them(api, blocked):
    fill(api, blocked, "ana@example.com\nben@example.com\ncem@example.com")
    told = fill(api, blocked, " ANA@example.com\ncem@example.com\nnobody\ndora@example.com", mode="remove").json
    assert {key: told[key] for key in ("entries", "removed", "added", "unreadable_lines")} == {
        "entries": 1, "removed": 2, "added": 0, "unreadable_lines": [3],
    }  # fmt: skip
    assert [is_in(api, blocked, f"{who}@example.com") for who in ("ana", "ben", "cem")] == [False, True, False]


def test_entries_of_a_hashed_list_are_taken_out_by_hash_or_by_value(api):
    listed = api("POST", "/lists", {"name": "Mobiles", "kind": "phone", "hashed": "sha256"}).json["id"]
    hashes = [hashlib.sha256(number.encode()).hexdigest() for number in ("5128675309", "+15128675310")]
    fill(api, listed, "\n".join(hashes))
    told = fill(api, listed, f"(512) 867-5309\n{hashes[1].upper()}", mode="remove").json
    assert (told["removed"], told["entries"]) == (2, 0)


def test_a_list_of_people_can_hold_for_all_flows(api, blocked):
    assert api("PATCH", f"/lists/{blocked}", {"suppresses": True}).json["suppresses"] is True
    assert api("PATCH", f"/lists/{blocked}", {"name": "Never call"}).json["suppresses"] is True
    assert api("PATCH", f"/lists/{blocked}", {"suppresses": "yes"}).status_code == 422
    places = {"name": "ZIPs", "kind": "postal_code"}
    refused = api("POST", "/lists", {**places, "suppresses": True}).json["error"]["problems"]
    assert [(one["path"], one["code"]) for one in refused] == [("suppresses", "not_people")]
    assert api("POST", "/lists", {**places, "suppresses": False}).json["suppresses"] is False


def test_a_list_gets_another_name_and_keeps_its_entries(api, strangers_api, blocked):
    fill(api, blocked, "ana@example.com")
    assert api("PATCH", f"/lists/{blocked}", {"name": "Never call"}).json["name"] == "Never call"
    assert api("GET", f"/lists/{blocked}").json["entries"] == 1
    assert api("PATCH", f"/lists/{blocked}", {"name": " "}).status_code == 422
    assert strangers_api("PATCH", f"/lists/{blocked}", {"name": "Mine"}).status_code == 404


def test_a_connection_names_lists_of_its_own_account_only(api, strangers_api, blocked):
    suppress = [{"list": blocked, "field": "email"}]
    body = {"name": "Sunrise", "destination": sunrise(url="https://93.184.216.34/leads", suppress=suppress)}
    assert api("POST", "/connections", body).status_code == 201
    [problem] = strangers_api("POST", "/connections", body).json["error"]["problems"]
    assert (problem["path"], problem["code"]) == ("destination.suppress[0].list", "unknown_list")


def test_a_list_that_a_connection_names_is_not_deleted(api, session, cast, blocked):
    fill(api, blocked, "ana@example.com")
    suppress = {**DESTINATION, "suppress": [{"list": blocked, "field": "email"}]}
    connection = a_connection(session, cast.sara, destination=suppress)
    session.commit()
    refused = api("DELETE", f"/lists/{blocked}").json["error"]
    assert (refused["code"], "The connection “Sunrise Energy”" in refused["message"]) == ("list_in_use", True)
    connection.destination = DESTINATION
    session.commit()
    assert api("DELETE", f"/lists/{blocked}").status_code == 200


def test_a_replacement_that_fails_leaves_the_entries_as_they_were(api, blocked):
    fill(api, blocked, "ana@example.com")
    assert fill(api, blocked, b"ben@example.com\n\xff\xfe\n").status_code == 400
    assert (is_in(api, blocked, "ana@example.com"), is_in(api, blocked, "ben@example.com")) == (True, False)


def test_a_line_too_long_to_be_an_entry_is_counted_once(api, blocked):
    told = fill(api, blocked, b"x" * 5000 + b"ana@example.com\nben@example.com\n").json
    assert (told["entries"], told["unreadable_lines"]) == (1, [1])


def test_many_entries_arrive_in_chunks(api, session, blocked):
    lines = "".join(f"person{number}@example.com\n" for number in range(25_000))
    assert fill(api, blocked, lines).json["entries"] == 25_000
    assert entries(session, blocked) == 25_000


def test_a_list_holds_no_more_than_a_million(api, session, blocked, monkeypatch):
    assert MOST_ENTRIES == 1_000_000
    monkeypatch.setattr("flowbuilder.lists.operations.MOST_ENTRIES", 3)
    assert fill(api, blocked, "".join(f"p{number}@example.com\n" for number in range(3))).json["entries"] == 3
    refused = fill(api, blocked, "p4@example.com\n", mode="add")
    assert (refused.status_code, refused.json["error"]["code"]) == (413, "too_many_entries")
    session.rollback()
    assert api("GET", f"/lists/{blocked}").json["entries"] == 3


@pytest.mark.parametrize(
    ("mode", "headers", "status"), [("append", {}, 400), ("add", {"Content-Type": "application/json"}, 415)]
)
def test_entries_come_as_lines_of_text_in_one_of_three_modes(api, blocked, mode, headers, status):
    assert fill(api, blocked, "ana@example.com", mode=mode, **headers).status_code == status


def test_a_list_is_its_accounts_own(api, strangers_api, blocked):
    fill(api, blocked, "ana@example.com")
    for method, path in (("GET", ""), ("GET", "/contains?value=x"), ("DELETE", "")):
        assert strangers_api(method, f"/lists/{blocked}{path}").status_code == 404
    assert fill(strangers_api, blocked, "x@example.com").status_code == 404
    assert strangers_api("GET", "/lists").json["lists"] == []


def test_asking_needs_a_value(api, blocked):
    assert api("GET", f"/lists/{blocked}/contains").json["error"]["code"] == "no_value"


def test_a_flow_cannot_name_a_list_that_its_account_has_not(api, strangers_api, blocked):
    foreign = strangers_api("POST", "/lists", {"name": "Theirs", "kind": "email"}).json["id"]
    for listed in (ids.show(ids.new_id(), "lst"), foreign, "lst_1"):
        made = api("POST", "/flows", {"name": "Blocked", "document": naming(listed)}).json
        codes = {problem["code"]: problem["path"] for problem in made["problems"]}
        assert codes["unknown_list"] == "steps[0].filter.stop_if.in_list[1]"
        assert api("POST", f"/flows/{made['id']}/publish").status_code == 422
    made = api("POST", "/flows", {"name": "Blocked", "document": naming(blocked)}).json
    assert api("POST", f"/flows/{made['id']}/publish").status_code == 200


def test_a_source_cannot_ask_a_list(api, blocked):
    flow = api("POST", "/flows", {"name": "California solar", "document": solar()}).json
    terms = {"accept_if": {"in_list": [{"var": "lead.email"}, blocked]}}
    refused = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co", **terms})
    assert [problem["code"] for problem in refused.json["error"]["problems"]] == ["no_lists_here"]


def test_a_list_that_a_flow_names_is_not_deleted(api, session, blocked):
    fill(api, blocked, "ana@example.com")
    flow = api("POST", "/flows", {"name": "Blocked", "document": naming(blocked)}).json
    refused = api("DELETE", f"/lists/{blocked}")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "list_in_use")
    shown = api("GET", f"/flows/{flow['id']}")
    api("PUT", f"/flows/{flow['id']}/draft", {"document": solar()}, If_Match=shown.headers["ETag"])
    assert api("DELETE", f"/lists/{blocked}").json == {"id": blocked}
    assert api("GET", f"/lists/{blocked}").status_code == 404
    assert entries(session, blocked) == 0


def test_a_dry_run_looks_up_really_unless_it_is_told_the_answer(api, blocked):
    fill(api, blocked, "ana@example.com")
    flow = api("POST", "/flows", {"name": "Blocked", "document": naming(blocked)}).json
    lead = {"email": "ana@example.com", "state": "CA", "phone_1": "(213) 867-5309"}
    tried = [
        api("POST", f"/flows/{flow['id']}/dry-run", {"lead": lead | person, **told}).json
        for person, told in (
            ({}, {}),
            ({"email": "ben@example.com"}, {}),
            ({}, {"lists": {blocked: False}}),
        )
    ]
    assert [one["reason"] == "Does not match" for one in tried] == [True, False, False]
    assert tried[0]["events"][1]["said"] == "Looked up: in “Do not contact”"
    assert api("POST", f"/flows/{flow['id']}/dry-run", {"lead": lead, "lists": {blocked: "yes"}}).status_code == 422


def test_what_was_done_to_a_list_is_told_without_its_entries(api, session, blocked):
    fill(api, blocked, "ana@example.com")
    api("DELETE", f"/lists/{blocked}")
    rows = session.scalars(select(Audit).where(Audit.subject == blocked).order_by(Audit.id)).all()
    assert [row.action for row in rows] == ["list.created", "list.filled", "list.deleted"]
    assert (rows[1].detail["added"], "ana@" in str(rows[1].detail)) == (1, False)


def test_many_values_are_looked_up_by_one_statement(api, session, cast, blocked):
    fill(api, blocked, "person7@example.com")
    wanted = [Wanted(cast.sara.account.id, blocked, f"person{number}@example.com") for number in range(50)]
    wanted.append(Wanted(cast.zoe.account.id, blocked, "person7@example.com"))
    wanted.append(Wanted(cast.sara.account.id, "lst_nothing", "person7@example.com"))
    forms, sent = {}, []
    database = session.connection()
    look_up(database, wanted[:1], forms)
    event.listen(database, "before_cursor_execute", lambda *told: sent.append(told[2]))
    found = look_up(database, wanted, forms)
    assert len(sent) == 1
    assert [one.text for one, answer in found.items() if answer] == ["person7@example.com"]
    assert [found[one] for one in wanted[-2:]] == [None, None]
