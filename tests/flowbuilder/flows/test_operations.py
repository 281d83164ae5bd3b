"""Two people at once: one draft is saved, every version has its own number, and nothing is overwritten unseen."""

import threading

import pytest
from sqlalchemy import func, select

from flowbuilder import clock, db
from flowbuilder.audit import Actor
from flowbuilder.flows import operations
from flowbuilder.flows.operations import NewerDraft
from flowbuilder.models import Flow, FlowVersion
from rules.flow import parse_flow
from rules.starters import first_document
from tests.support.cast import a_flow
from tests.support.documents import solar

AT_ONCE = 6


@pytest.fixture
def sessions(database_url):
    engine = db.make_engine(database_url, pool_size=AT_ONCE)
    yield db.make_sessions(engine)
    engine.dispose()


def at_once(sessions, flow_id, act):
    """Run `act(session, flow)` on several sessions that begin together; return what each gave or raised."""
    gate, results = threading.Barrier(AT_ONCE), []

    def run():
        with sessions() as session:
            flow = session.get_one(Flow, flow_id)
            gate.wait()
            try:
                results.append(act(session, flow))
                session.commit()
            except NewerDraft as refused:
                results.append(refused)

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_several_who_save_the_same_draft_one_does(session, cast, sessions):
    flow = a_flow(session, cast.sara, document=solar())
    session.commit()
    results = at_once(
        sessions,
        flow.id,
        lambda its, row: operations.save_draft(
            session=its,
            actor=Actor(account_id=row.account_id),
            flow=row,
            document=solar(currency="EUR"),
            revision=1,
            now=clock.now(),
        ),
    )
    assert sorted(type(result).__name__ for result in results) == ["NewerDraft"] * (AT_ONCE - 1) + ["NoneType"]
    session.refresh(flow)
    assert flow.draft_revision == 2


def test_several_who_publish_at_once_get_numbers_of_their_own(session, cast, sessions):
    flow = a_flow(session, cast.sara, document=solar())
    session.commit()
    actor = Actor(cast.sara.account.id, cast.sara.person.id)
    results = at_once(
        sessions,
        flow.id,
        lambda its, row: operations.publish_flow(session=its, actor=actor, flow=row, now=clock.now()).version.number,
    )
    assert sorted(results) == list(range(2, AT_ONCE + 2))
    count = select(func.count()).where(FlowVersion.flow_id == flow.id)
    assert session.scalar(count) == AT_ONCE + 1


@pytest.mark.parametrize(("currency", "zone"), [("USD", "America/Los_Angeles"), ("JPY", "Asia/Tokyo")])
def test_the_first_document_is_valid(currency, zone):
    flow, problems = parse_flow(first_document(currency=currency, time_zone=zone))
    assert problems == []
    assert flow.fallback.do == "reject"


def test_a_version_that_is_not_there_cannot_be_gone_back_to(session, cast):
    flow = a_flow(session, cast.sara, document=solar())
    actor = Actor(cast.sara.account.id)
    with pytest.raises(operations.NoSuchVersion):
        operations.go_back(session=session, actor=actor, flow=flow, number=7, now=clock.now())


def test_what_is_only_found_since_does_not_stand_in_the_way_back(session, cast):
    both = {"and": [{"is": [{"var": "lead.state"}, state]} for state in ("CA", "NV")]}
    document = solar(steps=[{"filter": {"id": "s1", "continue_if": both}}])
    flow = a_flow(session, cast.sara, document=document)
    how = {"session": session, "actor": Actor(cast.sara.account.id), "flow": flow, "now": clock.now()}
    published = operations.publish_flow(**how)
    assert published.version is None
    assert [problem.code for problem in published.problems if problem.severity == "error"] == ["contradiction"]
    assert operations.go_back(**how, number=1).version.number == 2
