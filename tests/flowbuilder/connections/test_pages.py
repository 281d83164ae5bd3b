"""The pages of connections: the form, secrets that are never shown, tests that are watched, revoking by name."""

import re

import pytest
from sqlalchemy import select

from flowbuilder import clock, ids
from flowbuilder.models import Connection, ConnectionTest, Credential, DeliveryCopy
from tests.support.cast import DOCUMENT, a_connection, a_flow, a_lead, a_source, an_attempt, an_offer, now
from tests.support.documents import solar, sunrise
from tests.support.web import form_token, post, signed_in

pytestmark = pytest.mark.usefixtures("loopback_buyer")

SECRET = "sk_live_planted_7Q2F"
FORM = {
    "name": "Sunrise Energy",
    "url": "http://127.0.0.1:9901/leads",
    "format": "json",
    "auth": "bearer",
    "secret": SECRET,
    "other_headers": "X-Partner-ID: acme",
    "their_field": ["email", "campaign", ""],
    "value": ["lead.email", "ACME-77", ""],
    "when": ["", "", ""],
    "needed": ["0"],
    "accepted": "status",
    "price_path": "body.price",
    "timeout": "5",
    "on_ambiguous": "hold",
}


@pytest.fixture
def connection(sara, session, cast):
    post(sara, "/connections/new", **FORM)
    return newest(session, cast.sara)


def newest(session, member):
    session.rollback()
    session.expire_all()
    mine = select(Connection).where(Connection.account_id == member.account.id).order_by(Connection.id.desc())
    return session.scalars(mine).first()


def address_of(connection, rest=""):
    return f"/connections/{ids.show(connection.id, 'con')}{rest}"


def test_an_account_without_connections_is_told_how_to_begin(sara):
    assert "Connect a buyer" in sara.get("/connections").text


def test_the_form_makes_the_destination_that_it_shows(connection):
    assert connection.destination == {
        "url": "http://127.0.0.1:9901/leads",
        "format": "json",
        "auth": {"type": "bearer"},
        "headers": {"X-Partner-ID": "acme"},
        "mapping": [["email", {"var": "lead.email"}, {"required": True}], ["campaign", "ACME-77"]],
        "accepted_if": connection.destination["accepted_if"],
        "price_path": "body.price",
        "timeout_ms": 5000,
        "on_ambiguous": "hold",
    }
    assert {"is": [{"var": "body.status"}, "accepted"]} in connection.destination["accepted_if"]["and"]


def test_editing_without_changes_changes_nothing(sara, session, cast, connection):
    before = connection.destination
    assert 'value="lead.email"' in sara.get(address_of(connection, "/edit")).text
    changed = post(sara, address_of(connection, "/edit"), **{**FORM, "secret": ""})
    assert changed.status_code == 303
    assert newest(session, cast.sara).destination == before


@pytest.mark.parametrize(("typed", "kept", "counts"), [("4", 4, 4), ("256", None, 256), ("", None, 256)])
def test_as_many_calls_go_to_a_buyer_at_once_as_its_connection_says(sara, session, cast, typed, kept, counts):
    post(sara, "/connections/new", **FORM, concurrency=typed)
    row = newest(session, cast.sara)
    assert (row.destination.get("concurrency"), row.concurrency) == (kept, counts)
    assert ("Calls at once" in sara.get(address_of(row)).text) == (kept is not None)
    post(sara, address_of(row, "/edit"), **{**FORM, "secret": "", "concurrency": "9"})
    assert newest(session, cast.sara).concurrency == 9


def test_settings_that_the_form_does_not_know_stay(sara, session, cast, connection):
    ping = {"url": "http://127.0.0.1:9901/ping", "mapping": [], "bid_path": "body.bid"}
    connection.destination = {**connection.destination, "ping": ping, "errors": [418]}
    session.commit()
    post(sara, address_of(connection, "/edit"), **{**FORM, "name": "Sunrise", "secret": ""})
    row = newest(session, cast.sara)
    assert (row.name, row.destination["ping"], row.destination["errors"]) == ("Sunrise", ping, [418])


