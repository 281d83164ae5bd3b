"""Leads that wait on an older version: the review and going back ask about them, only where it matters to them."""

import copy
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from flowbuilder import clock, db, ids
from flowbuilder.flows import in_flight
from flowbuilder.flows.in_flight import Waits
from flowbuilder.models import Audit, FlowVersion, Lead, PlannedPublication
from tests.support.cast import a_connection, a_flow, a_lead, a_source, an_event, an_offer
from tests.support.documents import solar
from tests.support.web import post, signed_in
from workers.sweep import publish_due

HOLD = {"id": "end", "do": "hold", "retry_every": "1h", "reason": "No buyer available"}


@pytest.fixture
def sara(app, session, cast):
    return signed_in(app, session, cast.sara)


@pytest.fixture
def buyer(session, cast):
    return a_connection(session, cast.sara)


@pytest.fixture
def flow(session, cast, buyer):
    """Give a flow whose draft pays less than version 1, which is live."""
    made = a_flow(session, cast.sara, document=solar(ids.show(buyer.id, "con"), fallback=HOLD))
    made.draft = copy.deepcopy(made.draft)
    made.draft["steps"][1]["buyer"]["price"] = 41
    session.commit()
    return made


@pytest.fixture
def source(session, flow):
    made = a_source(session, flow)
    session.commit()
    return made


def waiting(session, source, *, asks=None, **values):
    """Make a lead that waits at the end of its flow."""
    open_lead = {"state": "waiting", "outcome": None, "waiting_for": "retry", "revenue": 0, "cost": 0}
    due = {"finished_at": None, "due_at": clock.now() + timedelta(hours=1)}
    lead = a_lead(session, source, **(open_lead | due | values))
    asked = {"until": lead.due_at.isoformat(), "for": "retry", "reason": "No buyer available"}
    an_event(session, lead, seq=1, step="intake", effect="hold", asks=asked, result=None, done_at=None)
    session.commit()
    return lead


def at(flow, rest="/review"):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


