"""The pages of stored lists: made and filled by pasting or a file, asked about one value, renamed, deleted."""

import hashlib
import io

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from flowbuilder import ids
from flowbuilder.models import StoredList, StoredListEntry
from tests.support.cast import DESTINATION, a_connection, a_flow, a_list
from tests.support.documents import solar
from tests.support.web import HTMX, form_token, post, signed_in

PHONE = "+15128675309"


@pytest.fixture
def blocked(session, cast):
    row = a_list(session, cast.sara, name="Do not contact", kind="phone")
    session.commit()
    return row


def at(row, rest=""):
    return f"/lists/{ids.show(row.id, 'lst')}{rest}"


def made(session, cast):
    session.rollback()
    return session.scalars(select(StoredList).where(StoredList.account_id == cast.sara.account.id)).one()


def keys(session, row):
    session.rollback()
    session.expire_all()
    return sorted(session.scalars(select(StoredListEntry.key).where(StoredListEntry.list_id == row.id)))


def upload(client, address, text, **fields):
    sent = text if isinstance(text, bytes) else text.encode()
    data = {**fields, "csrf_token": form_token(client), "file": FileStorage(io.BytesIO(sent), "people.csv")}
    # Put together here: the test client leaves large bodies in files that it does not close.
    boundary, body = encode_multipart(data)
    return client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def change(client, row, entries, mode="add", **how):
    return post(client, at(row, "/entries"), entries=entries, mode=mode, **how)


def test_an_account_without_lists_is_told_what_they_are_for(sara):
    assert "No stored lists yet" in sara.get("/lists").text


def test_a_list_is_made_with_what_was_pasted(sara, session, cast):
    pasted = "(512) 867-5309, 512-867-5310\n+1 512 867 5311\t5128675312"
    answer = post(sara, "/lists/new", name="DNC", kind="phone", hashed="plain", region="US", entries=pasted)
    row = made(session, cast)
    assert (answer.status_code, answer.location) == (303, at(row))
    assert (row.name, row.kind, row.hashed, row.region, row.size) == ("DNC", "phone", "plain", "US", 4)
    assert keys(session, row) == ["+15128675309", "+15128675310", "+15128675311", "+15128675312"]


