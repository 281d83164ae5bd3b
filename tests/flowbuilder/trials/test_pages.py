"""The page of a test run: what it is made with, how the lead would end, and what is never done."""

import re
from copy import deepcopy

import pytest
from sqlalchemy import func, select

from flowbuilder import ids
from flowbuilder.claim_keys import claim_keys, duplicates_secret
from flowbuilder.models import Audit, CapWindow, Claim, ConnectionTest, FlowCheck, Lead, Offer, StoredListEntry
from tests.flowbuilder.trials.conftest import ANA
from tests.support.cast import a_lead, a_list, a_member, now
from tests.support.web import HTMX, post, signed_in

TAGS = re.compile(r"<[^>]+>")


@pytest.fixture
def address(flow):
    return f"/flows/{ids.show(flow.id, 'flo')}/test"


@pytest.fixture
def try_it(sara, address):
    """Return a function that sends the form and gives the words of the page."""

    def sent(do="run", client=sara, status=200, **fields):
        named = {name.replace("__", "."): value for name, value in fields.items()}
        response = post(client, address, do=do, **named)
        assert response.status_code == status, response.text
        return words_of(response.text)

    return sent


def words_of(page):
    """Return the text of a page, in one line."""
    return " ".join(TAGS.sub(" ", page).replace("&#34;", '"').replace("&#39;", "'").split())


def lead(**changes):
    return {f"f.{key}": value for key, value in (ANA | changes).items()}


def test_a_first_visit_shows_a_made_up_lead_that_is_sold(sara, address, source):
    page = words_of(sara.get(address).text)
    assert "Sold to Sunrise" in page
    assert "No leads yet. We made up three for you." in page
    assert '"price":31.50' in page
    assert "201 Created" in page


def test_each_rule_has_its_tick_with_the_leads_value(try_it):
    page = try_it(**lead(state="NV"))
    assert "Rejected: Not CA solar" in page
    assert "State is CA: lead has NV : not true" in page
    assert page.count("Not reached") == 3


def test_a_buyer_that_bid_and_lost_was_not_chosen(sara, session, address, flow, document, source):
    rows = [{"id": row["buyer"]["id"], "connection": row["buyer"]["connection"]} for row in document["steps"][1:]]
    priced = [{**row, "price": price} for row, price in zip(rows, (38, 42), strict=True)]
    flow.draft = {**document, "steps": [{"group": {"id": "g", "mode": "highest_bid", "buyers": priced}}]}
    session.commit()
    page = words_of(sara.get(address).text)
    assert "Sold to Brightroof" in page
    assert page.count("Not chosen") == 1


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"a.s2": "declined"}, "Sold to Brightroof"),
        ({"a.s2": "declined", "a.s3": "declined"}, "Rejected: No buyer available"),
        ({"a.s2": "accepted", "p.s2": "40"}, "$40.00 price"),
        ({"a.s2": "timeout"}, "Waiting: No answer: the same buyer is asked again"),
        ({"a.s2": "accepted", "full": "s2"}, "Sold to Brightroof"),
        ({"a.s2": "accepted", "w.s2": '200\n{"status": "accepted", "price": 41.5}'}, "read as accepted, price $41.50."),
        ({"a.s2": "accepted", "w.s2": '200\n{"status": "no"}'}, "Sold to Brightroof"),
        ({"caps": "full"}, "Sold to Brightroof"),
    ],
)
def test_buyers_answer_as_they_are_told(try_it, fields, end):
    assert end in try_it(**{"caps": "empty"} | lead() | fields)


def test_caps_are_as_now_unless_something_else_is_said(try_it, fill):
    fill(2)
    assert "Not asked: its cap is reached" in try_it(**lead())
    assert "Sold to Sunrise" in try_it(**lead(), caps="empty")


def test_a_timeout_counts_as_a_no_where_the_step_says_so(try_it, session, flow, document):
    document = deepcopy(document)
    document["steps"][1]["buyer"]["on_ambiguous"] = "treat_as_declined"
    flow.draft = document
    session.commit()
    page = try_it(**lead(), a__s2="timeout")
    assert "Timed out after 30 s, offered at $42.00" in page
    assert "Sold to Brightroof" in page


