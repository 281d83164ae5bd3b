"""Publishing at a time: planned in the review, told on the flow's page, done by the workers' sweep."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from flowbuilder import clock, db, ids
from flowbuilder.models import Audit, FlowVersion, PlannedPublication
from tests.support.cast import a_connection, a_flow, a_member
from tests.support.documents import solar
from tests.support.web import post, signed_in
from workers import crashpoints
from workers.sweep import publish_due


@pytest.fixture
def flow(session, cast):
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    made = a_flow(session, cast.sara, document=solar(connection))
    made.draft = solar(connection, values={"least": 5})
    session.commit()
    return made


@pytest.fixture
def engine(database_url):
    made = db.make_engine(database_url, pool_size=1)
    yield made
    made.dispose()


def address_of(flow, rest=""):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


def seen(client, flow, rest=""):
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(address_of(flow, rest)).text).split())


def plan(client, flow, cast, in_hours=2, **sent):
    """Plan the draft as its review does, by the clock of the account."""
    local = (clock.now() + timedelta(hours=in_hours)).astimezone(ZoneInfo(cast.sara.account.time_zone))
    sent = {"do": "plan", "live": "1", "revision": "1", "at": local.strftime("%Y-%m-%dT%H:%M"), **sent}
    return post(client, address_of(flow, "/review"), **sent)


def planned(session, flow):
    session.rollback()
    session.expire_all()
    return session.get(PlannedPublication, flow.id)


def test_what_was_reviewed_goes_live_then_whatever_becomes_of_the_draft(sara, session, cast, flow, engine):
    reviewed = flow.draft
    assert plan(sara, flow, cast, note="For the weekend").status_code == 303
    assert "A new version goes live" in seen(sara, flow)
    assert "For the weekend" in seen(sara, flow)
    flow.draft = {**reviewed, "values": {"least": 9}}
    session.commit()
    publish_due(engine, clock.now())
    assert planned(session, flow) is not None
    publish_due(engine, clock.now() + timedelta(hours=3))
    assert planned(session, flow) is None
    version = session.get_one(FlowVersion, (flow.id, 2))
    assert (version.document, version.note, version.published_by) == (
        reviewed,
        "For the weekend",
        cast.sara.person.id,
    )
    assert flow.live_version == 2
    assert flow.draft["values"] == {"least": 9}


def test_it_is_taken_back(sara, session, cast, flow, engine):
    plan(sara, flow, cast)
    assert post(sara, address_of(flow, "/review/take-back")).status_code == 303
    assert planned(session, flow) is None
    publish_due(engine, clock.now() + timedelta(hours=3))
    session.expire_all()
    assert flow.live_version == 1
    actions = session.scalars(select(Audit.action).where(Audit.subject == ids.show(flow.id, "flo"))).all()
    assert sorted(actions) == ["flow.plan_taken_back", "flow.planned"]


def test_what_went_live_meanwhile_is_not_overwritten_and_that_is_told(sara, session, cast, flow, engine):
    plan(sara, flow, cast)
    session.add(FlowVersion(flow_id=flow.id, number=2, document=solar(None), published_at=clock.now()))
    flow.live_version = 2
    session.commit()
    publish_due(engine, clock.now() + timedelta(hours=3))
    assert planned(session, flow).problem == "Version 2 went live meanwhile."
    shown = seen(sara, flow)
    assert "did not go live Version 2 went live meanwhile. Review the draft again." in shown
    publish_due(engine, clock.now() + timedelta(hours=4))
    session.expire_all()
    assert flow.live_version == 2


def test_what_has_errors_by_then_does_not_go_live(sara, session, cast, flow, engine):
    plan(sara, flow, cast)
    row = planned(session, flow)
    row.document = solar("con_00000000000000000000000000")
    session.commit()
    publish_due(engine, clock.now() + timedelta(hours=3))
    assert "not in this account" in planned(session, flow).problem
    assert flow.live_version == 1


@pytest.mark.parametrize("at", ["", "soon", "2020-01-01T10:00"])
def test_a_time_that_has_passed_or_is_none_is_refused_and_keeps_what_was_typed(sara, session, cast, flow, at):
    answer = plan(sara, flow, cast, at=at, note="kept")
    assert answer.status_code == 422
    assert "Choose a time that is yet to come" in answer.text
    assert 'value="kept"' in answer.text
    assert planned(session, flow) is None


def test_an_older_draft_is_not_planned(sara, session, cast, flow):
    assert plan(sara, flow, cast, revision="7").status_code == 409
    assert planned(session, flow) is None


def test_an_editor_plans_nothing(app, session, cast, flow):
    editor = a_member(session, cast.sara.account, role="editor")
    session.commit()
    client = signed_in(app, session, editor)
    assert plan(client, flow, cast).status_code == 403
    assert planned(session, flow) is None


@pytest.mark.parametrize(("point", "live"), [("before planned", 1), ("after planned", 2)])
def test_a_worker_that_ends_at_its_commit_leaves_all_or_nothing(
    sara, session, cast, flow, engine, monkeypatch, point, live
):
    def end(at):
        if at == point:
            raise InterruptedError(at)

    plan(sara, flow, cast)
    with monkeypatch.context() as patched:
        patched.setattr(crashpoints, "crashpoint", end)
        with pytest.raises(InterruptedError):
            publish_due(engine, clock.now() + timedelta(hours=3))
    session.expire_all()
    assert flow.live_version == live
    publish_due(engine, clock.now() + timedelta(hours=3))
    session.expire_all()
    assert flow.live_version == 2


def test_home_and_the_list_of_flows_say_that_it_did_not_go_live(sara, session, cast, flow, engine):
    plan(sara, flow, cast)
    row = planned(session, flow)
    row.document = solar("con_00000000000000000000000000")
    session.commit()
    assert "did not go live" not in sara.get("/").text + sara.get("/flows").text
    publish_due(engine, clock.now() + timedelta(hours=3))
    there = f'href="{address_of(flow, "#planned-title")}"'
    home, listed = sara.get("/").text, sara.get("/flows").text
    assert f"{flow.name}: what was planned for" in home
    assert "not in this account" in home
    assert there in home
    assert "Planned, and did not go live" in listed
    assert there in listed
    post(sara, address_of(flow, "/review/take-back"))
    assert "did not go live" not in sara.get("/").text + sara.get("/flows").text
    actions = session.scalars(select(Audit.action).where(Audit.subject == ids.show(flow.id, "flo"))).all()
    assert sorted(actions) == ["flow.plan_failed", "flow.plan_taken_back", "flow.planned"]