def test_a_secret_is_never_on_a_page_again(sara, connection):
    for rest in ("", "/edit", "/revoke"):
        shown = sara.get(address_of(connection, rest)).text
        assert SECRET not in shown
    assert "••••7Q2F" in sara.get(address_of(connection)).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the buyer a name."),
        ({"url": ""}, "Type the address"),
        ({"url": "https://10.0.0.7/leads"}, "This address may not be called"),
        ({"url": "https://192.168.1.1/leads"}, "This address may not be called"),
        ({"secret": ""}, "The buyer&#39;s token is missing."),
        ({"timeout": "61"}, "From 1 to 60 seconds."),
        ({"concurrency": "257"}, "From 1 to 256."),
        ({"timeout": "soon"}, "Not a valid integer value."),
        ({"other_headers": "nonsense"}, "is not a header"),
        ({"other_headers": "Host: elsewhere"}, "Host is set by Flowbuilder"),
        ({"value": ["{", "ACME-77", ""]}, "Row 1: "),
        ({"price_path": "somewhere"}, "names a place in the answer"),
        ({"accepted": "own", "accepted_own": "{"}, "The text is not JSON"),
        ({"accepted": "own", "accepted_own": "yes"}, "Write a rule"),
        ({"accepted": "own", "accepted_own": '{"resembles": [1]}'}, "resembles"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(sara, session, cast, changes, words):
    refused = post(sara, "/connections/new", **{**FORM, **changes})
    assert refused.status_code == 422
    assert words in refused.text
    assert 'value="campaign"' in refused.text
    assert SECRET not in refused.text
    assert newest(session, cast.sara) is None


def test_a_secret_is_replaced_and_written_over(sara, session, connection):
    replaced = post(sara, address_of(connection, "/secrets/token"), secret="sk_live_newer_X8Y7")
    assert replaced.status_code == 303
    session.expire_all()
    assert session.get(Credential, (connection.id, "token")).hint == "X8Y7"


@pytest.mark.parametrize("secret", ["", "  ", "two\nlines"])
def test_a_secret_that_cannot_be_sent_is_refused(sara, session, connection, secret):
    assert post(sara, address_of(connection, "/secrets/token"), secret=secret).status_code == 422
    session.expire_all()
    assert session.get(Credential, (connection.id, "token")).hint == "7Q2F"


def test_a_secret_that_nobody_needs_is_not_found(sara, connection):
    assert post(sara, address_of(connection, "/secrets/password"), secret="x").status_code == 404


def test_revoking_asks_for_the_name(sara, session, connection):
    refused = post(sara, address_of(connection, "/revoke"), name="Sunrise")
    session.refresh(connection)
    assert (refused.status_code, connection.state) == (422, "active")
    post(sara, address_of(connection, "/revoke"), name="Sunrise Energy")
    session.refresh(connection)
    assert connection.state == "revoked"
    assert "was revoked" in sara.get(address_of(connection)).text
    assert post(sara, address_of(connection, "/resume")).status_code == 409


def test_a_test_is_watched_until_it_is_done(sara, session, connection, redis_url):
    started = post(sara, address_of(connection, "/tests"))
    waiting = sara.get(started.location, headers={"HX-Request": "true"}).text
    assert "Waiting for a free worker" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert "<html" not in waiting
    test = session.scalars(select(ConnectionTest).where(ConnectionTest.connection_id == connection.id)).one()
    test.state, test.finished_at = "done", clock.now()
    test.request = {"method": "POST", "url": FORM["url"], "headers": [["X-Test", "true"]], "body": "{}"}
    test.reply = {"status": 200, "headers": [], "body": '{"status":"accepted"}'}
    test.answer = {"kind": "accepted", "price": "42.00", "reference": "SX-991", "ms": 412}
    session.commit()
    done = sara.get(started.location).text
    for words in ("accepted the test lead in 412 ms", "X-Test: true", "42.00", "SX-991"):
        assert words in done
    assert "every 1s" not in done


def test_the_test_lead_has_the_fields_of_the_flow_in_normal_form(sara, session, cast, connection, redis_url):
    a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")))
    session.commit()
    post(sara, address_of(connection, "/tests"))
    test = session.scalars(select(ConnectionTest).where(ConnectionTest.connection_id == connection.id)).one()
    assert test.fields == {"email": "ana.silva@example.com", "phone_1": "+12015550123", "state": "CA"}


def test_the_page_says_which_flows_use_it(sara, session, cast, connection):
    a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")), name="California solar")
    session.commit()
    assert "California solar" in sara.get(address_of(connection)).text


def test_an_analyst_reads_and_changes_nothing(app, session, cast, connection):
    tom = signed_in(app, session, cast.tom)
    assert tom.get(address_of(connection)).status_code == 200
    for rest in ("/edit", "/pause", "/tests", "/revoke", "/secrets/token"):
        assert post(tom, address_of(connection, rest), **FORM).status_code == 403


def test_a_destination_made_over_the_api_is_shown_faithfully(sara, session, cast):
    rule = {"or": [{"is": [{"var": "body.ok"}, "yes"]}, {"==": [{"var": "status"}, 202]}]}
    mapping = [["mobile", {"phone": [{"var": "lead.phone_1"}, "national"]}], ["n", 7], ["t", "7"]]
    destination = {key: value for key, value in sunrise(accepted_if=rule, mapping=mapping).items() if key != "auth"}
    row = a_connection(session, cast.sara, destination=destination)
    session.commit()
    page = sara.get(address_of(row, "/edit")).text
    sent = {"csrf_token": form_token(sara), **fields_of(page)}
    assert sara.post(address_of(row, "/edit"), data=sent).status_code == 303
    kept = newest(session, cast.sara).destination
    assert (kept["mapping"], kept["accepted_if"]) == (mapping, rule)


def fields_of(page):
    """Return what a browser would send from the form of a page that nobody touched."""
    from lxml import html

    form = next(form for form in html.fromstring(page).forms if form.get("class", "").startswith("form-parts"))
    fields = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    return fields


BY_MAIL = {
    "name": "Brightroof",
    "auth": "none",
    "accepted": "http",
    "format": "json",
    "decides": "email",
    "copies": ["inbox"],
    "mail_to": "leads@brightroof.example",
    "mail_subject": "Lead from {{lead.state}}",
    "mail_reply_to": "{{lead.email}}",
    "notice": "ana@brightroof.example",
    "their_field": ["Email"],
    "value": ["lead.email"],
    "when": [""],
    "timeout": "20",
    "on_ambiguous": "retry_same",
}


def test_a_connection_may_go_by_mail_and_into_an_inbox(sara, session, cast):
    assert post(sara, "/connections/new", **BY_MAIL).status_code == 303
    row = newest(session, cast.sara)
    assert {key: value for key, value in row.destination.items() if key != "accepted_if"} == {
        "deliver_by": ["email", "inbox"],
        "email": {
            "to": "leads@brightroof.example", "subject": "Lead from {{lead.state}}", "reply_to": "{{lead.email}}",
        },
        "inbox": {"notice": "ana@brightroof.example"},
        "format": "json",
        "mapping": [["Email", {"var": "lead.email"}]],
        "timeout_ms": 20000,
        "on_ambiguous": "retry_same",
    }  # fmt: skip
    page = sara.get(address_of(row)).text
    for words in ("Email", "The inbox in this app", "leads@brightroof.example", "Open the inbox", "Mail to"):
        assert words in page
    assert "No mail leaves this server yet" in page
    assert "leads@brightroof.example" in sara.get("/connections").text


def test_saving_the_form_as_it_is_changes_no_way_of_delivery(sara, session, cast):
    destination = {
        "format": "inbox", "inbox": {"notice": "ana@brightroof.example"}, "mapping": [["Email", {"var": "lead.email"}]],
    }  # fmt: skip
    row = a_connection(session, cast.sara, name="Brightroof", destination=destination)
    session.commit()
    form = {**BY_MAIL, "decides": "inbox", "copies": [], "mail_to": "", "mail_subject": "", "mail_reply_to": ""}
    assert re.search(r'<input checked [^>]*name="decides"[^>]*value="inbox"', sara.get(address_of(row, "/edit")).text)
    post(sara, address_of(row, "/edit"), **form)
    session.expire_all()
    saved = session.get_one(Connection, row.id).destination
    assert (saved["deliver_by"], saved["inbox"]) == (["inbox"], {"notice": "ana@brightroof.example"})
    assert "email" not in saved


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mail_to": ""}, "needs “Mail address”"),
        ({"mail_to": "a@b.example, c@d.example"}, "Write one mail address"),
        ({"mail_subject": "{{secret.token}}"}, "There is no “secret”"),
        ({"mail_reply_to": "nobody"}, "Answers go to one mail address"),
        ({"notice": "nobody"}, "Write one mail address"),
        ({"decides": "webhook"}, "Type the address that leads are sent to."),
        ({"copies": ["webhook"]}, "Type the address that leads are sent to."),
    ],
)
def test_what_is_wrong_with_a_delivery_is_said_beside_its_field(sara, session, cast, changes, words):
    answer = post(sara, "/connections/new", **{**BY_MAIL, **changes})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert newest(session, cast.sara) is None