def test_a_list_is_made_from_a_file_of_hashes(sara, session, cast):
    hashes = [hashlib.sha256(f"p{number}@example.com".encode()).hexdigest() for number in range(3)]
    fields = {"name": "Opted out", "kind": "email", "hashed": "sha256", "region": "US"}
    upload(sara, "/lists/new", "\r\n".join(one.upper() for one in hashes), **fields)
    assert keys(session, made(session, cast)) == sorted(hashes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "Give the list a name."),
        ({"name": "x" * 121}, "Use at most 120 characters."),
        ({"kind": "colour"}, "Not a valid choice"),
        ({"hashed": "sha1"}, "Not a valid choice"),
        ({"region": "XX"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_with_a_new_list_stands_beside_it(sara, session, cast, changes, words):
    fields = {"name": "DNC", "kind": "phone", "hashed": "plain", "region": "US", "entries": "512 867 5309"}
    refused = post(sara, "/lists/new", **(fields | changes))
    assert (refused.status_code, words in refused.text) == (422, True)
    assert "512 867 5309" in refused.text
    assert not session.scalars(select(StoredList).where(StoredList.account_id == cast.sara.account.id)).all()


def test_what_could_not_be_read_is_shown_line_by_line(sara, session, blocked):
    told = change(sara, blocked, "phone\n(512) 867-5309\n\n<b>call me</b>, 512 867 5310").text
    assert "2 recognised, 2 not." in told
    assert "<code>phone</code>" in told
    assert "Line 4:</span> <code>&lt;b&gt;call me&lt;/b&gt;</code>" in told
    assert keys(session, blocked) == ["+15128675309", "+15128675310"]


def test_of_many_unreadable_lines_the_first_are_shown_and_the_others_counted(sara, blocked):
    told = change(sara, blocked, "\n".join(["512 867 5309", *[f"nobody {number}" for number in range(4_980)]])).text
    assert "1 recognised, 4,980 not." in told
    assert told.count("nobody") == 20
    assert "and 4,960 more" in told


def test_entries_are_added_taken_out_and_replaced(sara, session, blocked):
    change(sara, blocked, "512 867 5309\n512 867 5310")
    assert "1 taken out." in change(sara, blocked, "+1 (512) 867-5309", "remove").text
    assert keys(session, blocked) == ["+15128675310"]
    assert "1 new." in change(sara, blocked, "512 867 5310\n512 867 5311").text
    change(sara, blocked, "512 867 5312", "replace")
    assert keys(session, blocked) == ["+15128675312"]
    assert "1 entry" in sara.get(at(blocked)).text


def test_a_file_that_is_no_text_changes_nothing(sara, session, blocked):
    change(sara, blocked, "512 867 5309")
    refused = upload(sara, at(blocked, "/entries"), b"512 867 5310\n\xff\xfe\x00", mode="replace")
    assert (refused.status_code, "no text in UTF-8" in refused.text) == (422, True)
    assert keys(session, blocked) == ["+15128675309"]


def test_nothing_to_add_is_said_so(sara, blocked):
    refused = change(sara, blocked, "  \n ")
    assert (refused.status_code, "Type or paste entries" in refused.text) == (422, True)


def test_a_file_larger_than_any_page_takes_is_read_and_others_pages_stay_small(sara, session, blocked):
    text = "".join(f"512{number:07},padding that is no number\n" for number in range(2_000_000, 2_040_000))
    assert len(text) > 1024 * 1024
    told = upload(sara, at(blocked, "/entries"), text, mode="add").text
    assert "40,000 recognised, 40,000 not." in told
    session.expire_all()
    assert session.get_one(StoredList, blocked.id).size == 40_000
    assert post(sara, at(blocked, "/edit"), name="x" * (1024 * 1024 + 1)).status_code == 413


def test_more_than_a_million_are_refused_as_a_whole(sara, session, blocked, monkeypatch):
    monkeypatch.setattr("flowbuilder.lists.operations.MOST_ENTRIES", 2)
    refused = change(sara, blocked, "512 867 5309\n512 867 5310\n512 867 5311")
    assert (refused.status_code, "at most 1,000,000 entries" in refused.text) == (422, True)
    assert keys(session, blocked) == []


@pytest.mark.parametrize(
    ("hashed", "entry"),
    [
        ("plain", PHONE),
        ("md5", hashlib.md5(b"5128675309").hexdigest()),
        ("sha256", hashlib.sha256(PHONE.encode()).hexdigest()),
    ],
)
@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("(512) 867-5309", "It is on the list."),
        ("512.867.5310", "It is not on the list."),
        ("nobody", "is no phone number"),
    ],
)
def test_does_this_number_match(sara, session, cast, hashed, entry, value, answer):
    row = a_list(session, cast.sara, kind="phone", hashed=hashed, size=1)
    session.add(StoredListEntry(list_id=row.id, key=entry))
    session.commit()
    told = post(sara, at(row, "/match"), value=value).text
    assert answer in told
    if value != "nobody":
        assert f"<code>+1{''.join(filter(str.isdigit, value))}</code>" in told
        assert ("hash of" in told) is (hashed != "plain")
    assert entry not in told or hashed == "plain"


@pytest.mark.parametrize(
    ("kind", "entry", "value"),
    [
        ("email", "ana@example.com", " ANA@Example.com "),
        ("postal_code", "94105", "94105-1234"),
        ("text", "acme", "ACME"),
    ],
)
def test_lists_of_every_kind_match_in_their_normal_form(sara, session, cast, kind, entry, value):
    row = a_list(session, cast.sara, kind=kind, size=1)
    session.add(StoredListEntry(list_id=row.id, key=entry))
    session.commit()
    assert "It is on the list." in post(sara, at(row, "/match"), value=value).text


