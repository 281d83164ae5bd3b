"""Leads over the API: the list with its filters, and one lead with its story, people masked."""

import pytest

from flowbuilder import ids
from flowbuilder.models import Lead
from tests.support.cast import a_connection, a_flow, a_lead, a_source, an_attempt, an_event, an_inbox_lead, an_offer
from tests.support.documents import solar

FIELDS = {"email": "ana@example.com", "phone_1": "+12135550148", "state": "CA"}


@pytest.fixture
def source(session, cast):
    return a_source(session, a_flow(session, cast.sara, document=solar()))


@pytest.fixture
def sold(session, cast, source):
    lead = a_lead(session, source, fields=FIELDS)
    an_event(session, lead, seq=1, step="intake", effect="intake", outcome="passed")
    detail = {"trace": "ana@example.com"}
    an_event(session, lead, seq=2, step="s1", effect="note", outcome="passed", detail=detail)
    offer = an_offer(session, lead, a_connection(session, cast.sara), reference="SX-991")
    request = {"method": "POST", "url": "https://api.sunrise.example/leads?email=ana@example.com"}
    an_attempt(session, offer, request={**request, "headers": [], "body": '{"email": "ana@example.com"}'})
    session.commit()
    return lead


def test_a_sold_lead_tells_its_money_in_decimals(api, sold):
    shown = api("GET", f"/leads/{ids.show(sold.id)}")
    assert '"price":31.50' in shown.text
    assert '"revenue":42.00' in shown.text
    assert (shown.json["status"], shown.json["outcome"], shown.json["attempts"]) == ("sold", "success", 1)


def test_its_events_and_offers_are_told_in_order(api, sold):
    shown = api("GET", f"/leads/{ids.show(sold.id)}").json
    assert [(event["seq"], event["step"], event["outcome"]) for event in shown["events"]] == [
        (1, "intake", "passed"), (2, "s1", "passed"),
    ]  # fmt: skip
    offer = shown["offers"][0]
    assert (offer["run"], offer["round"]) == (1, 1)
    assert offer["created_at"] <= offer["finished_at"]
    assert (offer["status"], offer["is_winner"], offer["price"], offer["ms"]) == ("accepted", True, 42.0, 192)
    assert offer["connection"].startswith("con_")
    assert offer["reference"] == "SX-991"


def test_a_key_without_the_scope_sees_nobody(api, sold):
    shown = api("GET", f"/leads/{ids.show(sold.id)}")
    assert "ana@example.com" not in shown.text
    assert "5550148" not in shown.text
    assert shown.json["masked"] is True
    assert shown.json["fields"]["state"] == "CA"


def test_a_key_with_the_scope_sees_everything(api_of, cast, sold):
    shown = api_of(cast.sara, "pii")("GET", f"/leads/{ids.show(sold.id)}").json
    assert (shown["masked"], shown["fields"]) == (False, FIELDS)
    assert shown["offers"][0]["request"]["body"] == '{"email": "ana@example.com"}'
    assert shown["events"][1]["detail"] == {"trace": "ana@example.com"}


@pytest.mark.parametrize(
    ("values", "status", "outcome"),
    [
        ({"outcome": "rejected", "reason": "Not CA solar"}, "rejected", "failure"),
        ({"outcome": "duplicate"}, "duplicate", "failure"),
        ({"outcome": "error"}, "error", "error"),
        ({"state": "waiting", "outcome": None, "waiting_for": "retry"}, "waiting", "pending"),
        ({"state": "received", "outcome": None}, "waiting", "pending"),
    ],
)
def test_each_end_of_a_lead_has_its_words(api, session, source, values, status, outcome):
    lead = a_lead(session, source, **values)
    session.commit()
    shown = api("GET", f"/leads/{ids.show(lead.id)}").json
    assert (shown["status"], shown["outcome"]) == (status, outcome)


def test_leads_are_listed_newest_first_and_filtered(api, session, cast, source):
    sold, rejected = a_lead(session, source), a_lead(session, source, outcome="rejected")
    waiting = a_lead(session, source, state="waiting", outcome=None, waiting_for="cap")
    a_lead(session, a_source(session, a_flow(session, cast.sara, document=solar())))
    session.commit()
    address = f"/leads?flow={ids.show(source.flow_id, 'flo')}"
    listed = [lead["id"] for lead in api("GET", address).json["leads"]]
    assert listed == [ids.show(lead.id) for lead in (waiting, rejected, sold)]
    for status, lead in (("sold", sold), ("rejected", rejected), ("waiting", waiting)):
        found = api("GET", f"{address}&status={status}").json["leads"]
        assert [row["id"] for row in found] == [ids.show(lead.id)]


def test_the_list_goes_on_after_the_last_one(api, session, source):
    made = [ids.show(a_lead(session, source).id) for _ in range(3)][::-1]
    session.commit()
    first = api("GET", "/leads?limit=2").json
    second = api("GET", f"/leads?limit=2&after={first['next']}").json
    assert [row["id"] for row in first["leads"] + second["leads"]] == made
    assert second["next"] is None


