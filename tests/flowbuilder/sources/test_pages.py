"""The pages of sources: keys shown once, a command to paste, and what became of what was posted."""

import re

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.models import IntakeRefusal, Source, SourceKey
from tests.support.cast import a_connection, a_flow, a_lead, a_source, now
from tests.support.documents import solar
from tests.support.web import post, signed_in

KEY = re.compile(r"lk_(?:live|test)_[0-9A-Z]{26}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def flow(session, cast):
    made = a_flow(session, cast.sara, document=solar())
    session.commit()
    return made


def form(flow, /, **changes):
    usual = {"flow": ids.show(flow.id, "flo"), "name": "WebForms Co", "cost_kind": "fixed", "cost": "31.50"}
    return {**usual, "limit": "1,000", "per": "day", "counts": "received", "needs_key": "y", **changes}


def newest(session, member):
    session.rollback()
    session.expire_all()
    mine = select(Source).where(Source.account_id == member.account.id).order_by(Source.id.desc())
    return session.scalars(mine).first()


def address_of(source, rest=""):
    return f"/sources/{ids.show(source.id, 'src')}{rest}"


def test_an_account_without_sources_is_told_how_to_begin(sara, flow):
    assert "Add a source" in sara.get("/sources").text


def test_without_a_flow_there_is_nothing_to_post_to(app, session, cast):
    zoe = signed_in(app, session, cast.zoe)
    assert "Make a flow first" in zoe.get("/sources").text
    assert "Make a flow first" in zoe.get("/sources/new").text


def test_a_new_source_shows_its_keys_once_in_a_command_to_paste(sara, session, cast, flow):
    made = post(sara, "/sources/new", **form(flow))
    source = newest(session, cast.sara)
    assert made.status_code == 201
    live, test = KEY.findall(made.text)[:2]
    assert (live[:7], test[:7]) == ("lk_live", "lk_test")
    assert f"X-API-Key: {test}" in made.text
    assert f"X-API-Key: {live}" not in made.text
    assert f"/f/{flow.key}/{source.key}" in made.text
    again = sara.get(address_of(source)).text
    assert not KEY.search(again)
    assert "X-API-Key: YOUR_TEST_KEY" in again
    assert f"••••{live[-4:]}" in again


def test_the_lead_to_paste_is_one_that_the_flow_sells(sara, session, cast):
    document = solar(ids.show(a_connection(session, cast.sara).id, "con"))
    document["steps"][0]["filter"]["continue_if"] = {"any_of": [{"var": "lead.state"}, ["NV"]]}
    source = a_source(session, a_flow(session, cast.sara, document=document))
    session.commit()
    shown = sara.get(address_of(source)).text
    assert "&#34;state&#34;: &#34;NV&#34;" in shown


def test_terms_are_kept_as_agreed(sara, session, cast, flow):
    post(sara, "/sources/new", **form(flow))
    source = newest(session, cast.sara)
    assert source.cost == {"fixed": 31.5}
    assert source.caps == [{"limit": 1000, "per": "day", "count": "received"}]
    shown = sara.get(address_of(source)).text
    assert "$31.50" in shown
    assert "1,000 a day, counted when received" in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the source a name."),
        ({"cost": "plenty"}, "must be an amount of money"),
        ({"cost": "1.005"}, "more decimals"),
        ({"cost": "12,50"}, "must be an amount of money"),
        ({"cost": "123456789012345"}, "must be an amount of money"),
        ({"limit": "1,5"}, "whole number"),
        ({"cost_kind": "share", "cost": "175"}, "percentage from 0 to 100"),
        ({"limit": "many"}, "must be a whole number"),
        ({"flow": "flo_elsewhere"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(sara, session, cast, flow, changes, words):
    refused = post(sara, "/sources/new", **form(flow, **changes))
    assert refused.status_code == 422
    assert words in refused.text
    assert changes.get("cost", "31.50") in refused.text
    assert newest(session, cast.sara) is None


def test_a_source_for_public_forms_has_no_keys(sara, session, cast, flow):
    fields = form(flow)
    del fields["needs_key"]
    made = post(sara, "/sources/new", **fields)
    assert not KEY.search(made.text)
    assert "X-API-Key" not in made.text


def test_keys_are_made_and_revoked(sara, session, cast, flow):
    source = a_source(session, flow)
    session.commit()
    made = post(sara, address_of(source, "/keys"), mode="test")
    assert KEY.search(made.text)[0].startswith("lk_test_")
    key = session.scalars(select(SourceKey).where(SourceKey.source_id == source.id)).one()
    post(sara, address_of(source, f"/keys/{ids.show(key.id)}/revoke"))
    session.refresh(key)
    assert key.revoked_at is not None
    assert "revoked" in sara.get(address_of(source)).text


def test_another_sources_key_is_not_found(sara, session, flow):
    source, other = a_source(session, flow), a_source(session, flow)
    session.commit()
    post(sara, address_of(other, "/keys"), mode="live")
    key = session.scalars(select(SourceKey).where(SourceKey.source_id == other.id)).one()
    assert post(sara, address_of(source, f"/keys/{ids.show(key.id)}/revoke")).status_code == 404
    assert post(sara, address_of(source, "/keys"), mode="golden").status_code == 404


def test_a_paused_source_says_so(sara, session, flow):
    source = a_source(session, flow)
    session.commit()
    post(sara, address_of(source, "/pause"))
    assert "Paused: its leads are rejected" in sara.get(address_of(source)).text
    post(sara, address_of(source, "/resume"))
    assert "Paused" not in sara.get(address_of(source)).text


def test_the_page_tells_fields_last_leads_and_refusals(sara, session, flow):
    source = a_source(session, flow)
    a_lead(session, source, outcome="rejected", reason="Not CA solar")
    refusal = IntakeRefusal(id=ids.new_id(), account_id=source.account_id, flow_id=flow.id, source_id=source.id)
    refusal.status, refusal.codes, refusal.fields, refusal.at = 422, ["invalid_phone"], ["phone_1"], now()
    session.add(refusal)
    session.commit()
    shown = sara.get(address_of(source)).text
    for words in ("<code>phone_1</code>", "<td>Phone</td>", "US numbers", "Not CA solar", "invalid phone", "422"):
        assert words in shown


@pytest.mark.parametrize(("values", "words"), [({}, "is paused"), ({"archived_at": now()}, "is archived")])
def test_a_flow_that_rejects_its_leads_is_told(sara, session, cast, values, words):
    flow = a_flow(session, cast.sara, state="paused", **values)
    source = a_source(session, flow)
    session.commit()
    shown = sara.get(f"/sources/{ids.show(source.id, 'src')}").text
    assert f"California solar {words}, so its leads are rejected." in shown


def test_a_flow_that_is_not_live_is_told(sara, session, cast):
    source = a_source(session, a_flow(session, cast.sara, document=solar(), live_version=None))
    session.commit()
    assert "is not published yet" in sara.get(address_of(source)).text


RULE = '{"is": [{"var": "lead.state"}, "CA"]}'
UNDRAWABLE = {"any_of": [{"cat": [{"var": "lead.state"}, "x"]}, ["CAx"]]}
SETTINGS = {
    "limit": "50",
    "when_full": "hold",
    "accept_if.json": RULE,
    "categories": "solar, Roofing ,solar",
    "redirect_hosts": "WWW.Example.com\nthanks.example.com:8443",
}


def test_everything_that_is_agreed_can_be_changed(sara, session, cast, flow):
    source = a_source(session, flow)
    session.commit()
    saved = post(sara, address_of(source, "/edit"), **form(flow, **SETTINGS, cost_kind="share", cost="75"))
    assert saved.headers["Location"].endswith(address_of(source))
    source = newest(session, cast.sara)
    assert source.cost == {"share": 75}
    assert source.caps == [{"limit": 50, "per": "day", "count": "received", "when_full": "hold"}]
    assert source.accept_if == {"is": [{"var": "lead.state"}, "CA"]}
    assert source.categories == ["solar", "Roofing"]
    assert source.redirect_hosts == ["www.example.com", "thanks.example.com:8443"]
    shown = sara.get(address_of(source)).text
    for words in ("State is CA", "solar, Roofing", "www.example.com", "then leads wait", "75% of its price"):
        assert words in shown


def test_the_form_shows_what_is_set_and_saving_it_changes_nothing(sara, session, cast, flow):
    post(sara, "/sources/new", **form(flow, **SETTINGS))
    source = newest(session, cast.sara)
    before = {name: getattr(source, name) for name in ("cost", "caps", "accept_if", "categories", "redirect_hosts")}
    shown = sara.get(address_of(source, "/edit")).text
    for words in ("31.5", 'value="50"', "solar, Roofing", "lead.state", "www.example.com, thanks.example.com:8443"):
        assert words in shown
    typed = {"cost": "31.5", "limit": "50", "categories": "solar, Roofing"}
    post(sara, address_of(source, "/edit"), **form(flow, **{**SETTINGS, **typed}))
    source = newest(session, cast.sara)
    assert {name: getattr(source, name) for name in before} == before


def test_caps_that_the_form_cannot_show_are_kept(sara, session, cast, flow):
    caps = [{"limit": 5, "per": "hour"}, {"limit": 9, "per": "day", "count_by": {"var": "lead.state"}}]
    source = a_source(session, flow, caps=caps)
    session.commit()
    assert "2 caps were set by a program" in sara.get(address_of(source, "/edit")).text
    fields = form(flow, name="Other")
    for name in ("limit", "per", "counts"):
        del fields[name]
    post(sara, address_of(source, "/edit"), **fields)
    source = newest(session, cast.sara)
    assert (source.name, source.caps) == ("Other", caps)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"accept_if.json": "{"}, "The text is not JSON"),
        ({"accept_if.json": '{"resembles": [1]}'}, "resembles"),
        ({"accept_if.json": "[]"}, "“[]” is a value. A condition compares something."),
        ({"redirect_hosts": "https://www.example.com"}, "is not a host"),
        ({"when_full": "explode"}, "Not a valid choice"),
        ({"name": ""}, "Give the source a name."),
    ],
)
def test_a_change_that_is_wrong_changes_nothing_and_says_so(sara, session, cast, flow, changes, words):
    source = a_source(session, flow, name="Before", accept_if=UNDRAWABLE)
    session.commit()
    refused = post(sara, address_of(source, "/edit"), **form(flow, **changes))
    assert refused.status_code == 422
    assert words in refused.text
    assert newest(session, cast.sara).name == "Before"


def test_who_may_not_edit_finds_no_form(app, session, cast, flow):
    source = a_source(session, flow)
    session.commit()
    tom = signed_in(app, session, cast.tom)
    assert tom.get(address_of(source, "/edit")).status_code == 403
    assert post(tom, address_of(source, "/edit"), name="Mine").status_code == 403
