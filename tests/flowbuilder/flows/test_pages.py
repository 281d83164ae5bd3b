"""The pages of flows: made from nothing or a document, published, paused, gone back, and closed to strangers."""

import io
import json
import re

import pytest
from sqlalchemy import select

from flowbuilder import clock, ids
from flowbuilder.cap_names import flow_cap_name
from flowbuilder.models import CapWindow, Flow
from rules.windows import window
from tests.support.cast import a_connection, a_flow, a_lead, a_member, a_source
from tests.support.documents import solar
from tests.support.journals import with_lanes
from tests.support.web import post, signed_in


@pytest.fixture
def flow(session, cast):
    made = a_flow(session, cast.sara, document=solar())
    session.commit()
    return made


def address_of(flow, rest=""):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


def publish(client, flow, revision, **sent):
    """Publish a draft as its review does, with everything ticked that it asks to be looked at."""
    seen = client.get(address_of(flow, "/review?impact=now")).text
    live = re.search(r'name="live" value="(\d*)"', seen)
    sent = {"live": live[1] if live else "1", "tick": re.findall(r'name="tick" value="([^"]+)"', seen), **sent}
    return post(client, address_of(flow, "/review"), revision=str(revision), **sent)


def newest_flow(session, member):
    session.rollback()
    session.expire_all()
    return session.scalars(select(Flow).where(Flow.account_id == member.account.id).order_by(Flow.id.desc())).first()


def test_an_account_without_flows_is_told_how_to_begin(sara):
    assert "Make the first flow" in sara.get("/flows").text


def test_a_flow_from_nothing_is_valid_and_can_be_published_at_once(sara, session, cast):
    made = post(sara, "/flows/new", name="California solar", start="nothing")
    flow = newest_flow(session, cast.sara)
    assert made.location == address_of(flow, "/edit")
    assert publish(sara, flow, 1).status_code == 303
    assert "Live: version 1" in sara.get(address_of(flow)).text


def test_a_flow_is_made_from_a_pasted_document(sara, session, cast):
    post(sara, "/flows/new", name="Solar", start="document", pasted=json.dumps(solar()))
    assert newest_flow(session, cast.sara).draft == solar()


def test_a_flow_is_made_from_a_file(sara, session, cast):
    file = (io.BytesIO(json.dumps(solar()).encode()), "solar.json")
    post(sara, "/flows/new", name="Solar", start="document", file=file)
    assert newest_flow(session, cast.sara).draft == solar()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "", "start": "nothing"}, "Give the flow a name."),
        ({"name": "x" * 121, "start": "nothing"}, "Use at most 120 characters."),
        ({"name": "Solar", "start": "document", "pasted": ""}, "Paste a document or choose a file."),
        ({"name": "Solar", "start": "document", "pasted": "[1]"}, "one JSON object"),
        ({"name": "Solar", "start": "document", "pasted": '{"schema": 1,}'}, "The text is not JSON"),
        ({"name": "Solar", "start": "document", "pasted": '{"a": 1, "a": 2}'}, "is there twice"),
    ],
)
def test_what_cannot_be_made_keeps_what_was_typed(sara, session, cast, fields, words):
    refused = post(sara, "/flows/new", **fields)
    assert refused.status_code == 422
    assert words in refused.text
    assert fields["name"] in refused.text
    assert newest_flow(session, cast.sara) is None


@pytest.mark.parametrize(
    ("fallback", "words"),
    [
        ({"id": "end", "do": "hold", "retry_every": "1m", "for_up_to": "3m", "reason": "Nobody"}, "Waits: 2 leads now"),
        ({"id": "end", "do": "reject"}, "Waiting: 2 leads now"),
    ],
)
def test_the_last_card_counts_the_leads_that_wait(sara, session, cast, fallback, words):
    flow = a_flow(session, cast.sara, document=solar(fallback=fallback))
    source = a_source(session, flow)
    for _ in range(2):
        a_lead(session, source, state="waiting", outcome=None, waiting_for="retry")
    session.commit()
    assert words in " ".join(re.sub("<[^>]+>", "", sara.get(address_of(flow)).text).split())