def test_the_request_is_shown_as_it_would_go_out(try_it):
    page = try_it(**lead())
    assert "The request to Sunrise" in page
    assert '"email":"ana@example.com"' in page.replace("&quot;", '"').replace('": "', '":"')


def test_each_step_leads_to_its_panel_in_the_editor(app, session, cast, sara, address):
    editor = address.replace("/test", "/edit")
    page = sara.get(address).text
    assert f'href="{editor}?step=s1"' in page
    assert sara.get(f"{editor}?step=s1").status_code == 200
    assert editor not in signed_in(app, session, cast.tom).get(address).text


def test_what_a_step_changed_stands_beside_what_came_to_it(sara, address, session, flow, document):
    document = deepcopy(document)
    document["steps"].insert(1, {"transform": {"id": "t", "set": [["state", "NV"]]}})
    flow.draft = document
    session.commit()
    step = words_of(sara.get(address).text.split('id="at-t"')[1].split("</li>")[0])
    assert "State CA, now NV" in step
    assert "State CA" in step.split("The lead as it came here")[1]


def test_what_is_refused_at_the_door_says_all_that_is_wrong(try_it):
    page = try_it(**lead(email="", state=""))
    assert "Refused: Email is required." in page
    assert "State is required." in page
    assert "422 Unprocessable Entity" in page


@pytest.mark.parametrize(
    ("do", "end"),
    [
        ("make:wrong:s1", "Rejected: Not CA solar"),
        ("make:missing:email", "Refused: Email is required."),
        ("make:full:s2", "Sold to Brightroof"),
        ("make:timeout:s2", "Waiting: No answer"),
        ("make:decline:intake", "Rejected: No buyer available"),
        ("sample:0", "Sold to Sunrise"),
        ("sample:2", "Rejected: Not CA solar"),
        ("sample:99", "Rejected: Not CA solar"),
    ],
)
def test_a_button_fills_the_form_and_runs_it(try_it, do, end):
    assert end in try_it(do)


def test_a_lead_can_be_pasted(try_it):
    pasted = "email=a%40example.com&phone_1=2135550148&state=NV"
    assert "lead has NV" in try_it("paste", pasted=pasted)
    assert "begins like JSON" in try_it("paste", status=422, pasted="{")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"as_of": "soon"}, "Enter a day and a time"),
        ({"as_of": "9999-12-31T23:59"}, "Enter a day and a time"),
        ({"extra": "[]"}, "one JSON object"),
        ({"a.s2": "accepted", "p.s2": "12,50"}, "Enter an amount, such as 42.00"),
        ({"a.s2": "accepted", "p.s2": "-1"}, "Enter an amount, such as 42.00"),
    ],
)
def test_what_cannot_be_read_is_said_beside_it(try_it, fields, said):
    assert said in try_it(status=422, **lead(), **fields)


def test_nothing_is_kept(try_it, session, flow, fill):
    fill(1)
    for do in ("run", "make:duplicate:intake", "make:full:s2"):
        try_it(do, **lead())
    assert session.scalar(select(CapWindow.used).where(CapWindow.cap == f"{flow.id}/s2/day")) == 1
    for model in (Lead, Offer):
        assert session.scalar(select(func.count()).select_from(model).where(model.account_id == flow.account_id)) == 0
    assert session.scalar(select(func.count()).select_from(Claim).where(Claim.scope == str(flow.id))) == 0


