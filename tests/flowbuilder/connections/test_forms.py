"""Every setting of a destination can be made by its form, is shown by it again, and survives being saved untouched."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select

from flowbuilder import clock, ids
from flowbuilder.models import Connection, Credential
from flowbuilder.vault import Vault, credential_place
from tests.support.cast import a_connection
from tests.support.web import form_token, post

pytestmark = pytest.mark.usefixtures("loopback_buyer")

URL = "http://127.0.0.1:9901/leads"
TOKENS = "http://127.0.0.1:9901/token"
PLANTED = "sk_live_planted_7Q2F"
IN_CA = {"is": [{"var": "lead.state"}, "CA"]}
IN_CA_OR_NV = {"or": [IN_CA, {"is": [{"var": "lead.state"}, "NV"]}]}
SAID_BAD_ZIP = {"contains": [{"var": "said"}, "bad zip"]}
BASE = {"url": URL, "format": "json", "mapping": [["email", {"var": "lead.email"}]]}


@pytest.fixture
def stored(session, cast):
    """Store a destination as it is; return its row."""

    def store(**settings):
        row = a_connection(session, cast.sara, destination={**BASE, **settings})
        session.commit()
        return row

    return store


def newest(session, cast):
    session.rollback()
    session.expire_all()
    mine = select(Connection).where(Connection.account_id == cast.sara.account.id).order_by(Connection.id.desc())
    return session.scalars(mine).first()


def address_of(row, rest=""):
    return f"/connections/{ids.show(row.id, 'con')}{rest}"


def fields_of(page):
    """Return what a browser would send from the form of a page that nobody touched."""
    from lxml import html

    form = next(form for form in html.fromstring(page).forms if form.get("class", "").startswith("form-parts"))
    fields = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    return fields


def saved(sara, row, **changes):
    """Send a connection's form as it is shown, but for some changes."""
    fields = {"csrf_token": form_token(sara), **fields_of(sara.get(address_of(row, "/edit")).text), **changes}
    return sara.post(address_of(row, "/edit"), data=fields)


KEPT = [
    {"method": "PUT"},
    {"method": "PATCH", "format": "form"},
    {"method": "GET", "format": "query"},
    {"format": "xml", "xml_root": "Application"},
    {"answer": "xml"},
    {"price_from": "answer"},
    {"errors": [418, 420]},
    {"concurrency": 4},
    {"reasons": ["duplicate", "full"]},
    {"reasons": ["full", [{"contains": [{"var": "said"}, "wrong zip"]}, "outside_area"]]},
    {"reasons": [[{"or": [{"is": [{"var": "status"}, 409]}, {"is": [{"var": "body.code"}, 17]}]}, "duplicate"]]},
    {"duplicate_after_ambiguous_is_accepted": True},
    {"signed": True, "old_secret_until": "2026-11-27T00:00:00.000Z"},
    {"ping": {"url": URL, "mapping": [], "bid_path": "body.bid"}},
    {"ping": {"url": URL, "bid_path": "body.offer.bid", "bid_id_path": "body.id", "timeout_ms": 1500}},
    {"ping": {"url": URL, "bid_path": "body.bid", "reason_path": "body.why", "highest_bid": 250}},
    {"ping": {"url": URL, "bid_path": "body.bid", "mapping": [["zip", {"var": "lead.zip"}], ["kind", "solar = yes"]]}},
    {"ping": {"url": URL, "bid_path": "body.bid", "mapping": [["zip", {"var": "lead.zip"}, {"required": True}]]}},
    {"feedback": {"url": URL, "tells": "reason_and_price"}},
    {"feedback": {"url": URL, "tells": "nothing"}},
    {
        "mapping": [
            ["a", {"phone": [{"var": "lead.phone_1"}, "local"]}, {"when": {"is": [{"var": "lead.state"}, "CA"]}}]
        ]
    },
    {"mapping": [["a", {"if": [{"yes": [{"var": "lead.x"}]}, 1, 2]}, {"required": True, "when": IN_CA_OR_NV}]]},
    {"auth": {"type": "bearer"}},
    {"auth": {"type": "basic", "username": "acme"}},
    {"auth": {"type": "header", "name": "X-API-Key"}},
    {"auth": {"type": "key", "name": "X-API-Key"}},
    {"auth": {"type": "key", "in": "header", "name": "X-API-Key"}},
    {"auth": {"type": "key", "in": "query", "name": "api_key"}},
    {"auth": {"type": "key", "in": "body", "name": "api_key"}},
    {"auth": {"type": "headers", "headers": {"X-Client": "", "X-Secret": ""}}},
    {"auth": {"type": "oauth2", "token_url": TOKENS, "client_id": "acme"}},
    {"auth": {"type": "oauth2", "token_url": TOKENS, "client_id": "acme", "scope": "leads", "sent_in": "header"}},
]