def seen(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def publish(client, flow, **sent):
    """Publish the draft as its review does, with a tick for each thing to look at."""
    ticks = re.findall(r'name="tick" value="([^"]+)"', client.get(at(flow, "/review?impact=now")).text)
    return post(client, at(flow), revision="1", live=str(flow.live_version), tick=ticks, **sent)


def told(session, *leads):
    """Return what workers are to do with some leads."""
    session.rollback()
    session.expire_all()
    rows = [session.get_one(Lead, lead.id).instruction for lead in leads]
    return [row and (row["do"], row["version"], row["by"]) for row in rows]


def audited(session, flow):
    wanted = select(Audit).where(Audit.subject == ids.show(flow.id, "flo")).order_by(Audit.id)
    return [(row.action, row.detail) for row in session.scalars(wanted)]


def test_the_review_asks_and_they_finish_where_they_are_unless_somebody_says_otherwise(sara, session, flow, source):
    leads = [waiting(session, source) for _ in range(2)]
    shown = seen(sara.get(at(flow, "/review?impact=now")))
    assert "2 leads wait in version 1" in shown
    assert "Let them finish there Start them again in version 2" in shown
    assert publish(sara, flow).status_code == 303
    assert told(session, *leads) == [None, None]
    assert [action for action, _ in audited(session, flow)] == ["flow.published"]


def test_they_are_started_again_where_that_is_chosen(sara, session, cast, flow, source):
    leads = [waiting(session, source) for _ in range(2)]
    answer = publish(sara, flow, waiting="start_again")
    dana = ids.show(cast.sara.person.id)
    assert told(session, *leads) == [("start_again", 2, dana)] * 2
    assert all(session.get_one(Lead, lead.id).due_at <= clock.now() for lead in leads)
    assert audited(session, flow)[-1] == ("flow.started_again", {"version": 2, "leads": 2})
    assert "Version 2 is live. 2 leads that waited are started again in it." in seen(sara.get(answer.location))


def test_nothing_is_asked_where_it_makes_no_difference_to_them(sara, session, flow, source):
    lead = waiting(session, source)
    flow.draft = copy.deepcopy(flow.draft)
    flow.draft["steps"][1]["buyer"] |= {"price": 42, "name": "Sunrise of California"}
    session.commit()
    assert "wait in version" not in seen(sara.get(at(flow, "/review?impact=now")))
    publish(sara, flow, waiting="start_again")
    assert told(session, lead) == [None]
    assert [action for action, _ in audited(session, flow)] == ["flow.published"]


@pytest.mark.parametrize(
    "values",
    [
        {"is_test": True},
        {"kind": "ping", "waiting_for": "post"},
        {"pinged": {"fields": {}, "posted": {}, "invalid": []}},
        {"instruction": {"id": "x", "do": "reject", "reason": "Old"}},
        {"state": "working", "waiting_for": None},
    ],
    ids=["a test", "a ping", "a price was promised", "somebody decides about it", "a worker has it"],
)
def test_leads_that_have_something_else_before_them_do_not_count(session, flow, source, values):
    waiting(session, source, **values)
    assert in_flight.waiting_on(session, flow, flow.draft) == Waits()


@pytest.mark.parametrize("state", ["reserved", "sending", "unknown", "accepted"])
def test_leads_that_a_buyer_has_or_may_have_do_not_count(session, flow, source, buyer, state):
    an_offer(session, waiting(session, source), buyer, state=state, finished_at=None)
    session.commit()
    assert in_flight.waiting_on(session, flow, flow.draft) == Waits()


def test_leads_of_several_versions_are_told_with_their_versions(session, flow, source):
    session.add(FlowVersion(flow_id=flow.id, number=2, document=flow.draft, published_at=clock.now()))
    session.commit()
    for version in (1, 1, 2):
        waiting(session, source, version=version)
    document = copy.deepcopy(flow.draft)
    document["steps"][1]["buyer"]["price"] = 43
    assert in_flight.waiting_on(session, flow, document) == Waits(3, (1, 2))
    assert in_flight.waiting_on(session, flow, flow.draft) == Waits(2, (1,))


def test_leads_of_other_flows_are_left_alone(sara, session, cast, flow, source):
    other = a_flow(session, cast.sara, document=flow.draft, name="Another")
    theirs = waiting(session, a_source(session, other))
    own = waiting(session, source)
    publish(sara, flow, waiting="start_again")
    assert told(session, theirs) == [None]
    assert told(session, own)[0][:2] == ("start_again", 2)


def test_going_back_asks_too(sara, session, flow, source):
    publish(sara, flow)
    lead = waiting(session, source, version=2)
    page = sara.get(at(flow, "/versions/1/go-back"))
    assert "1 lead waits in version 2" in seen(page)
    answer = post(sara, at(flow, "/versions/1/go-back"), live="2", waiting="start_again")
    assert told(session, lead)[0][:2] == ("start_again", 3)
    assert "1 lead that waited is started again in it." in seen(sara.get(answer.location))
    assert [action for action, _ in audited(session, flow)][-2:] == ["flow.went_back", "flow.started_again"]


def test_what_is_planned_keeps_the_answer(sara, session, cast, flow, source, database_url):
    local = (clock.now() + timedelta(hours=2)).astimezone(ZoneInfo(cast.sara.account.time_zone))
    publish(sara, flow, do="plan", at=local.strftime("%Y-%m-%dT%H:%M"), waiting="start_again")
    session.rollback()
    assert session.get_one(PlannedPublication, flow.id).start_again
    assert "Leads that wait then are started again in it" in seen(sara.get(at(flow, "")))
    lead = waiting(session, source)
    engine = db.make_engine(database_url, pool_size=1)
    assert publish_due(engine, clock.now() + timedelta(hours=3))
    engine.dispose()
    assert told(session, lead) == [("start_again", 2, ids.show(cast.sara.person.id))]
    assert audited(session, flow)[-1] == ("flow.started_again", {"version": 2, "leads": 1})


def test_the_lead_tells_who_had_it_started_again_and_each_run_in_its_own_version(sara, session, cast, flow, source):
    publish(sara, flow)
    lead = waiting(session, source, version=2, run=2)
    asked = {"accepted": True, "reason": None, "caps": [], "duplicates": None}
    taken_in = {"outcome": "passed", "source": {}}
    an_event(session, lead, seq=0, step="intake", effect="intake", asks=asked, result=taken_in, outcome="passed", run=1)
    left = {"version": 2, "by": ids.show(cast.sara.person.id)}
    result = {"from": 1, "asked_before": {}}
    an_event(
        session, lead, seq=2, step="intake", effect="start_again", asks=left, result=result, outcome="passed", run=1
    )
    session.commit()
    shown = seen(sara.get(f"/leads/{ids.show(lead.id)}"))
    assert f"Started again in version 2, asked for by {cast.sara.person.name}" in shown