def test_a_part_of_the_page_is_enough_for_htmx(sara, blocked):
    told = post(sara, at(blocked, "/match"), headers=HTMX, value="512 867 5309").text
    assert 'id="list-match"' in told
    assert 'hx-swap-oob="true"' in told
    assert "<html" not in told


def test_the_list_says_what_uses_it_and_is_not_deleted_meanwhile(sara, session, cast, blocked):
    shown = ids.show(blocked.id, "lst")
    suppress = [{"list": shown, "field": "phone_1"}]
    stops = {"filter": {"id": "f", "stop_if": {"in_list": [{"var": "lead.phone_1"}, shown]}}}
    a_flow(session, cast.sara, name="Solar", document=solar(steps=[stops]))
    a_connection(session, cast.sara, name="Helio", destination={**DESTINATION, "suppress": suppress})
    session.commit()
    told = sara.get(at(blocked)).text
    assert ("Solar" in told, "Helio" in told) == (True, True)
    assert "Solar" in sara.get("/lists").text
    refused = post(sara, at(blocked, "/delete"))
    assert (refused.status_code, "stays for now" in refused.text) == (409, True)


def test_a_list_that_nothing_names_is_deleted_for_good(sara, session, blocked):
    change(sara, blocked, "512 867 5309")
    address, list_id = at(blocked), blocked.id
    assert "deleted for good" in sara.get(f"{address}/delete").text
    assert post(sara, f"{address}/delete").location == "/lists"
    assert sara.get(address).status_code == 404
    left = select(func.count()).select_from(StoredListEntry).where(StoredListEntry.list_id == list_id)
    assert session.scalar(left) == 0


def test_a_list_gets_another_name(sara, session, blocked):
    assert post(sara, at(blocked, "/edit"), name="Never call").status_code == 303
    assert "Never call" in sara.get(at(blocked)).text
    assert post(sara, at(blocked, "/edit"), name="").status_code == 422


def test_a_list_of_people_holds_for_all_flows(sara, session, cast, blocked):
    assert post(sara, at(blocked, "/edit"), name="Do not contact", suppresses="y").status_code == 303
    assert "It holds for all flows" in sara.get(at(blocked)).text
    assert "All flows" in sara.get("/lists").text
    post(sara, at(blocked, "/edit"), name="Do not contact")
    assert "It holds for all flows" not in sara.get(at(blocked)).text
    fields = {"name": "ZIPs", "kind": "postal_code", "hashed": "plain", "region": "US", "suppresses": "y"}
    refused = post(sara, "/lists/new", **fields)
    assert (refused.status_code, "Only lists of email addresses" in refused.text) == (422, True)


def test_a_teammate_looks_and_asks_but_changes_nothing(app, session, cast, blocked):
    tom = signed_in(app, session, cast.tom)
    told = tom.get(at(blocked)).text
    assert "Do not contact" in told
    assert "Change the list" not in told
    assert "Delete this list" not in told
    assert post(tom, at(blocked, "/match"), value="512 867 5309").status_code == 200
    for rest in ("/entries", "/edit", "/delete"):
        assert post(tom, at(blocked, rest), entries="1", name="x").status_code == 403
    assert "New list" not in tom.get("/lists").text


@pytest.mark.parametrize("who", ["bill", "zoe"])
def test_a_buyer_and_a_stranger_find_no_list(app, session, cast, blocked, who):
    other = signed_in(app, session, getattr(cast, who))
    assert "Do not contact" not in other.get("/lists").text
    assert other.get(at(blocked)).status_code == 404
    for rest in ("/entries", "/match", "/edit", "/delete"):
        assert post(other, at(blocked, rest), value="x", entries="x", name="x").status_code == 404
