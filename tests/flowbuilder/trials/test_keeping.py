"""What a check keeps of somebody who was typed or pasted: nothing. It still says what it said."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import inspect, select, text

from flowbuilder import ids
from flowbuilder.models import ConnectionTest, FlowCheck, StoredListEntry
from flowbuilder.trials.keeping import made_up_for
from rules.fields import Field
from tests.flowbuilder.api.conftest import Api, an_api_key
from tests.flowbuilder.trials.conftest import ANA
from tests.support.canaries import Canaries, found_in
from tests.support.cast import a_lead, a_list, now
from tests.support.web import post
from workers.sweep import tidy

PERSONAL = [
    {"key": "first_name", "type": "name", "aliases": ["given_name"]},
    {"key": "dob", "type": "dob"},
    {"key": "address", "type": "text"},
    {"key": "postal_code", "type": "postal_code", "region": "US"},
    {"key": "income", "type": "number", "sensitive": True},
    {"key": "roof", "type": "choice", "options": ["flat", "steep"]},
]


@pytest.fixture
def canaries():
    return Canaries()


@pytest.fixture
def person(canaries):
    """Return somebody in fields that the flow knows, by another name of one, where no name belongs, and elsewhere."""
    return {
        "email": canaries.email(), "phone_1": canaries.phone(), "state": "CA", "given_name": canaries.name(),
        "address": canaries.text(), "roof": canaries.text(), canaries.word(): "an unknown name",
        "spouse": {"mail": canaries.email(), "phones": [canaries.phone()]},
    }  # fmt: skip


@pytest.fixture
def document(document):
    return document | {"fields": document["fields"] + PERSONAL}


@pytest.fixture
def api(app, session, cast):
    return Api(app, an_api_key(session, cast.sara))


@pytest.fixture
def address(flow):
    return f"/flows/{ids.show(flow.id, 'flo')}/test"


@pytest.fixture
def save(sara, address, session, flow):
    """Return a function that saves a lead as a check, and gives what is kept of it."""

    def saved(lead, **fields):
        answer = post(sara, address, do="save", extra=json.dumps(lead), **fields)
        assert answer.status_code == 303, answer.text
        session.expire_all()
        newest = select(FlowCheck).where(FlowCheck.flow_id == flow.id).order_by(FlowCheck.id.desc()).limit(1)
        return session.scalars(newest).one()

    return saved


@pytest.fixture
def stops(session, flow):
    """Return a function that has a filter of the flow let through what a rule is true of, and nothing else."""

    def changed(rule):
        steps = [{"filter": {"id": "f", "continue_if": rule, "reason": "Not wanted"}}, *flow.draft["steps"]]
        flow.draft = flow.draft | {"steps": steps}
        session.commit()

    return changed


def everything(session):
    """Return all that stands in any table."""
    connection = session.connection()
    tables = inspect(connection).get_table_names()
    quoted = (connection.dialect.identifier_preparer.quote(table) for table in tables)
    return "\n".join(
        connection.execute(text(f"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t")).scalar_one()
        for table in quoted
    )


def test_nobody_who_is_pasted_typed_or_tried_stands_anywhere_afterwards(
    sara, address, session, flow, save, person, canaries, api
):
    pasted = post(sara, address, do="paste", pasted=json.dumps(person)).text
    assert person["email"] in pasted
    post(sara, address, do="run", extra=json.dumps(person))
    flow_address = f"/flows/{ids.show(flow.id, 'flo')}"
    assert api("POST", f"{flow_address}/dry-run", {"lead": person}).json["outcome"] == "success"
    assert api("POST", f"{flow_address}/checks", {"lead": person}).status_code == 201
    reply = f'200\n{{"status": "no", "reason": "We know {person["email"]} and {person["phone_1"]}"}}'
    save(person, **{"a.s2": "accepted", "w.s2": reply, "r.s2": person["given_name"]})
    made = found_in("\n".join(canaries.made))
    assert len(made) == 8
    assert found_in(everything(session)) & made == set()


def test_a_check_says_what_it_keeps_and_still_passes(sara, address, save, person):
    row = save(person)
    assert row.inputs["lead"] == {
        "email": "ana.silva@example.com", "phone_1": "(201) 555-0123", "state": "CA", "first_name": "Ana",
        "address": "100 Main Street", "roof": "flat",
    }  # fmt: skip
    assert (row.status, len(row.buyers)) == ("sold", 1)
    page = sara.get(address.replace("/test", "/checks?done=saved")).text
    assert "1 of 1 pass" in page
    assert "Personal values are not kept" in page


@pytest.mark.parametrize(
    ("rule", "field", "typed", "kept"),
    [
        ({"area_code_in": [{"var": "lead.phone_1"}, ["646"]]}, "phone_1", "(646) 322-1188", "(646) 555-0148"),
        ({"domain_in": [{"var": "lead.email"}, ["gmail.com"]]}, "email", "jo@gmail.com", "ana.silva@gmail.com"),
        ({"starts_with": [{"var": "lead.postal_code"}, "941"]}, "postal_code", "94110-1234", "94110"),
        ({"age_between": [{"var": "lead.dob"}, 60, 70]}, "dob", "1961-05-17", "1961-05-01"),
        ({"contains": [{"var": "lead.address"}, "oak"]}, "address", "12 Oak Lane", "oak"),
        ({"at_least": [{"var": "lead.income"}, 70_000]}, "income", "71,234", "71000"),
        ({"not_valid": [{"var": "lead.dob"}]}, "dob", "17th of May", "Example"),
        ({"blank": [{"var": "lead.dob"}]}, "dob", "", ""),
    ],
)
def test_a_value_that_a_rule_looks_at_keeps_its_shape(save, stops, rule, field, typed, kept):
    stops(rule)
    row = save(ANA | {field: typed})
    assert (row.inputs["lead"][field], row.status) == (kept, "sold")


def test_what_only_the_person_fulfils_is_refused_with_what_can_be_typed_instead(
    sara, address, session, cast, save, stops, api, flow
):
    known = a_list(session, cast.sara, size=2)
    stops({"in_list": [{"var": "lead.email"}, ids.show(known.id, "lst")]})
    session.add_all(StoredListEntry(list_id=known.id, key=key) for key in ("jo@gmail.com", "jo@example.com"))
    session.commit()
    lead = ANA | {"email": "jo@gmail.com"}
    refused = post(sara, address, do="save", extra=json.dumps(lead))
    assert refused.status_code == 422
    assert "with them this lead ends otherwise: rejected: Not wanted" in refused.text
    told = api("POST", f"/flows/{ids.show(flow.id, 'flo')}/checks", {"lead": lead})
    assert (told.status_code, told.json["error"]["problems"][0]["code"]) == (422, "tells_who")
    assert save(ANA | {"email": "jo@example.com"}).inputs["lead"]["email"] == "jo@example.com"


def test_what_is_typed_over_a_lead_that_came_in_is_made_up_too(save, session, source):
    came_in = a_lead(session, source, posted=ANA, fields=ANA | {"phone_1": "+12135550148"})
    session.commit()
    row = save({"email": "jo@gmail.com"}, source_lead=ids.show(came_in.id))
    assert row.inputs["lead"] == {"email": "ana.silva@example.com"}
    assert row.inputs["source_lead"] == ids.show(came_in.id)


def test_what_a_test_lead_asks_for_is_kept(save):
    row = save(ANA | {"is_test": "yes", "test_outcome": "rejected", "lead_id": "of somebody"})
    assert row.inputs["lead"].items() >= {"is_test": True, "test_outcome": "rejected"}.items()
    assert "lead_id" not in row.inputs["lead"]


def test_what_was_sent_for_real_is_forgotten_after_a_week(session, connections, person):
    for days in (6, 8):
        row = ConnectionTest(id=ids.new_id(), account_id=connections[0].account_id, connection_id=connections[0].id)
        row.fields, row.created_at = person, now() - timedelta(days=days)
        session.add(row)
    session.flush()
    tidy(session.connection(), now())
    kept = select(ConnectionTest.created_at).where(ConnectionTest.connection_id == connections[0].id)
    assert [(now() - at).days for at in session.scalars(kept)] == [6]


@pytest.mark.parametrize(
    ("field", "value", "choices"),
    [
        (Field("state", "state", sensitive=True), "CA", ("CA",)),
        (Field("smoker", "choice", options=("yes", "no"), sensitive=True), "yes", ("yes",)),
        (Field("smoker", "choice", options=("yes", "no"), sensitive=True), "Jo Doe", ("yes", "Example")),
        (Field("email", "email"), "Sunrise@Example.com", ("Sunrise@Example.com",)),
        (Field("phone", "phone", region="DE"), "+49 30 901820", ("01512 3456789",) * 3),
        (Field("phone", "phone", region="US"), "2125550199", ("(201) 555-0123", "(212) 555-0148", "2125550199")),
        (Field("more", "multi", sensitive=True), ["sunrise@example.com", "Jo"], (["sunrise@example.com"],)),
        (Field("name", "name"), " ", ("",)),
    ],
)  # fmt: skip
def test_made_up_values(field, value, choices):
    assert made_up_for(field, value, frozenset({"sunrise@example.com"})) == choices
