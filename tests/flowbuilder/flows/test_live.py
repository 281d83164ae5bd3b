"""What is live: how far leads came on its rail, its versions beside each other, and the way back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from flowbuilder import clock, ids
from flowbuilder.models import Audit, DraftEdit, FlowVersion, LeadEvent
from tests.support.cast import a_connection, a_flow, a_lead, a_member, a_source
from tests.support.documents import solar
from tests.support.web import post, signed_in

VERSION = re.compile(r"<h2><a [^>]*>Version (\d+)</a>")


@pytest.fixture
def flow(session, cast):
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    made = a_flow(session, cast.sara, document=solar(connection))
    session.commit()
    return made


def address_of(flow, rest=""):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


def seen(client, flow, rest=""):
    """Return what a page says, without tags and line breaks."""
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(address_of(flow, rest)).text).split())


def came_to(session, source, *steps, **values):
    """Make a lead that came as far as the last of these steps."""
    lead = a_lead(session, source, **values)
    for seq, step in enumerate(("intake", *steps), 1):
        event = LeadEvent(lead_id=lead.id, run=1, seq=seq, effect="note", step=step, asks={}, result={}, at=clock.now())
        session.add(event)
    session.flush()
    return lead


def a_version(session, flow, number, document, **values):
    """Make another version and let it be live."""
    row = FlowVersion(flow_id=flow.id, number=number, document=document, published_at=clock.now(), **values)
    session.add(row)
    flow.live_version = number
    session.commit()


def test_a_flow_that_nobody_posts_to_says_what_comes_next(app, sara, session, cast, flow):
    shown_id = ids.show(flow.id, "flo")
    assert "Nobody can post to it yet. Add a source : an address and a key for a supplier." in seen(sara, flow)
    assert f'href="/sources/new?flow={shown_id}"' in sara.get(address_of(flow)).text
    tom = signed_in(app, session, cast.tom)
    assert "Ask an owner or an editor to add a source." in seen(tom, flow)
    a_source(session, flow)
    session.commit()
    assert "Nobody can post to it yet" not in seen(sara, flow)


def test_counts_stand_between_the_cards_and_open_their_leads(sara, session, cast, flow):
    source = a_source(session, flow)
    rejected = came_to(session, source, "s1", outcome="rejected", reason="Not CA solar")
    sold = [came_to(session, source, "s1", "s2") for _ in range(2)]
    came_to(session, source, "s1", "s2", "end", outcome="rejected")
    came_to(session, source, "s1", "s2", is_test=True)
    session.commit()
    shown = seen(sara, flow)
    assert "4 arrived, 2 sold" in shown
    assert "4 went on" in shown
    assert "3 went on 1 rejected" in shown
    assert "1 went on 2 sold" in shown
    beyond = sara.get(address_of(flow, "/passed/s1")).text
    assert all(ids.show(lead.id) in beyond for lead in sold)
    assert ids.show(rejected.id) not in beyond
    assert ids.show(rejected.id) in sara.get(address_of(flow, "/passed/intake")).text


def test_a_period_counts_what_came_in_it(sara, session, cast, flow):
    source = a_source(session, flow)
    came_to(session, source, "s1", "s2", id=ids.first_id_at(clock.now() - timedelta(days=3)))
    session.commit()
    assert "0 arrived" in seen(sara, flow, "?period=24h")
    assert "1 arrived, 1 sold" in seen(sara, flow, "?period=7d")
    assert "0 arrived" in seen(sara, flow, "?period=forever")


def test_what_is_live_stands_apart_from_a_draft_that_is_not(sara, session, flow):
    flow.draft = solar(None)
    session.commit()
    shown = seen(sara, flow)
    assert "You are looking at version 1 (live). A draft with 1 change exists" in shown
    assert "Offer to Sunrise Energy" in shown
    draft = seen(sara, flow, "?show=draft")
    assert "You are looking at the draft. Version 1 is live" in draft
    assert "Offer to Sunrise Energy" not in draft


def test_versions_tell_what_each_changed_and_what_came_of_it(sara, session, cast, flow):
    came_to(session, a_source(session, flow), "s1", "s2")
    a_version(session, flow, 2, solar(None), note="No buyer for now")
    shown = seen(sara, flow, "/versions")
    assert "Version 2 Live" in shown
    assert "No buyer for now" in shown
    assert "1 buyer" in shown
    assert "Leads 1 Sold 100%" in shown
    compared = seen(sara, flow, "/versions/1/compare")
    assert "Version 1 → version 2 (live)" in compared
    assert "Sunrise Energy" in compared


def test_versions_come_in_pages_newest_first(sara, session, flow):
    for number in range(2, 33):
        a_version(session, flow, number, solar(None))
    shown = sara.get(address_of(flow, "/versions")).text
    assert VERSION.findall(shown) == [str(number) for number in range(32, 2, -1)]
    assert f'href="{address_of(flow, "/versions?below=3")}">Show older versions' in shown
    older = sara.get(address_of(flow, "/versions?below=3")).text
    assert VERSION.findall(older) == ["2", "1"]
    assert ("first version" in older, "Show older versions" in older, "Show the newest" in older) == (True, False, True)
    assert "no versions before version 1" in seen(sara, flow, "/versions?below=1")
    assert sara.get(address_of(flow, "/versions?below=x")).status_code == 404


def test_the_way_back_is_two_presses_and_named(sara, session, flow):
    first = flow.draft
    a_version(session, flow, 2, solar(None))
    assert f'href="{address_of(flow, "/versions/1/go-back")}"' in sara.get(address_of(flow)).text
    asked = seen(sara, flow, "/versions/1/go-back")
    assert "Version 3 becomes live, equal to version 1" in asked
    assert post(sara, address_of(flow, "/versions/1/go-back"), live="2").status_code == 303
    session.expire_all()
    assert flow.live_version == 3
    assert session.get_one(FlowVersion, (flow.id, 3)).document == first
    shown = seen(sara, flow, "?done=went-back")
    assert "Version 3 is live, equal to the one you chose." in shown
    assert "Go back to" not in shown


def test_who_went_live_meanwhile_is_not_gone_back_from_unseen(sara, session, flow):
    a_version(session, flow, 2, solar(None))
    a_version(session, flow, 3, {**solar(None), "values": {"least": 5}})
    answer = post(sara, address_of(flow, "/versions/1/go-back"), live="2")
    assert answer.status_code == 409
    assert "Version 3 went live since you opened this page." in answer.text
    assert "Version 4 becomes live" in answer.text
    session.expire_all()
    assert flow.live_version == 3


def test_who_may_not_publish_cannot_go_back_and_strangers_see_nothing(app, session, cast, flow):
    a_version(session, flow, 2, solar(None))
    editor = a_member(session, cast.sara.account, role="editor")
    session.commit()
    client = signed_in(app, session, editor)
    assert "Go back to" not in seen(client, flow)
    assert post(client, address_of(flow, "/versions/1/go-back"), live="2").status_code == 403
    stranger = signed_in(app, session, cast.zoe)
    for rest in ("/versions", "/versions/1/compare", "/versions/1/go-back", "/passed/s1"):
        assert stranger.get(address_of(flow, rest)).status_code == 404


def test_a_version_is_used_as_the_draft_and_that_can_be_undone(sara, session, flow):
    before = flow.draft
    a_version(session, flow, 2, solar(None))
    answer = post(sara, address_of(flow, "/versions/2/use"))
    assert answer.location == address_of(flow, "/edit")
    session.expire_all()
    assert flow.draft == solar(None)
    [edit] = session.scalars(select(DraftEdit).where(DraftEdit.flow_id == flow.id))
    assert (edit.name, edit.before) == ("use version 2 as the draft", before)
    assert session.scalar(select(Audit.action).where(Audit.subject == ids.show(flow.id, "flo"))) == "flow.version_used"


def test_what_happened_since_publishing_is_told_for_an_hour(sara, session, cast, flow):
    a_version(session, flow, 2, flow.draft)
    came_to(session, a_source(session, flow), "s1", "s2", version=2)
    session.commit()
    assert re.search(r"What happened since version 2 went live, .* 1 arrived, 1 sold", seen(sara, flow))
    session.get_one(FlowVersion, (flow.id, 2)).published_at = clock.now() - timedelta(minutes=61)
    session.commit()
    assert "What happened since" not in seen(sara, flow)
