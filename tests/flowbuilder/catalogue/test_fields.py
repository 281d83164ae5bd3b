"""The catalogue of an account: its pages, its roles, what taking a field over would break, and names nobody reads."""

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.catalogue.queries import known_fields, unread_names, uses_of
from flowbuilder.catalogue.taking_over import breaks
from flowbuilder.models import CatalogueField
from rules.categories import BY_KEY
from tests.support.cast import a_flow, a_lead, a_member, a_source
from tests.support.documents import solar
from tests.support.web import post, signed_in


def written(session, member):
    session.rollback()
    session.expire_all()
    return {field["key"]: field for field in known_fields(session, member.account.id)}


def a_lead_with(session, flow, **posted):
    """Make a lead that was posted with names that its flow has no field for."""
    source = a_source(session, flow)
    a_lead(session, source, posted={"email": "ana@example.com", **posted}, ignored=list(posted))
    session.commit()


def test_a_field_is_added_changed_and_taken_out(sara, session, cast):
    post(
        sara, "/fields/new", label="Roof shade", type="choice", options="none\nsome\na lot", aliases="shade, roofShadow"
    )
    assert written(session, cast.sara) == {
        "roof_shade": {
            "key": "roof_shade",
            "type": "choice",
            "options": ["none", "some", "a lot"],
            "aliases": ["shade", "roofShadow"],
        }
    }
    post(sara, "/fields/roof_shade", label="Shade on the roof", type="text", sensitive="y")
    assert written(session, cast.sara)["roof_shade"] == {
        "key": "roof_shade",
        "type": "text",
        "label": "Shade on the roof",
        "sensitive": True,
    }
    assert "Shade on the roof" in sara.get("/fields").text
    post(sara, "/fields/roof_shade/remove")
    assert written(session, cast.sara) == {}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"label": "", "type": "text"}, "Say what the field is called."),
        ({"label": "Shade", "type": "choice"}, "A choice needs the list of its options."),
        ({"label": "Shade", "key": "No Good", "type": "text"}, "A key has up to 64 small letters"),
        ({"label": "Phone", "type": "phone", "region": "XX"}, "A region is a two-letter country code"),
    ],
)
def test_what_cannot_be_a_field_keeps_what_was_typed(sara, session, cast, typed, words):
    refused = post(sara, "/fields/new", **typed)
    assert (refused.status_code, words in refused.text) == (422, True)
    assert written(session, cast.sara) == {}


def test_a_key_is_there_once(sara):
    post(sara, "/fields/new", label="Shade", type="text")
    assert "There is a field “shade” already." in post(sara, "/fields/new", label="Shade", type="number").text


def test_a_category_adds_the_fields_that_are_missing(sara, session, cast):
    post(sara, "/fields/new", label="Email", type="text")
    post(sara, "/fields/category", category="medicare")
    fields = written(session, cast.sara)
    assert fields.keys() == {field["key"] for field in BY_KEY["medicare"].fields}
    assert fields["email"]["type"] == "text"
    assert all("required" not in field for field in fields.values())


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("editor", True), ("publisher", False), ("analyst", False)])
def test_who_may_change_the_catalogue(app, session, cast, role, may):
    member = a_member(session, cast.sara.account, role=role)
    client = signed_in(app, session, member)
    assert ("Add a field" in client.get("/fields").text) == may
    assert (post(client, "/fields/new", label="Shade", type="text").status_code == 303) == may
    assert (post(client, "/fields/unread", name="x", do="ignore").status_code == 303) == may


def test_a_stranger_s_field_is_not_found(app, session, cast, sara):
    post(sara, "/fields/new", label="Shade", type="text")
    zoe = signed_in(app, session, cast.zoe)
    assert zoe.get("/fields/shade").status_code == 404
    assert post(zoe, "/fields/shade/remove").status_code == 404


def test_a_field_names_the_flows_that_have_it(session, cast):
    flow = a_flow(session, cast.sara, document=solar())
    put_away = a_flow(session, cast.sara, document=solar(), archived_at=flow.created_at)
    found = uses_of(session, flow.account_id)["email"]
    assert [one.id for one in found] == [flow.id] != [put_away.id]


def test_another_type_says_which_rules_it_would_break(sara, session, cast):
    a_flow(session, cast.sara, document=solar())
    session.commit()
    post(sara, "/fields/new", label="State", type="number")
    shown = sara.get("/fields/state").text
    assert "California solar</a> has it as State." in shown
    assert "1 thing to put right: Step 1: " in shown


def test_taking_over_what_breaks_nothing_breaks_nothing():
    assert breaks(solar(), {"key": "email", "type": "text"}) == []
    assert len(breaks(solar(), {"key": "state", "type": "number"})) == 1


def test_names_that_nobody_reads_are_counted_by_supplier_and_masked(sara, session, cast):
    flow = a_flow(session, cast.sara)
    for _ in range(2):
        a_lead_with(session, flow, **{"Mobile Phone": "(512) 555-0148", "utm_source": "google"})
    found = {one.name: one for one in unread_names(session, flow.account_id)}
    assert found["Mobile Phone"].type == "phone"
    assert "555" not in found["Mobile Phone"].example
    assert (found["utm_source"].type, found["utm_source"].example) == ("text", "••••")
    shown = sara.get("/fields").text
    assert "Mobile Phone" in shown
    assert "google" not in shown


def test_a_name_that_nobody_reads_becomes_a_field(sara, session, cast):
    a_lead_with(session, a_flow(session, cast.sara), **{"Car Make": "Volvo"})
    shown = sara.get("/fields/new?name=Car+Make").text
    assert 'value="car_make"' in shown
    post(sara, "/fields/new", label="Car make", type="text")
    assert [one.key for one in unread_names(session, cast.sara.account.id)] == ["car_make"]


def test_a_name_that_nobody_reads_is_the_same_as_a_field(sara, session, cast):
    a_lead_with(session, a_flow(session, cast.sara), vehicle="Volvo")
    post(sara, "/fields/new", label="Car make", type="text")
    post(sara, "/fields/unread", name="vehicle", do="same", same_as="car_make")
    assert written(session, cast.sara)["car_make"]["aliases"] == ["vehicle"]
    assert [one.key for one in unread_names(session, cast.sara.account.id)] == ["car_make"]


def test_a_name_that_nobody_wants_is_shown_no_more(sara, session, cast):
    a_lead_with(session, a_flow(session, cast.sara), gclid="abc")
    post(sara, "/fields/unread", name="gclid", do="ignore")
    post(sara, "/fields/unread", name="gclid", do="ignore")
    session.rollback()
    assert unread_names(session, cast.sara.account.id) == []


def test_names_of_another_account_are_its_own(session, cast):
    a_lead_with(session, a_flow(session, cast.zoe), gclid="abc")
    assert unread_names(session, cast.sara.account.id) == []
    assert session.scalars(select(CatalogueField).where(CatalogueField.account_id == ids.new_id())).all() == []