@pytest.mark.parametrize("settings", KEPT, ids=lambda settings: str(settings)[:60])
def test_what_is_saved_untouched_stays_as_it_was(sara, session, cast, stored, settings):
    accepted = {"accepted_if": {"is": [{"var": "body.ok"}, "yes"]}, "timeout_ms": 5000, "on_ambiguous": "hold"}
    row = stored(**accepted, **settings)
    before = row.destination
    for name in ("token", "password", "key", "client_secret", "header:x-client", "header:x-secret", "signing_secret"):
        session.add(Credential(connection_id=row.id, name=name, sealed="sealed", hint="", updated_at=clock.now()))
    session.commit()

    answer = saved(sara, row)

    assert answer.status_code == 303, answer.text
    assert newest(session, cast).destination == before


def test_settings_that_the_form_does_not_show_are_named(sara, stored):
    row = stored(signed=True)
    assert "keeps as they are: its signature" in sara.get(address_of(row, "/edit")).text


CHANGES = [
    ({"method": "PUT"}, {"method": "PUT"}),
    ({"format": "xml", "xml_root": "Lead"}, {"format": "xml", "xml_root": "Lead"}),
    ({"format": "query", "method": "GET"}, {"format": "query", "method": "GET"}),
    ({"answer": "xml", "accepted": "xml"}, {"answer": "xml"}),
    ({"errors": "418 420"}, {"errors": [418, 420]}),
    ({"ready_reasons": ["full", "closed"]}, {"reasons": ["full", "closed"]}),
    ({"own_reasons": "bad zip = outside_area"}, {"reasons": [[SAID_BAD_ZIP, "outside_area"]]}),
    ({"duplicate_is_accepted": "y"}, {"duplicate_after_ambiguous_is_accepted": True}),
    ({"price_from": "answer"}, {"price_from": "answer"}),
    ({"ping_url": URL}, {"ping": {"url": URL, "bid_path": "body.bid"}}),
    (
        {"ping_url": URL, "ping_fields": "zip = lead.postal_code\nphone = lead.phone_1 | phone masked",
         "ping_wait": "2", "highest_bid": "250.50", "bid_id_path": "body.id"},
        {"ping": {"url": URL, "bid_path": "body.bid", "bid_id_path": "body.id", "timeout_ms": 2000,
                  "highest_bid": 250.5, "mapping": [["zip", {"var": "lead.postal_code"}],
                                                    ["phone", {"phone": [{"var": "lead.phone_1"}, "masked"]}]]}},
    ),
    ({"feedback_url": URL, "feedback_tells": "reason"}, {"feedback": {"url": URL, "tells": "reason"}}),
    (
        {"accepted": "own", "accepted_own": "body.status is one of accepted, ok"},
        {"accepted_if": {"any_of": [{"var": "body.status"}, ["accepted", "ok"]]}},
    ),
    (
        {"their_field": ["mobile"], "value": ["lead.phone_1 | phone national"], "when": ["lead.state is CA"]},
        {"mapping": [["mobile", {"phone": [{"var": "lead.phone_1"}, "national"]}, {"when": IN_CA}]]},
    ),
    (
        {"auth": "query", "header_name": "api_key", "secret": PLANTED},
        {"auth": {"type": "key", "in": "query", "name": "api_key"}},
    ),
    (
        {"auth": "headers", "secret_headers": f"X-Client: acme\nX-Secret: {PLANTED}"},
        {"auth": {"type": "headers", "headers": {"X-Client": "", "X-Secret": ""}}},
    ),
    (
        {"auth": "oauth2", "token_url": TOKENS, "client_id": "acme", "scope": "leads", "secret": PLANTED},
        {"auth": {"type": "oauth2", "token_url": TOKENS, "client_id": "acme", "scope": "leads"}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "settings"), CHANGES, ids=lambda part: str(part)[:60])
def test_each_setting_can_be_made_without_json(sara, session, cast, stored, changes, settings):
    row = stored()
    answer = saved(sara, row, **changes)
    assert answer.status_code == 303, answer.text
    assert settings.items() <= newest(session, cast).destination.items()
    assert PLANTED not in sara.get(address_of(row)).text + sara.get(address_of(row, "/edit")).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "GET"}, "GET has no body"),
        ({"method": "PUT", "format": "query"}, "PUT needs a body"),
        ({"format": "xml", "xml_root": "a b"}, "The root element begins with a letter"),
        ({"format": "xml", "their_field": ["1st"], "value": ["x"]}, "cannot be an XML element"),
        ({"auth": "query", "header_name": "", "secret": "x"}, "filled in with text"),
        ({"auth": "query", "header_name": "k"}, "The buyer&#39;s key is missing."),
        ({"auth": "headers", "secret_headers": ""}, "must be an object of 1 to 10 headers"),
        ({"auth": "headers", "secret_headers": "Host: x"}, "Host is set by Flowbuilder"),
        ({"auth": "headers", "secret_headers": "X-A:"}, "secret for the header x-a is missing"),
        ({"auth": "oauth2", "token_url": "", "client_id": "a", "secret": "x"}, "filled in with text"),
        ({"auth": "oauth2", "token_url": "https://10.0.0.7/t", "client_id": "a", "secret": "x"}, "may not be called"),
        ({"errors": "abc"}, "“abc” is no HTTP status"),
        ({"own_reasons": "bad zip"}, "is no line like"),
        ({"own_reasons": "bad zip = nonsense"}, "A reason is one of"),
        ({"when": ["CA only"]}, "Row 1: Write a rule"),
        ({"accepted": "own", "accepted_own": "is fine"}, "Write a rule"),
        ({"accepted": "zzz"}, "Not a valid choice"),
        ({"auth": "zzz"}, "Not a valid choice"),
        ({"ping_url": "https://10.0.0.7/ping"}, "may not be called"),
        ({"ping_url": URL, "bid_path": "bid"}, "names a place in the answer"),
        ({"ping_url": URL, "bid_path": ""}, "A ping needs “Their bid”"),
        ({"ping_url": URL, "ping_fields": "zip"}, "is no line like"),
        ({"ping_url": URL, "highest_bid": "much"}, "must be an amount of money"),
        ({"ping_url": URL, "ping_wait": "0"}, "From 1 to 60 seconds."),
        ({"feedback_url": "https://10.0.0.7/lost"}, "may not be called"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(sara, session, cast, stored, changes, words):
    row = stored()
    before = row.destination
    refused = saved(sara, row, **changes)
    assert (refused.status_code, words in refused.text) == (422, True)
    assert newest(session, cast).destination == before


def test_a_ready_mapping_fills_the_rows_and_saves_nothing(sara, session, cast, stored):
    row = stored()
    answer = saved(sara, row, take="1", ready="partner_standard")
    assert answer.status_code == 200
    assert fields_of(answer.text)["their_field"][:9] == [
        "lead_id", "name", "email", "phone", "country", "niche", "lead_type", "source", "timestamp",
    ]  # fmt: skip
    assert newest(session, cast).destination["mapping"] == BASE["mapping"]


def test_the_form_shows_the_request_for_a_made_up_lead(sara, session, cast, stored):
    row = stored()
    changes = {"auth": "query", "header_name": "api_key", "secret": PLANTED, "method": "PUT", "name": "Renamed"}
    answer = saved(sara, row, preview="1", **changes)
    assert answer.status_code == 200
    assert f"PUT {URL}?api_key=••••" in answer.text
    assert "ana.silva@example.com" in answer.text
    assert PLANTED not in answer.text
    assert newest(session, cast).name != "Renamed"


def test_a_request_that_cannot_be_made_says_why(sara, stored):
    assert "GET has no body" in saved(sara, stored(), preview="1", method="GET").text


def test_a_new_connection_can_be_looked_at_before_it_is_saved(sara, session, cast):
    page = sara.get("/connections/new").text
    fields = {"csrf_token": form_token(sara), **fields_of(page), "name": "New", "url": URL, "preview": "1"}
    answer = sara.post("/connections/new", data=fields)
    assert f"POST {URL}" in answer.text
    assert newest(session, cast) is None


def opened(app, row, session, name):
    credential = session.get(Credential, (row.id, name))
    place = credential_place(row.account_id, row.id, name)
    return Vault(app.extensions["settings"].vault_keys).open(credential.sealed, **place) if credential else None


def test_a_signing_secret_is_made_up_and_shown_once(app, sara, session, cast, stored):
    row = stored()
    shown = post(sara, address_of(row, "/signing"), secret="")
    row = newest(session, cast)
    secret = opened(app, row, session, "signing_secret")
    assert secret in shown.text
    assert row.destination["signed"] is True
    assert secret not in sara.get(address_of(row)).text


def test_an_old_signing_secret_stays_in_use_for_a_week(app, sara, session, cast, stored):
    row = stored()
    old, new = ("whsec_" + base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
    post(sara, address_of(row, "/signing"), secret=old)
    post(sara, address_of(row, "/signing"), secret=new, keep_old="y")
    row = newest(session, cast)
    assert [opened(app, row, session, name) for name in ("signing_secret", "old_signing_secret")] == [new, old]
    until = clock.now() + timedelta(days=7)
    assert abs(time_of(row.destination["old_secret_until"]) - until) < timedelta(minutes=1)
    assert "signs beside the new one until" in sara.get(address_of(row)).text


def time_of(text):
    from datetime import datetime

    return datetime.fromisoformat(text)


def test_a_new_signing_secret_alone_ends_the_old_one_at_once(app, sara, session, cast, stored):
    row = stored()
    for keep in ({}, {"keep_old": "y"}, {}):
        post(sara, address_of(row, "/signing"), secret="", **keep)
    row = newest(session, cast)
    assert "old_secret_until" not in row.destination
    assert opened(app, row, session, "old_signing_secret") is None


def test_signing_is_stopped_and_its_secrets_are_gone(app, sara, session, cast, stored):
    row = stored()
    post(sara, address_of(row, "/signing"), secret="")
    assert post(sara, address_of(row, "/signing/stop")).status_code == 303
    row = newest(session, cast)
    assert "signed" not in row.destination
    assert opened(app, row, session, "signing_secret") is None


def test_a_secret_that_cannot_sign_is_refused(sara, stored):
    refused = post(sara, address_of(stored(), "/signing"), secret="too short")
    assert refused.status_code == 422
    assert "A signing secret is whsec_" in refused.text


def test_the_sample_shows_what_a_buyer_sees_before_it_bids(sara, stored):
    row = stored(ping={"url": "http://127.0.0.1:9901/ping", "bid_path": "body.bid"})
    shown = sara.get(address_of(row)).text
    ping, post = shown.partition("First they are asked what they bid")[2].split("And if theirs is the best bid")
    assert "9901/ping" in ping
    assert "******" in ping
    assert "@" not in ping
    assert "@" in post