def test_the_list_holds_nothing_of_the_person(api, sold):
    assert "ana@" not in api("GET", "/leads").text


def test_a_waiting_lead_is_taken_up_at_once_and_any_other_is_a_conflict(api, session, source, sold):
    waits = {"state": "waiting", "outcome": None, "waiting_for": "retry", "finished_at": None}
    lead = a_lead(session, source, **waits)
    session.commit()
    assert api("POST", f"/leads/{ids.show(lead.id)}/try-now").status_code == 200
    refused = api("POST", f"/leads/{ids.show(sold.id)}/try-now")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_waiting")


@pytest.fixture
def silent(session, cast, source):
    waits = {"state": "waiting", "outcome": None, "waiting_for": "person", "finished_at": None}
    lead = a_lead(session, source, **waits)
    an_offer(session, lead, a_connection(session, cast.sara), state="sending", finished_at=None)
    session.commit()
    return lead


def instruction_of(session, lead):
    session.expire_all()
    return session.get_one(Lead, lead.id).instruction


@pytest.mark.parametrize(
    ("body", "answer", "price"),
    [
        ({"answer": "accepted"}, "accepted", 4200),
        ({"answer": "accepted", "price": 40.5}, "accepted", 4050),
        ({"answer": "declined"}, "declined", 4200),
    ],
)
def test_an_offer_without_an_answer_is_settled(api, session, silent, body, answer, price):
    assert api("POST", f"/leads/{ids.show(silent.id)}/settle", json=body).status_code == 200
    written = instruction_of(session, silent)
    assert (written["do"], written["offer"], written["answer"], written["price"]) == ("settle", 1, answer, price)


@pytest.mark.parametrize(
    ("action", "body", "status", "code"),
    [
        ("settle", {"answer": "maybe"}, 422, "problems"),
        ("settle", {"answer": "accepted", "price": 42.005}, 422, "problems"),
        ("settle", {"answer": "accepted", "price": 43}, 422, "bad_price"),
        ("settle", {"answer": "accepted", "offer": "nonsense"}, 422, "problems"),
        ("reject", {"reason": "Enough"}, 422, "not_settled"),
        ("reject", {}, 422, "problems"),
        ("send-to", {"buyer": "s2"}, 422, "not_settled"),
        ("send-to", {"buyer": 7}, 422, "problems"),
    ],
)
def test_what_cannot_be_decided_says_why(api, session, silent, action, body, status, code):
    refused = api("POST", f"/leads/{ids.show(silent.id)}/{action}", json=body)
    assert (refused.status_code, refused.json["error"]["code"]) == (status, code)
    assert instruction_of(session, silent) is None


def test_a_waiting_lead_is_rejected(api, session, source):
    waits = {"state": "waiting", "outcome": None, "waiting_for": "retry", "finished_at": None}
    lead = a_lead(session, source, **waits)
    session.commit()
    path = f"/leads/{ids.show(lead.id)}/reject"
    assert api("POST", path, json={"reason": "Too old"}).status_code == 200
    assert (instruction_of(session, lead)["do"], instruction_of(session, lead)["reason"]) == ("reject", "Too old")
    assert api("POST", path, json={"reason": "Too old"}).json["error"]["code"] == "being_done"


@pytest.mark.parametrize("action", ["try-now", "reject", "send-to", "settle"])
def test_strangers_decide_nothing(strangers_api, silent, action):
    body = {"try-now": None, "reject": {"reason": "x"}, "send-to": {"buyer": "s2"}, "settle": {"answer": "accepted"}}
    assert strangers_api("POST", f"/leads/{ids.show(silent.id)}/{action}", json=body[action]).status_code == 404


def test_a_mail_and_an_inbox_tell_nobody_to_a_key_without_the_scope(api, api_of, session, cast, source):
    lead = a_lead(session, source, fields=FIELDS)
    row = an_inbox_lead(session, lead, a_connection(session, cast.sara))
    mailed = an_offer(session, lead, a_connection(session, cast.sara), offer_no=2, slot=2, delivery_method="email")
    request = {"method": "MAIL", "url": "leads@helio.example", "headers": [["Subject", "Ana Tamm"]], "body": "Ana Tamm"}
    an_attempt(session, mailed, method="email", request=request)
    an_attempt(session, mailed, attempt_no=2, method="inbox", request=request)
    session.commit()
    path = f"/leads/{ids.show(row.lead_id)}"
    masked, shown = api("GET", path), api_of(cast.sara, "pii")("GET", path)
    assert "Ana Tamm" not in masked.text
    assert shown.text.count("Ana Tamm") >= 4
    inbox, mail = shown.json["offers"]
    assert (inbox["delivery_method"], inbox["copies"]) == ("inbox", [])
    assert (mail["delivery_method"], [copy["method"] for copy in mail["copies"]]) == ("email", ["inbox"])
    assert mail["request"]["method"] == "MAIL"
