"""A flow without steps begins with a starter from its editor; one with steps does not."""

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.models import Flow
from rules.editing import NotPossible
from rules.editing.starting import begin_with
from rules.starters import STARTER, STARTERS
from tests.support.cast import a_flow, a_member
from tests.support.documents import solar
from tests.support.web import post, signed_in


@pytest.fixture
def empty(session, cast):
    made = a_flow(session, cast.sara, live_version=None)
    session.commit()
    return made


def address_of(flow, rest):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.key)
def test_a_flow_without_steps_begins_with_a_starter(app, session, cast, empty, starter):
    sara = signed_in(app, session, cast.sara)
    assert starter.about in sara.get(address_of(empty, "/edit")).text
    done = post(sara, address_of(empty, "/draft/start"), starter=starter.key, revision="1", page="p1")
    session.rollback()
    session.expire_all()
    draft = session.scalars(select(Flow.draft).where(Flow.id == empty.id)).one()
    assert done.location == address_of(empty, "/edit?step=s1")
    assert draft["steps"] == starter.make()
    assert any(field["key"] == "state" for field in draft["fields"]) == starter.needs_state
    assert f"Undo: begin with “{starter.name}”" in sara.get(address_of(empty, "/edit")).text


def test_a_flow_with_steps_keeps_them(app, session, cast):
    flow = a_flow(session, cast.sara, document=solar())
    session.commit()
    sara = signed_in(app, session, cast.sara)
    assert 'id="starters"' not in sara.get(address_of(flow, "/edit")).text
    refused = post(sara, address_of(flow, "/draft/start"), starter="one_buyer", revision="1", page="p1")
    assert refused.status_code == 409
    with pytest.raises(NotPossible):
        begin_with(STARTER["one_buyer"])(flow.draft)


def test_only_who_may_edit_begins(app, session, cast, empty):
    analyst = signed_in(app, session, a_member(session, cast.sara.account, role="analyst"))
    assert 'id="starters"' not in analyst.get(address_of(empty, "/edit")).text
    assert post(analyst, address_of(empty, "/draft/start"), starter="one_buyer").status_code == 403
