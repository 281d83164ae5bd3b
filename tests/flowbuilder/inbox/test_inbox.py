"""The pages of an inbox: who may open them, what they hide, read and not read, and page by page."""

import re

import pytest
from sqlalchemy import select

from flowbuilder import clock, ids
from flowbuilder.inbox.queries import AT_ONCE
from flowbuilder.models import Attempt, Audit, ConnectionTest, InboxLead
from tests.support.cast import a_connection, a_flow, a_lead, a_source, an_inbox_lead
from tests.support.web import post, signed_in

BRIGHTROOF = {"deliver_by": ["inbox"], "mapping": [["Name", {"var": "lead.first_name"}]]}
VALUES = ("Ana Tamm", "ana@example.com", "ring twice")


@pytest.fixture
def connection(session, cast):
    row = a_connection(session, cast.sara, name="Brightroof", destination=BRIGHTROOF)
    session.commit()
    return row


@pytest.fixture
def source(session, cast):
    return a_source(session, a_flow(session, cast.sara))


@pytest.fixture
def row(session, source, connection):
    made = an_inbox_lead(session, a_lead(session, source), connection)
    session.commit()
    return made


def address(connection, row=None, rest=""):
    inbox = f"/connections/{ids.show(connection.id, 'con')}/inbox"
    return f"{inbox}/{ids.show(row.id)}{rest}" if row else inbox


def shown(page):
    return [value for value in VALUES if value in page.text]


def test_an_empty_inbox_says_how_leads_come_in(app, session, cast, connection):
    page = signed_in(app, session, cast.sara).get(address(connection))
    assert "No leads yet" in page.text
    assert "Send a test lead" in page.text


def test_the_list_shows_leads_and_no_values(app, session, cast, connection, row):
    page = signed_in(app, session, cast.sara).get(address(connection))
    assert "1 not read yet" in page.text
    assert "$42.00" in page.text
    assert address(connection, row) in page.text
    assert shown(page) == []


def test_values_are_shown_to_those_who_ask_and_that_is_written_down(app, session, cast, connection, row):
    sara = signed_in(app, session, cast.sara)
    masked = sara.get(address(connection, row))
    assert shown(masked) == []
    assert "Email" in masked.text
    page = post(sara, address(connection, row, "/people"))
    assert shown(page) == list(VALUES)
    assert page.headers["Refresh"].startswith("60; url=/connections/")
    session.expire_all()
    written = session.scalars(select(Audit).where(Audit.subject == ids.show(row.id))).all()
    assert [(one.action, one.person_id) for one in written] == [("inbox.lead_shown", cast.sara.person.id)]
    assert session.get_one(InboxLead, row.id).read_at is not None


def test_looking_at_the_page_changes_nothing(app, session, cast, connection, row):
    sara = signed_in(app, session, cast.sara)
    sara.get(address(connection))
    sara.get(address(connection, row))
    session.expire_all()
    assert session.get_one(InboxLead, row.id).read_at is None


def test_a_lead_is_marked_as_read_and_as_not_read(app, session, cast, connection, row):
    sara = signed_in(app, session, cast.sara)
    states = []
    for rest in ("/read", "/unread", "/read"):
        assert post(sara, address(connection, row, rest)).status_code == 303
        session.expire_all()
        states.append(session.get_one(InboxLead, row.id).read_at is not None)
    assert states == [True, False, True]


def test_an_analyst_sees_that_leads_are_there_and_not_who_they_are(app, session, cast, connection, row):
    tom = signed_in(app, session, cast.tom)
    assert address(connection, row) in tom.get(address(connection)).text
    page = tom.get(address(connection, row))
    assert "Show the values" not in page.text
    for rest in ("/people", "/read", "/unread"):
        assert post(tom, address(connection, row, rest)).status_code == 403
    session.expire_all()
    assert session.get_one(InboxLead, row.id).read_at is None


@pytest.mark.parametrize("who", ["bill", "zoe"])
def test_nobody_else_finds_the_inbox(app, session, cast, connection, row, who):
    somebody = signed_in(app, session, getattr(cast, who))
    assert somebody.get(address(connection)).status_code == 404
    assert somebody.get(address(connection, row)).status_code == 404
    for rest in ("/people", "/read", "/unread"):
        assert post(somebody, address(connection, row, rest)).status_code == 404


def test_a_lead_of_another_inbox_is_not_found_in_this_one(app, session, cast, connection, row):
    other = a_connection(session, cast.sara, name="Helio", destination=BRIGHTROOF)
    session.commit()
    sara = signed_in(app, session, cast.sara)
    assert sara.get(address(other, row)).status_code == 404
    assert post(sara, address(other, row, "/people")).status_code == 404


def test_older_leads_are_on_the_next_page(app, session, cast, connection, source):
    many = AT_ONCE * 2 + 1
    rows = [an_inbox_lead(session, a_lead(session, source), connection) for _ in range(many)]
    session.commit()
    sara, found, at = signed_in(app, session, cast.sara), [], address(connection)
    while at:
        page = sara.get(at).text
        found += re.findall(r'class="is-id"><a href="[^"]*/inbox/([0-9A-Z]+)"', page)
        older = re.search(r'href="([^"]*before=[^"]+)">Show older', page)
        at = older and older[1]
    assert found == [ids.show(row.id) for row in reversed(rows)]


def test_a_page_that_is_no_place_in_the_list_is_not_found(app, session, cast, connection):
    assert signed_in(app, session, cast.sara).get(address(connection) + "?before=x").status_code == 404


def test_a_lead_that_was_erased_says_so(app, session, cast, connection, row):
    session.get_one(Attempt, (row.lead_id, row.offer_no, row.attempt_no)).request = None
    session.commit()
    page = post(signed_in(app, session, cast.sara), address(connection, row, "/people"))
    assert "What it got was erased." in page.text
    assert shown(page) == []


def test_a_test_lead_is_marked_as_one(app, session, cast, connection):
    test = ConnectionTest(id=ids.new_id(), account_id=connection.account_id, connection_id=connection.id)
    test.state, test.fields, test.created_at = "done", {}, clock.now()
    test.request = {"method": "INBOX", "fields": [["Name", "Ana Tamm"]]}
    row = InboxLead(id=test.id, account_id=connection.account_id, connection_id=connection.id, at=clock.now())
    session.add_all([test, row])
    session.commit()
    sara = signed_in(app, session, cast.sara)
    assert "Test" in sara.get(address(connection)).text
    assert shown(post(sara, address(connection, row, "/people"))) == ["Ana Tamm"]


def test_what_stands_in_a_lead_is_text_and_nothing_else(app, session, cast, connection, row):
    attempt = session.get_one(Attempt, (row.lead_id, row.offer_no, row.attempt_no))
    attempt.request = {"method": "INBOX", "fields": [["<b>Name</b>", "<script>alert(1)</script>{{7*7}}"]]}
    session.commit()
    page = post(signed_in(app, session, cast.sara), address(connection, row, "/people"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page.text
    assert "<b>Name</b>" not in page.text
