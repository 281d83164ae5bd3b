"""The form's part on whom a buyer takes: its time zone, the consent it wants, people on stored lists."""

import pytest

from flowbuilder import ids
from tests.flowbuilder.connections.test_pages import FORM, address_of, newest
from tests.support.cast import a_list
from tests.support.web import post

pytestmark = pytest.mark.usefixtures("loopback_buyer")
WHOM = {
    "time_zone": "America/Denver",
    "consent_certificate": "cert_url",
    "consent_yes": "opt_in",
    "consent_max_age": "72h",
    "consent_at": "agreed_at",
}


@pytest.fixture
def blocked(session, cast):
    row = a_list(session, cast.sara, name="Do not contact", kind="phone")
    session.commit()
    return ids.show(row.id, "lst")


def rows(*pairs):
    return {"suppress_list": [listed for listed, _ in pairs], "suppress_field": [field for _, field in pairs]}


def test_the_form_writes_what_the_buyer_asks_and_shows_it_again(sara, session, cast, blocked):
    post(sara, "/connections/new", **FORM, **WHOM, **rows((blocked, " phone_1 "), ("", "")))
    row = newest(session, cast.sara)
    assert {key: row.destination.get(key) for key in ("time_zone", "consent", "suppress")} == {
        "time_zone": "America/Denver",
        "consent": {"certificate": "cert_url", "yes": "opt_in", "max_age": "72h", "at": "agreed_at"},
        "suppress": [{"list": blocked, "field": "phone_1"}],
    }
    told = sara.get(address_of(row)).text
    assert "a certificate in cert_url and a yes in opt_in, at most 3 days old (by agreed_at)" in told
    assert "Do not contact" in told
    form = sara.get(address_of(row, "/edit")).text
    assert f'<option value="{blocked}" selected>Do not contact</option>' in form
    before = row.destination
    post(sara, address_of(row, "/edit"), **{**FORM, "secret": ""}, **WHOM, **rows((blocked, "phone_1"), ("", "")))
    assert newest(session, cast.sara).destination == before


def test_a_form_without_this_part_leaves_it_as_it_is(sara, session, cast, blocked):
    post(sara, "/connections/new", **FORM, **WHOM, **rows((blocked, "phone_1")))
    post(sara, address_of(newest(session, cast.sara), "/edit"), **{**FORM, "secret": "", "name": "Sunrise"})
    row = newest(session, cast.sara)
    assert (row.name, row.destination["suppress"]) == ("Sunrise", [{"list": blocked, "field": "phone_1"}])


def test_what_is_taken_out_of_the_form_is_taken_out_of_the_connection(sara, session, cast, blocked):
    post(sara, "/connections/new", **FORM, **WHOM, **rows((blocked, "phone_1")))
    nothing = dict.fromkeys(WHOM, "")
    post(sara, address_of(newest(session, cast.sara), "/edit"), **{**FORM, "secret": ""}, **nothing, **rows(("", "")))
    destination = newest(session, cast.sara).destination
    assert (destination.get("time_zone"), destination.get("consent"), destination.get("suppress")) == (None, None, [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_zone": "Mars"}, "is not a time zone"),
        ({"consent_certificate": "", "consent_yes": ""}, "Name the field of the certificate"),
        ({"consent_max_age": "soon"}, "A duration is a number and a unit"),
        ({"consent_max_age": ""}, "Say how old the consent may be"),
    ],
)
def test_what_cannot_be_meant_is_said_beside_its_field(sara, changes, words):
    refused = post(sara, "/connections/new", **FORM, **(WHOM | changes))
    assert (refused.status_code, words in refused.text) == (422, True)


def test_a_list_without_a_field_and_somebody_elses_list_are_refused(sara, session, cast, blocked):
    foreign = a_list(session, cast.zoe)
    session.commit()
    lists = rows((blocked, ""), (ids.show(foreign.id, "lst"), "email"))
    refused = post(sara, "/connections/new", **FORM, **WHOM, **lists)
    assert refused.status_code == 422
    assert "Row 1: “field” must be a field" in refused.text
    assert "Row 2: This account has no stored list" in refused.text