def test_the_rail_shows_lanes_with_their_steps_and_groups_with_their_buyers(sara, session, cast):
    flow = a_flow(
        session,
        cast.sara,
        document=with_lanes(a_connection(session, cast.sara, name="Brightroof"), a_connection(session, cast.sara)),
    )
    session.commit()
    shown = " ".join(re.sub("<[^>]+>", " ", sara.get(address_of(flow)).text).split())
    for words in (
        "Step 1 · Change fields · Tidy up",
        "Step 2 · Split One of 3 lanes, the first that fits Lane 1 West",
        "Lane 1 60% of the leads",
        "Step 4 · Buyer group Offer to 3 buyers in this order, sell to up to 2, at least $30.00 and 20% margin",
        "Brightroof at $42.00, up to 100 a day",
        "0 of 100 today",
        "Declines, fails or full: next buyer",
        "Sunrise Energy at $38.00 Buyer · Evenings",
        "Brightroof at $31.00 Buyer · turned off",
        "Lane 2 Bill is at least 120 Straight on with the next step",
        "Lane 3 Everything else Straight on with the next step",
        "Step 6 · Cap",
    ):
        assert words in shown


def test_what_is_worth_a_look_is_listed_and_does_not_stand_in_the_way(sara, session, cast):
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    document = solar(connection)
    document["steps"].insert(0, {"filter": {"id": "all", "continue_if": True}})
    flow = a_flow(session, cast.sara, document=document, live_version=None)
    session.commit()
    shown = sara.get(address_of(flow)).text
    assert "Worth a look" in shown
    assert '<a href="#step-all">Step 1</a>: This rule is true for every lead, so that it decides nothing.' in shown
    assert publish(sara, flow, 1).status_code == 303


def test_the_rail_tells_each_step_with_its_ways_out(sara, session, cast):
    connection = a_connection(session, cast.sara, tested_at=None)
    flow = a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")))
    session.commit()
    shown = sara.get(address_of(flow)).text
    for words in (
        "Leads arrive",
        "Continue only if State is CA",
        "Otherwise: reject “Not CA solar”",
        "Offer to Sunrise Energy at $42.00",
        "Accepts: sold, stop here",
        "Sunrise Energy has not received a test lead yet.",
        "When nobody takes the lead",
    ):
        assert words in shown


def test_a_limit_shows_how_full_it_is_and_when_it_empties(sara, session, cast):
    connection = a_connection(session, cast.sara)
    flow = a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")))
    starts, ends = window("day", clock.now(), "America/Los_Angeles")
    name = flow_cap_name(flow.id, "s2/day")
    session.add(CapWindow(cap=name, bucket="", starts_at=starts, ends_at=ends, used=63))
    session.commit()
    shown = sara.get(address_of(flow)).text
    assert "63 of 100 today · resets 00:00 Los Angeles" in shown
    assert '<progress value="63" max="100"' in shown


def test_an_import_replaces_the_draft_and_what_is_live_stays(sara, session, flow):
    imported = post(sara, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar(currency="EUR")))
    session.refresh(flow)
    assert imported.status_code == 303
    assert (flow.draft["currency"], flow.draft_revision, flow.live_version) == ("EUR", 2, 1)
    shown = sara.get(address_of(flow)).text
    assert "Draft: changes not live" in shown


def test_a_document_of_another_account_leads_to_where_its_buyer_is_chosen(sara, session, cast, flow):
    foreign = ids.show(a_connection(session, cast.zoe, name="Zoe's buyer").id, "con")
    mine = a_connection(session, cast.sara)
    session.commit()
    post(sara, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar(foreign)))
    shown = sara.get(address_of(flow, "?show=draft")).text.partition("Show as JSON")[0]
    assert "Offer to a connection that is not in this account at $42.00" in shown
    assert "Choose one of yours." in shown
    assert foreign not in shown
    panel = sara.get(address_of(flow, "/edit?step=s2&field=connection")).text
    assert f'<option value="{foreign}" selected>A connection that is not in this account</option>' in panel
    assert f'<option value="{ids.show(mine.id, "con")}">' in panel


def test_an_import_over_somebody_elses_draft_is_stopped_and_kept_in_the_form(sara, session, flow):
    post(sara, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar(currency="EUR")))
    late = post(sara, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar(currency="GBP")))
    session.refresh(flow)
    assert late.status_code == 409
    assert "GBP" in late.text
    assert flow.draft["currency"] == "EUR"
    assert 'name="revision" value="2"' in late.text