class TestOfALeadThatCameIn:
    """The person stays masked, and only the id of the lead is kept."""

    @pytest.fixture
    def came_in(self, session, source):
        row = a_lead(session, source, posted=ANA, fields=ANA | {"phone_1": "+12135550148"})
        session.commit()
        return row

    def test_its_page_leads_here_and_shows_nobody(self, sara, address, came_in):
        page = sara.get(f"/leads/{ids.show(came_in.id)}").text
        assert f"{address}?lead={ids.show(came_in.id)}" in page
        page = sara.get(f"{address}?lead={ids.show(came_in.id)}").text
        assert "Sold to Sunrise" in words_of(page)
        assert "ana@example.com" not in page
        assert "555-0148" not in page

    def test_what_is_typed_counts_over_it(self, try_it, came_in):
        page = try_it(source_lead=ids.show(came_in.id), f__state="NV")
        assert "Rejected: Not CA solar" in page
        assert "ana@example.com" not in page

    def test_showing_the_person_is_written_down(self, try_it, session, cast, came_in):
        assert "ana@example.com" in try_it("reveal", source_lead=ids.show(came_in.id))
        shown = select(Audit.action).where(Audit.account_id == cast.sara.account.id)
        assert "lead.people_shown" in session.scalars(shown).all()

    def test_who_may_not_see_people_does_not(self, app, session, cast, try_it, came_in):
        tom = signed_in(app, session, cast.tom)
        page = try_it("reveal", client=tom, source_lead=ids.show(came_in.id))
        assert "ana@example.com" not in page
        assert "Sold to Sunrise" in page

    def test_a_check_keeps_its_id_alone(self, sara, address, session, came_in):
        shown = ids.show(came_in.id)
        post(sara, address, do="save", source_lead=shown, **{"f.state": "CA", "f.email": ""})
        (check,) = session.scalars(select(FlowCheck).where(FlowCheck.flow_id == came_in.flow_id)).all()
        assert (check.inputs["source_lead"], check.inputs["lead"]) == (shown, {})

    def test_it_cannot_be_sent_for_real(self, try_it, connections, came_in):
        to = ids.show(connections[0].id, "con")
        page = try_it("send", status=422, source_lead=ids.show(came_in.id), send_to=to, really="yes")
        assert "Sold to Sunrise" in page

    def test_one_that_is_gone_is_said_so(self, try_it):
        assert "That lead is not there any more" in try_it(source_lead=ids.show(ids.new_id()))


class TestChecks:
    """A check is a test run that is kept with the end that it had."""

    @pytest.fixture
    def checks(self, sara, address):
        return lambda: words_of(sara.get(address.replace("/test", "/checks")).text)

    def test_none_yet(self, checks):
        assert "No checks yet" in checks()

    def test_saved_run_and_changed(self, sara, address, checks, session, flow, document):
        saved = post(sara, address, do="save", check_name="NV is rejected", must_pass="yes", **lead(state="NV"))
        assert saved.headers["Location"].endswith("/checks?done=saved")
        assert "1 of 1 pass" in checks()
        assert "must pass before publishing" in checks()

        document = deepcopy(document)
        document["steps"][0]["filter"]["continue_if"] = {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}
        flow.draft = document
        session.commit()
        assert "0 of 1 pass" in checks()
        assert "Expected: rejected: Not CA solar" in checks()
        assert "Now sold to Sunrise" in checks()

        (row,) = session.scalars(select(FlowCheck).where(FlowCheck.flow_id == flow.id)).all()
        one = f"{address.replace('/test', '/checks')}/{ids.show(row.id, 'chk')}"
        post(sara, one, do="expect")
        assert "1 of 1 pass" in checks()
        post(sara, one, do="may-fail")
        assert "must pass before publishing" not in checks()
        assert "NV" in sara.get(f"{address}?check={ids.show(row.id, 'chk')}").text
        post(sara, one, do="delete")
        assert "No checks yet" in checks()

    def test_an_analyst_reads_them_only(self, app, session, cast, sara, address, flow):
        post(sara, address, do="save", **lead())
        (row,) = session.scalars(select(FlowCheck).where(FlowCheck.flow_id == flow.id)).all()
        tom = signed_in(app, session, cast.tom)
        page = tom.get(address.replace("/test", "/checks")).text
        assert "1 of 1 pass" in words_of(page)
        assert "Delete" not in page
        one = f"{address.replace('/test', '/checks')}/{ids.show(row.id, 'chk')}"
        assert post(tom, one, do="delete").status_code == 403
        post(tom, address, do="save", **lead())
        assert session.scalar(select(func.count()).select_from(FlowCheck).where(FlowCheck.flow_id == flow.id)) == 1


