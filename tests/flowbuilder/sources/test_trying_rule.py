"""A rule in the form of a source is tried on the leads that came last, and counts for none of them yet."""

import pytest

from flowbuilder import ids
from tests.flowbuilder.sources.test_accepting import CA, NOT_CA, edit, rule_of, send
from tests.support.cast import a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.web import HTMX

TRY = "accept_if:try:"


@pytest.fixture
def flow(session, cast):
    return a_flow(session, cast.sara, document=solar())


def a_source_with(session, flow, rule, *states):
    """Make a source with a rule that sent leads from some states."""
    made = a_source(session, flow)
    made.accept_if = rule
    for state in states:
        a_lead(session, made, fields={"state": state})
    session.commit()
    return made


def tried(client, address):
    """Return what the form says once its rule was tried."""
    return " ".join(send(client, address, client.get(address).text, HTMX, do=TRY).text.split())


def test_it_says_how_many_leads_of_the_source_it_takes_and_which(sara, session, flow):
    a_source_with(session, flow, None, "CA", "CA")
    source = a_source_with(session, flow, NOT_CA, "CA", "NV", "TX")
    page = tried(sara, edit(source))
    assert "Tried on the last 3 leads of this source" in page
    assert "<b>2</b> are taken (67%), <b>1</b> is rejected." in page
    assert page.count('target="_blank"') == 3
    assert rule_of(session, source) == NOT_CA


def test_it_is_the_rule_in_the_form_that_is_tried(sara, session, flow):
    source = a_source_with(session, flow, NOT_CA, "CA", "NV", "TX")
    built = send(sara, edit(source), sara.get(edit(source)).text, do=TRY, **{"accept_if.0.op": "is"}).text
    assert "<b>1</b> is taken (33%), <b>2</b> are rejected." in " ".join(built.split())
    assert rule_of(session, source) == NOT_CA


def test_a_source_without_leads_is_tried_on_those_of_its_flow(sara, session, flow):
    a_source_with(session, flow, None, "CA")
    source = a_source_with(session, flow, CA)
    page = tried(sara, edit(source))
    assert f"Tried on the last lead of {flow.name}" in page
    assert "This source has sent none yet." in page


def test_without_any_lead_it_says_so(sara, session, flow):
    source = a_source_with(session, flow, CA)
    assert "No lead has come yet." in tried(sara, edit(source))


def test_a_new_source_tries_its_rule_too(sara, session, flow):
    a_source_with(session, flow, None, "CA")
    address = f"/sources/new?flow={ids.show(flow.id, 'flo')}"
    page = send(sara, address, sara.get(address).text, do="accept_if:add-rule:").text
    page = send(sara, address, page, do="accept_if:draw:", **{"accept_if.0.field": "lead.state"}).text
    typed = {"accept_if.0.op": "is", "accept_if.0.value": "CA"}
    assert "<b>1</b> is taken (100%), <b>0</b> are rejected." in send(sara, address, page, do=TRY, **typed).text


def test_without_a_rule_there_is_nothing_to_try(sara, session, flow):
    assert 'id="rule-tried"' not in sara.get(edit(a_source_with(session, flow, None, "CA"))).text
