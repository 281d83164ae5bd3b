"""Going back: the checks that must pass are run on the older version, and told before anything goes live."""

import re

import pytest

from flowbuilder import clock, ids
from flowbuilder.models import FlowVersion
from tests.support.cast import a_check, a_connection, a_flow
from tests.support.documents import solar
from tests.support.web import post

ANA = {"email": "ana@example.com", "phone_1": "+15125550147", "state": "CA"}


@pytest.fixture
def flow(session, cast):
    """Give a flow whose version 1 rejects everybody, and whose version 2 is right."""
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    made = a_flow(session, cast.sara, document=solar(None))
    row = FlowVersion(flow_id=made.id, number=2, document=solar(connection), published_at=clock.now())
    session.add(row)
    made.live_version = 2
    session.commit()
    return made


def must_pass(session, flow):
    """Make a check that a lead from California is sold, which must pass."""
    [connection] = (step["buyer"]["connection"] for step in solar_of(session, flow)["steps"] if "buyer" in step)
    check = a_check(session, flow, lead=ANA, buyers=[connection], must_pass=True)
    session.commit()
    return check


def solar_of(session, flow):
    return session.get_one(FlowVersion, (flow.id, 2)).document


def back(flow):
    return f"/flows/{ids.show(flow.id, 'flo')}/versions/1/go-back"


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_checks_are_run_on_the_older_version_and_told_before_the_second_press(sara, session, flow):
    check = must_pass(session, flow)
    shown = sara.get(back(flow)).text
    assert "Checks on version 1: 0 of 1 pass" in words(shown)
    assert "The check “CA is sold” must pass, and fails on version 1: expected sold" in words(shown)
    assert "Go back to version 1 all the same" in words(shown)
    assert post(sara, back(flow), live="2", fails=str(check.id)).status_code == 303
    session.refresh(flow)
    assert flow.live_version == 3


def test_a_check_that_fails_only_now_is_told_first(sara, session, flow):
    assert "Go back to version 1 now" in words(sara.get(back(flow)).text)
    must_pass(session, flow)
    answer = post(sara, back(flow), live="2")
    assert answer.status_code == 409
    assert "A check that must pass fails on it" in answer.text
    session.refresh(flow)
    assert flow.live_version == 2


def test_a_version_that_cannot_be_live_again_has_no_second_press(sara, session, flow):
    row = session.get_one(FlowVersion, (flow.id, 1))
    row.document = solar("con_00000000000000000000000000")
    session.commit()
    shown = words(sara.get(back(flow)).text)
    assert "It cannot be live again as it is" in shown
    assert "Go back to version 1 now" not in shown
