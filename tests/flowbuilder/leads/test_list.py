"""The list of leads."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.leads.finding import short_form
from flowbuilder.models import Flow, Lead, Source
from tests.support.cast import Cast, a_flow, a_lead, a_source
from tests.support.web import HTMX, post, signed_in

LEAD = re.compile(r'<tr id="lead-([0-9A-Z]{26})"')
STATE = re.compile(r'<input type="hidden" name="(\w+)" value="(\w+)">')


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow of Sara's."""
    return a_flow(session, cast.sara)


@pytest.fixture
def source(session: Session, flow: Flow) -> Source:
    """Give a source of the flow."""
    return a_source(session, flow)


def leads(session: Session, source: Source, number: int, **values: Any) -> list[Lead]:
    made = [a_lead(session, source, **values) for _ in range(number)]
    session.commit()
    return made


def listed(text: str) -> list[str]:
    return LEAD.findall(text)


def state_of(text: str) -> str:
    inputs = text.split('id="leads-state"')[1].split("</div>", maxsplit=1)[0]
    return "&".join(f"{name}={value}" for name, value in STATE.findall(inputs))


def test_the_newest_50_come_first(sara: FlaskClient, session: Session, source: Source) -> None:
    made = leads(session, source, 53)
    text = sara.get("/leads").text
    assert listed(text) == [ids.show(lead.id) for lead in reversed(made[3:])]
    assert "50 leads shown" in text
    assert "Load 50 more" in text


def test_more_are_put_below_and_the_reader_goes_on_there(sara: FlaskClient, session: Session, source: Source) -> None:
    made = leads(session, source, 120)
    first = sara.get("/leads").text
    more = sara.get(f"/leads?more=1&{state_of(first)}", headers=HTMX).text
    assert len(listed(more)) == 100
    focused = re.search(r'id="open-(\w+)" data-focus', more)
    assert focused
    assert focused[1] == ids.show(made[69].id)
    last = sara.get(f"/leads?more=1&{state_of(more)}", headers=HTMX).text
    assert len(listed(last)) == 120
    assert "120 leads shown, that is all." in last
    assert "Load 50" not in last


def test_without_scripts_the_next_page_is_a_link(sara: FlaskClient, session: Session, source: Source) -> None:
    made = leads(session, source, 60)
    link = re.search(r'id="load-more" href="([^"]+)"', sara.get("/leads").text)
    assert link
    assert listed(sara.get(link[1].replace("&amp;", "&")).text) == [ids.show(lead.id) for lead in reversed(made[:10])]


def test_a_poll_brings_what_is_new_and_keeps_what_was_loaded(
    sara: FlaskClient, session: Session, source: Source
) -> None:
    leads(session, source, 60)
    more = sara.get(f"/leads?more=1&{state_of(sara.get('/leads').text)}", headers=HTMX).text
    assert sara.get(f"/leads?{state_of(more)}", headers=HTMX).status_code == 204
    new = leads(session, source, 1)[0]
    polled = sara.get(f"/leads?{state_of(more)}", headers=HTMX)
    assert len(listed(polled.text)) == 61
    assert listed(polled.text)[0] == ids.show(new.id)


def test_a_poll_brings_what_has_changed(sara: FlaskClient, session: Session, source: Source) -> None:
    lead = leads(session, source, 1, state="working", outcome=None)[0]
    text = sara.get("/leads").text
    assert "In progress" in text
    lead.state, lead.outcome = "done", "sold"
    session.commit()
    assert "Sold" in sara.get(f"/leads?{state_of(text)}", headers=HTMX).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 7),
        ("status=sold", 1),
        ("status=rejected", 2),
        ("status=duplicate", 1),
        ("status=error", 1),
        ("status=waiting", 1),
        ("status=in_progress", 1),
        ("needs=1", 2),
        ("status=rejected&needs=1", 1),
    ],
)
def test_leads_are_chosen_by_outcome(
    sara: FlaskClient, session: Session, source: Source, query: str, found: int
) -> None:
    for values in [
        {"outcome": "sold"},
        {"outcome": "rejected"},
        {"outcome": "rejected", "reason_code": "unknown"},
        {"outcome": "duplicate"},
        {"outcome": "error"},
        {"state": "waiting", "outcome": None, "waiting_for": "person"},
        {"state": "received", "outcome": None},
    ]:
        leads(session, source, 1, **values)
    assert len(listed(sara.get(f"/leads?{query}").text)) == found


