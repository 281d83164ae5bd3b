"""The editor after a version went live: who made it live, what it changed, and the way back."""

from datetime import timedelta

import pytest

from flowbuilder import clock, ids
from flowbuilder.models import FlowVersion
from tests.support.cast import a_connection, a_flow, a_member
from tests.support.documents import solar
from tests.support.web import HTMX, signed_in


@pytest.fixture
def flow(session, cast):
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    made = a_flow(session, cast.sara, document=solar(connection))
    session.commit()
    return made


def editor(flow):
    return f"/flows/{ids.show(flow.id, 'flo')}/edit"


def state(flow, live):
    """Return what a page asks again and again that shows the draft of now, and a version as live."""
    return f"/flows/{ids.show(flow.id, 'flo')}/draft/state?revision={flow.draft_revision}&others=&live={live}"


def go_live(session, flow, by, at=None):
    """Let version 2 be live."""
    row = FlowVersion(flow_id=flow.id, number=2, document=solar(None), published_at=at or clock.now())
    row.published_by = by.person.id
    session.add(row)
    flow.live_version = 2
    session.commit()


def test_what_went_live_is_said_for_an_hour_with_the_way_back(sara, session, cast, flow):
    go_live(session, flow, cast.sara)
    shown = sara.get(editor(flow)).text
    assert "Version 2 is now live (Sara" in shown
    assert f'href="/flows/{ids.show(flow.id, "flo")}/versions/1/go-back">Go back to version 1</a>' in shown
    flow.state = "paused"
    session.commit()
    assert "Version 2 was published (Sara" in sara.get(editor(flow)).text
    session.get_one(FlowVersion, (flow.id, 2)).published_at = clock.now() - timedelta(hours=2)
    session.commit()
    assert "was published" not in sara.get(editor(flow)).text


def test_who_may_not_publish_reads_what_changed_and_no_way_back(app, session, cast, flow):
    editor_of_it = a_member(session, cast.sara.account, role="editor")
    go_live(session, flow, cast.sara)
    shown = signed_in(app, session, editor_of_it).get(editor(flow)).text
    assert "Version 2 is now live" in shown
    assert "See what changed" in shown
    assert "Go back to version" not in shown


def test_an_open_page_is_told_that_somebody_made_a_version_live(sara, session, cast, flow):
    sara.get(editor(flow))
    assert sara.get(state(flow, 1), headers=HTMX).status_code == 204
    go_live(session, flow, a_member(session, cast.sara.account, role="publisher", person="Dana Deputy"))
    told = sara.get(state(flow, 1), headers=HTMX).text
    assert "Version 2 is now live (Dana Deputy" in told
    assert '<input type="hidden" name="live" value="2">' in told
    assert sara.get(state(flow, 2), headers=HTMX).status_code == 204
