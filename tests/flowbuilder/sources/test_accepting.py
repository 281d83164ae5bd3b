"""The rule of a source: built from rows in its form, and nothing of it counts before the source is saved."""

import pytest

from flowbuilder import ids
from tests.flowbuilder.sources.test_pages import UNDRAWABLE
from tests.support.cast import a_flow, a_source
from tests.support.documents import solar
from tests.support.page_forms import untouched
from tests.support.web import HTMX, form_token

CA = {"is": [{"var": "lead.state"}, "CA"]}
NOT_CA = {"is_not": [{"var": "lead.state"}, "CA"]}


@pytest.fixture
def source(session, cast):
    made = a_source(session, a_flow(session, cast.sara, document=solar()))
    session.commit()
    return made


def edit(source):
    return f"/sources/{ids.show(source.id, 'src')}/edit"


def send(client, address, page, headers=None, **typed):
    """Send the form of a page once some fields were typed into, or a button was pressed (`do`)."""
    posted = untouched(page, "source-form")
    for name, value in typed.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    posted["csrf_token"] = form_token(client)
    return client.post(address, data=posted, headers=headers)


def rule_of(session, source):
    session.rollback()
    session.refresh(source)
    return source.accept_if


def test_a_rule_is_built_from_rows_and_counts_once_the_source_is_saved(sara, session, source):
    page = sara.get(edit(source)).text
    assert "No rule yet" in page
    page = send(sara, edit(source), page, do="accept_if:add-rule:").text
    page = send(sara, edit(source), page, do="accept_if:draw:", **{"accept_if.0.field": "lead.state"}).text
    typed = {"accept_if.0.op": "is_not", "accept_if.0.value": "CA"}
    built = send(sara, edit(source), page, do="accept_if:draw:", **typed)
    assert built.status_code == 200
    assert "Reads as: <b>State is not CA</b>" in built.text
    assert rule_of(session, source) is None
    saved = send(sara, edit(source), built.text)
    assert saved.status_code == 303
    assert rule_of(session, source) == NOT_CA


def test_the_builder_asks_for_its_own_part_alone(sara, source):
    page = sara.get(edit(source)).text
    part = send(sara, edit(source), page, HTMX, do="accept_if:add-rule:").text
    assert part.strip().startswith('<div id="accept-rule"')
    assert 'name="accept_if.0.field"' in part
    assert 'name="redirect_hosts"' not in part


def test_a_rule_that_is_taken_out_leaves_every_lead_in(sara, session, source):
    source.accept_if = CA
    session.commit()
    page = send(sara, edit(source), sara.get(edit(source)).text, do="accept_if:delete:0").text
    assert rule_of(session, source) == CA
    send(sara, edit(source), page)
    assert rule_of(session, source) is None


def test_a_row_that_is_not_complete_is_not_saved(sara, session, source):
    page = send(sara, edit(source), sara.get(edit(source)).text, do="accept_if:add-rule:").text
    refused = send(sara, edit(source), page)
    assert refused.status_code == 422
    assert 'name="accept_if.0.field"' in refused.text
    assert rule_of(session, source) is None


def test_a_rule_that_cannot_be_drawn_is_kept_as_it_is(sara, session, source):
    source.accept_if = UNDRAWABLE
    session.commit()
    page = sara.get(edit(source)).text
    assert "As JSON" in page
    send(sara, edit(source), page, name="Renamed")
    assert rule_of(session, source) == UNDRAWABLE
    assert source.name == "Renamed"


def test_stored_lists_are_not_offered_where_none_can_be_asked(sara, session, source):
    source.accept_if = {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}
    session.commit()
    page = sara.get(edit(source)).text
    assert 'value="any_of" selected' in page
    assert 'value="in_list"' not in page
    assert "Save as a stored list" not in page


def test_a_new_source_asks_about_the_fields_of_the_flow_that_is_chosen(sara, session, cast):
    documents = {key: solar(fields=[{"key": key, "type": "text"}]) for key in ("roof", "boiler")}
    flows = {key: a_flow(session, cast.sara, name=key, document=document) for key, document in documents.items()}
    session.commit()
    chosen = {key: ids.show(flow.id, "flo") for key, flow in flows.items()}
    page = sara.get(f"/sources/new?flow={chosen['roof']}").text
    page = send(sara, "/sources/new", page, do="accept_if:add-rule:").text
    assert 'value="lead.roof"' in page
    page = send(sara, "/sources/new", page, do="accept_if:draw:", flow=chosen["boiler"]).text
    assert 'value="lead.boiler"' in page
    assert 'value="lead.roof"' not in page


def test_a_rule_that_was_tampered_with_is_that_of_the_source(sara, session, source):
    source.accept_if = CA
    session.commit()
    send(sara, edit(source), sara.get(edit(source)).text, accept_if_was="{", **{"accept_if.0.value": "NV"})
    assert rule_of(session, source) == {"is": [{"var": "lead.state"}, "NV"]}