def test_leads_are_chosen_by_flow_and_source(
    sara: FlaskClient, session: Session, cast: Cast, flow: Flow, source: Source
) -> None:
    other = a_source(session, flow, name="LeadMill")
    elsewhere = a_source(session, a_flow(session, cast.sara, name="Texas roofing"))
    for each in (source, other, elsewhere):
        leads(session, each, 1)
    by_flow = sara.get(f"/leads?flow={ids.show(flow.id, 'flo')}").text
    assert len(listed(by_flow)) == 2
    assert f'value="{ids.show(flow.id, "flo")}" selected' in by_flow
    assert len(listed(sara.get(f"/leads?source={ids.show(other.id, 'src')}").text)) == 1


@pytest.mark.parametrize("query", ["status=nothing", "flow=1", "source=flo_00000000000000000000000000", "before=x"])
def test_what_cannot_be_asked_for_is_not_there(sara: FlaskClient, query: str) -> None:
    assert sara.get(f"/leads?{query}").status_code == 404


def test_a_row_names_money_and_reason_but_no_person(sara: FlaskClient, session: Session, source: Source) -> None:
    values = {"fields": {"first_name": "Ana Pereira", "email": "ana@example.com"}}
    leads(session, source, 1, **values)
    leads(session, source, 1, outcome="rejected", reason="ana@example.com is known", **values)
    text = sara.get("/leads").text
    assert "$42.00" in text
    assert "$10.50" in text
    assert "A•• P••" in text
    assert "•••• is known" in text
    assert "Pereira" not in text
    assert "ana@example.com" not in text


def test_an_empty_list_says_what_will_come(sara: FlaskClient) -> None:
    assert "No leads yet" in sara.get("/leads").text
    assert "No leads match" in sara.get("/leads?status=sold").text


@pytest.mark.parametrize("typed", ["{id}", " {id} ", "{lower}", "{short}", "{bare}"])
def test_a_lead_is_found_by_its_id(sara: FlaskClient, session: Session, source: Source, typed: str) -> None:
    lead = leads(session, source, 3)[1]
    shown, short = ids.show(lead.id), short_form(lead.id)
    text = typed.format(id=shown, lower=shown.lower(), short=short, bare=short.replace("-", "").lower())
    assert post(sara, "/leads/find", id=text).location == f"/leads/{shown}"


@pytest.mark.parametrize("typed", ["", "8F2K-41QD", "0" * 26, "ana@example.com", "'; --", "U" * 8])
def test_what_is_no_id_of_a_lead_is_said_and_stays_to_be_put_right(sara: FlaskClient, typed: str) -> None:
    answer = post(sara, "/leads/find", id=typed)
    assert answer.status_code == 404
    assert "No lead of yours has that id." in answer.text
    assert html.fromstring(answer.text).get_element_by_id("find-id").get("value") == typed
    assert sara.get("/leads/find").location == "/leads"


def test_the_lead_of_a_stranger_is_not_found(app: Flask, session: Session, cast: Cast, source: Source) -> None:
    lead = leads(session, source, 1)[0]
    zoe = signed_in(app, session, cast.zoe)
    for typed in (ids.show(lead.id), short_form(lead.id)):
        assert post(zoe, "/leads/find", id=typed).status_code == 404


@pytest.mark.parametrize("who", ["tom", "zoe"])
def test_a_teammate_sees_the_list_and_a_stranger_an_empty_one(
    app: Flask, session: Session, cast: Cast, source: Source, who: str
) -> None:
    leads(session, source, 2)
    assert len(listed(signed_in(app, session, getattr(cast, who)).get("/leads").text)) == {"tom": 2, "zoe": 0}[who]