def test_the_sample_of_a_mail_is_the_mail(sara):
    page = post(sara, "/connections/new", **BY_MAIL, preview="1").text
    assert "Mail to leads@brightroof.example" in page
    assert "Subject: Test: Lead from" in page
    assert "This is a test." in page


def test_copies_that_never_arrived_are_listed(sara, session, cast):
    row = a_connection(session, cast.sara, name="Brightroof", destination={"deliver_by": ["inbox", "email"]})
    lead = a_lead(session, a_source(session, a_flow(session, cast.sara)))
    copy = DeliveryCopy(lead_id=lead.id, offer_no=1, method="email", account_id=row.account_id, connection_id=row.id)
    copy.state, copy.due_at, copy.created_at, copy.finished_at = "failed", clock.now(), clock.now(), clock.now()
    session.add(copy)
    session.commit()
    page = sara.get(address_of(row)).text
    assert "Copies and news that did not arrive" in page
    assert "Copy by email, lead" in page


def test_the_fields_of_a_flow_fill_the_rows(sara, session, cast):
    unfinished = [{"buyer": {"id": "s1", "connection": ""}}]
    fields = [{"key": "state", "type": "state"}, {"key": "credit_score", "type": "range"}]
    document = {**DOCUMENT, "fields": fields, "steps": unfinished}
    flow = a_flow(session, cast.sara, document=document)
    a_flow(session, cast.sara, name="A newer one")
    a_flow(session, cast.sara, name="Put away", archived_at=now())
    session.commit()
    shown_id = ids.show(flow.id, "flo")
    shown = sara.get(f"/connections/new?next=/flows/{shown_id}/edit?step%3Ds1").text
    assert f'<option selected value="{shown_id}">All fields of California solar</option>' in shown
    assert "All fields of A newer one" in shown
    assert "All fields of Put away" not in shown
    filled = post(sara, "/connections/new", take="1", ready=shown_id).text
    for name, value in (("state", "lead.state"), ("credit_score", "lead.credit_score")):
        assert f'name="their_field" value="{name}"' in filled
        assert f'name="value" value="{value}"' in filled