class TestSendingForReal:
    """Only on a tick, through the test of the connection."""

    def test_without_the_tick_nothing_is_sent(self, try_it, session, connections):
        to = ids.show(connections[0].id, "con")
        assert "Tick that it is to be sent for real first." in try_it("send", status=422, send_to=to, **lead())
        assert queued_for(session, connections[0]) == []

    def test_with_the_tick_it_is_a_test_of_the_connection(self, sara, address, session, connections):
        to = ids.show(connections[0].id, "con")
        sent = post(sara, address, do="send", send_to=to, really="yes", **lead())
        (test,) = queued_for(session, connections[0])
        assert sent.headers["Location"].endswith(f"/connections/{to}/tests/{ids.show(test.id)}")
        assert test.fields == {"email": "ana@example.com", "phone_1": "+12135550148", "state": "CA"}

    def test_a_lead_that_is_refused_is_not_sent(self, try_it, session, connections):
        to = ids.show(connections[0].id, "con")
        page = try_it("send", status=422, send_to=to, really="yes", **lead(email=""))
        assert "A lead that is refused cannot be sent" in page
        assert queued_for(session, connections[0]) == []

    def test_who_may_not_change_connections_sends_nothing(self, app, session, cast, try_it, connections):
        publisher = a_member(session, cast.sara.account, role="publisher", person="Pat Publisher")
        session.commit()
        to = ids.show(connections[0].id, "con")
        try_it("send", client=signed_in(app, session, publisher), status=422, send_to=to, really="yes", **lead())
        assert queued_for(session, connections[0]) == []


def queued_for(session, connection):
    return session.scalars(select(ConnectionTest).where(ConnectionTest.connection_id == connection.id)).all()


def test_a_draft_that_cannot_be_read_says_what_is_wrong(sara, address, session, flow, try_it):
    flow.draft = {"schema": 1}
    session.commit()
    assert "A lead can be tested once the draft can be read." in words_of(sara.get(address).text)
    assert "A flow needs a fallback" in try_it()


def test_a_page_of_ours_gets_the_form_alone(sara, address):
    part = post(sara, address, headers=HTMX, do="run", **lead()).text
    assert part.lstrip().startswith('<form id="trial"')


def test_of_another_account_there_is_nothing(app, session, cast, address):
    zoe = signed_in(app, session, cast.zoe)
    assert zoe.get(address).status_code == 404
    assert post(zoe, address, do="run").status_code == 404


def test_the_rule_of_the_source_counts(try_it, session, source):
    source.accept_if = {"is": [{"var": "lead.state"}, "NV"]}
    session.commit()
    posted_by = ids.show(source.id, "src")
    assert "Rejected: Not accepted" in try_it(**lead(), source=posted_by)
    assert "Sold to Sunrise" in try_it(**lead())


def test_a_person_whom_an_earlier_lead_claimed_is_a_duplicate_as_now(try_it, app, session, flow, document):
    document = deepcopy(document)
    document["intake"] = {"duplicates": {"by": ["email"], "within": "30d"}}
    flow.draft = document
    secret = duplicates_secret(app.config["SECRET_KEY"])
    ((scope, kind, digest),) = claim_keys(str(flow.id), {"email": "ana@example.com"}, together=False, secret=secret)
    session.add(Claim(scope=scope, kind=kind, hash=bytes.fromhex(digest), lead_id=ids.new_id(), at=now()))
    session.commit()
    assert "Duplicate" in try_it(**lead()).split("What would happen")[1][:60]
    assert "Sold to Sunrise" in try_it(**lead(), caps="empty")


def test_whom_a_list_of_the_seller_suppresses_does_not_come_in(try_it, session, cast):
    row = a_list(session, cast.sara, suppresses=True, size=1)
    session.add(StoredListEntry(list_id=row.id, key="ana@example.com"))
    session.commit()
    assert "Rejected: On a suppression list" in try_it(**lead())
