"""Panels on the page of the editor: saved, with a buyer that is there, filled in on the way, or only pretends."""

from copy import deepcopy
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from flowbuilder import ids
from flowbuilder.models import Connection
from tests.support.cast import a_connection, a_flow
from tests.support.documents import solar
from tests.support.page_forms import untouched
from tests.support.web import HTMX, form_token


@pytest.fixture
def flow(session, cast):
    sunrise = ids.show(a_connection(session, cast.sara).id, "con")
    made = a_flow(session, cast.sara, document=solar(sunrise))
    session.commit()
    return made


def address(flow, step):
    return f"/flows/{ids.show(flow.id, 'flo')}/edit?step={step}"


def save(client, session, flow, step, **typed):
    """Post a step's panel as its page has it, with some fields typed into."""
    form = untouched(client.get(address(flow, step)).text, form="panel-form")
    for name, value in typed.items():
        form.setlist(name, value if isinstance(value, list) else [value])
    form["csrf_token"] = form_token(client)
    answer = client.post(f"/flows/{ids.show(flow.id, 'flo')}/draft/steps/{step}", data=form, headers=HTMX)
    session.refresh(flow)
    return answer


def fill_in(client, where, **typed):
    """Fill in the form of a new connection that is shown at an address."""
    form = untouched(client.get(where).text)
    form.setlist("csrf_token", [form_token(client)])
    for name, value in typed.items():
        form.setlist(name, [value])
    return client.post(where, data=form)


def url_for_new(back):
    return f"/connections/new?{urlencode({'next': back})}"


def connection_called(session, flow, name):
    """Return the only connection of the flow's account with a name."""
    wanted = select(Connection).where(Connection.account_id == flow.account_id, Connection.name == name)
    return session.scalars(wanted).one()


def buyer_of(flow):
    return flow.draft["steps"][1]["buyer"]


@pytest.mark.parametrize("step", ["s1", "s2", "end"])
def test_saving_a_panel_as_it_is_makes_no_edit(sara, session, flow, step):
    before, revision = deepcopy(flow.draft), flow.draft_revision
    assert save(sara, session, flow, step).status_code == 200
    assert (flow.draft, flow.draft_revision) == (before, revision)


def test_what_is_wrong_with_a_setting_is_told_by_its_label(sara, session, flow):
    buyer_of(flow)["timeout"] = "5m"
    flag_modified(flow, "draft")
    session.commit()
    assert "“Wait for its answer” must be from 1s to 60s." in sara.get(address(flow, "s2")).text


def test_a_change_is_saved_and_said(sara, session, flow):
    answer = save(sara, session, flow, "s2", **{"caps.0.limit": "60", "when_full": "hold"})
    assert buyer_of(flow)["caps"] == [{"limit": 60, "per": "day"}]
    assert buyer_of(flow)["when_full"] == "hold"
    assert "up to 60 a day" in answer.text


def test_what_cannot_be_read_is_told_beside_its_field_and_the_rest_is_saved(sara, session, flow):
    answer = save(sara, session, flow, "s2", price="a lot", sell="continue")
    assert answer.status_code == 422
    assert 'value="a lot"' in answer.text
    assert "Enter an amount of money, such as 42.00, or a field such as lead.price." in answer.text
    assert (buyer_of(flow)["price"], buyer_of(flow)["sell"]) == (42, "continue")


def test_a_pretend_buyer_is_made_once_and_keeps_leads_in_its_inbox(sara, session, flow):
    for _ in range(2):
        save(sara, session, flow, "s2", do="connection:pretend")
    made = connection_called(session, flow, "Pretend buyer")
    assert buyer_of(flow)["connection"] == ids.show(made.id, "con")
    assert made.destination["deliver_by"] == ["inbox"]


def test_a_connection_that_is_filled_in_on_the_way_is_used_by_one_button(sara, session, flow):
    page = sara.get(address(flow, "s2")).text
    assert "Fill in a connection" in page
    back = fill_in(sara, url_for_new(address(flow, "s2")), name="Brightroof", decides="inbox")
    made = connection_called(session, flow, "Brightroof")
    shown = ids.show(made.id, "con")
    assert back.location == f"{address(flow, 's2')}&connection={shown}"
    assert "Use Brightroof, which you just filled in" in sara.get(back.location).text
    save(sara, session, flow, "s2", do=f"connection:use:{shown}")
    assert buyer_of(flow)["connection"] == shown


def test_nobody_is_led_to_another_site_by_a_new_connection(sara, session):
    answer = fill_in(sara, url_for_new("//evil.example/"), name="Brightroof", decides="inbox")
    assert answer.location.startswith("/connections/con_")


def last_buyer(flow):
    return {"id": "b9", "connection": buyer_of(flow)["connection"], "price": 5}


def test_what_a_choice_takes_away_is_said_with_the_way_back(sara, session, flow):
    whole = {**flow.draft, "fallback": {"id": "end", "do": "buyer", "buyer": last_buyer(flow)}}
    flow.draft = whole
    session.commit()
    answer = save(sara, session, flow, "end", end="reject")
    assert flow.draft["fallback"] == {"id": "end", "do": "reject"}
    said = "The last buyer is taken out, with all that was set for it. Undo brings it back."
    assert said in answer.headers["HX-Trigger"]
    assert f"<span>{said}</span>" in answer.text
    client_undoes(sara, flow)
    session.refresh(flow)
    assert flow.draft == whole


def client_undoes(client, flow):
    """Press Undo."""
    data = {"target": str(flow.draft_revision), "csrf_token": form_token(client)}
    assert client.post(f"/flows/{ids.show(flow.id, 'flo')}/draft/undo", data=data).status_code == 303


def test_without_scripts_it_is_said_on_the_page_that_follows(sara, session, flow):
    steps = [{"look_up": {"id": "s9", "list": "lst_a", "of": {"var": "lead.phone_1"}, "into": "is_known"}}]
    flow.draft = {**flow.draft, "steps": [*flow.draft["steps"], *steps]}
    session.commit()
    form = untouched(sara.get(address(flow, "s9")).text, form="panel-form")
    form["source"], form["csrf_token"] = "score", form_token(sara)
    answer = sara.post(f"/flows/{ids.show(flow.id, 'flo')}/draft/steps/s9", data=form)
    page = sara.get(answer.location).text
    assert "What was set for the stored list is taken out. Undo brings it back." in page


def test_nothing_is_said_where_nothing_was_set(sara, session, flow):
    assert "HX-Trigger" not in save(sara, session, flow, "end", end="buyer").headers
    answer = save(sara, session, flow, "end", end="hold")
    assert "buyer" not in flow.draft["fallback"]
    assert "HX-Trigger" not in answer.headers