def test_the_fields_of_a_stranger_s_flow_fill_nothing(app, sara, session, cast):
    flow = a_flow(session, cast.zoe)
    session.commit()
    filled = post(sara, "/connections/new", take="1", ready=ids.show(flow.id, "flo")).text
    assert 'name="their_field" value="first_name"' not in filled


def test_what_a_yes_is_has_to_be_chosen(sara, session, cast):
    refused = post(sara, "/connections/new", **{name: value for name, value in FORM.items() if name != "accepted"})
    assert refused.status_code == 422
    assert "Choose what in their answer is a yes" in refused.text
    assert newest(session, cast.sara) is None


@pytest.mark.parametrize(
    ("destination", "body", "is_told"),
    [
        ({}, '{"status": "rejected"}', True),
        ({}, '{"status": "accepted"}', False),
        ({"accepted_if": {"is": [{"var": "body.id"}, "SX-1"]}}, '{"status": "rejected"}', False),
    ],
)
def test_sales_whose_answer_sounds_like_a_no_are_told(sara, session, cast, destination, body, is_told):
    row = a_connection(session, cast.sara, destination={"url": "https://api.sunrise.example.com/leads", **destination})
    lead = a_lead(session, a_source(session, a_flow(session, cast.sara)), outcome="sold")
    reply = {"status": 200, "headers": {}, "body": body}
    an_attempt(session, an_offer(session, lead, row), reply=reply)
    session.commit()
    shown = sara.get(address_of(row)).text
    assert ("Are these leads really sold?" in shown) == is_told
    assert (ids.show(lead.id) in shown) == is_told