def test_problems_of_a_draft_are_listed_with_their_addresses_and_stop_it_going_live(sara, session, flow):
    post(sara, address_of(flow, "/import"), revision="1", pasted='{"schema": 1}')
    shown = sara.get(address_of(flow, "?show=draft")).text
    assert "1 thing to put right" in shown
    assert '<a href="#step-fallback">The end</a>' in shown
    refused = publish(sara, flow, 2)
    session.refresh(flow)
    assert (refused.status_code, flow.live_version) == (422, 1)
    assert "It cannot go live like this" in refused.text


def test_who_publishes_what_they_did_not_see_is_told(sara, session, flow):
    post(sara, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar(currency="EUR")))
    refused = publish(sara, flow, 1)
    assert refused.status_code == 409
    assert "Somebody else changed this draft" in refused.text


def test_going_back_makes_a_new_version_and_is_told(sara, session, flow):
    post(sara, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar(currency="EUR")))
    publish(sara, flow, 2)
    assert "not at what is live" in sara.get(address_of(flow, "/versions/1")).text
    back = post(sara, address_of(flow, "/versions/1/go-back"), live="2")
    session.refresh(flow)
    assert flow.live_version == 3
    assert "Version 3 is live, equal to the one you chose." in sara.get(back.location).text
    assert "Equal to version 1" in sara.get(address_of(flow, "/versions")).text


def test_a_paused_flow_says_so(sara, flow):
    post(sara, address_of(flow, "/pause"))
    assert "Paused: suppliers are told so" in sara.get(address_of(flow)).text
    post(sara, address_of(flow, "/resume"))
    assert "Paused" not in sara.get(address_of(flow)).text


def test_the_document_is_downloaded_as_it_was_written(sara, session, cast):
    document = solar(values={"exact": 650.1})
    flow = a_flow(session, cast.sara, document=document, name="Solar & Söhne")
    session.commit()
    draft, first = sara.get(address_of(flow, "/document.json")), sara.get(address_of(flow, "/document.json?version=1"))
    assert json.loads(draft.text) == json.loads(first.text) == document
    assert '"exact": 650.1' in draft.text
    assert 'filename="solar-sohne-v1.json"' in first.headers["Content-Disposition"]


@pytest.mark.parametrize("rest", ["/versions/2", "/document.json?version=2", "/document.json?version=x", "/nothing"])
def test_a_version_that_is_not_there_is_not_found(sara, flow, rest):
    assert sara.get(address_of(flow, rest)).status_code == 404


def test_the_list_shows_state_and_traffic(sara, session, flow):
    source = a_source(session, flow)
    a_lead(session, source)
    a_lead(session, source, outcome="rejected")
    a_lead(session, source, is_test=True)
    session.commit()
    shown = " ".join(sara.get("/flows").text.split())
    assert "<dt>Leads, 24 h</dt><dd>2</dd>" in shown
    assert "<dt>Sold</dt><dd>50%</dd>" in shown
    assert "<dt>Revenue</dt><dd>$42.00</dd>" in shown
    assert "Leads per hour, last 24 hours: at most 2, 2 in the last hour" in shown


def test_html_in_a_document_is_shown_and_not_run(sara, session, cast):
    evil = "<script>alert(1)</script>"
    document = solar()
    document["steps"][0]["filter"]["reason"] = evil
    flow = a_flow(session, cast.sara, document=document, name=evil)
    session.commit()
    shown = sara.get(address_of(flow)).text
    assert evil not in shown
    assert "&lt;script&gt;alert(1)" in shown


@pytest.mark.parametrize(
    ("role", "may"),
    [("owner", {"import", "publish"}), ("editor", {"import"}), ("publisher", {"publish"}), ("analyst", set())],
)
def test_each_role_may_do_what_it_is_for(app, session, cast, flow, role, may):
    client = signed_in(app, session, a_member(session, cast.sara.account, role=role, person=f"{role} Person"))
    done = {
        "import": post(client, address_of(flow, "/import"), revision="1", pasted=json.dumps(solar())).status_code,
        "publish": publish(client, flow, 2).status_code,
    }
    assert client.get(address_of(flow)).status_code == 200
    assert {name for name, status in done.items() if status != 403} == may
