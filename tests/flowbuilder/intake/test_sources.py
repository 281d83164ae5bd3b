"""What the sellers change about a flow and its sources counts within two seconds."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import db, keys
from flowbuilder.intake.refused import Refused
from flowbuilder.intake.sources import IN_USE_FOR, KEPT_FOR, Sources
from flowbuilder.intake.store import Database
from tests.support.cast import a_flow, a_seller
from tests.support.supplier import DOCUMENT, LEAD, Rows, Supplier, a_supplier


class Watch:
    """A clock that stands still until it is moved, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Counting(Database):
    """A database that counts how often it is asked, and can be away."""

    asked = 0
    is_away = False

    def all(self, *statement, **values):
        self.asked += 1
        if self.is_away:
            raise Refused(503, ())
        return super().all(*statement, **values)


@pytest.fixture
def database(database_url: str):
    """Give a counting database."""
    engine = db.make_engine(database_url, pool_size=1)
    yield Counting(engine)
    engine.dispose()


def soon(question: Callable[[], bool]) -> bool:
    """Ask again and again: what is kept is kept for two seconds, and a busy machine takes its time."""
    ends_at = time.monotonic() + 15
    while time.monotonic() < ends_at:
        if question():
            return True
        time.sleep(0.05)
    return False


def test_a_revoked_key_is_refused_soon(supplier: Supplier, rows: Rows):
    assert supplier.post().status_code == 202
    given = keys.read_key(supplier.key)
    assert given
    rows.all("UPDATE source_key SET revoked_at = now() WHERE id = %(id)s RETURNING id", id=given.id)
    assert soon(lambda: supplier.post().status_code == 401)


def test_a_published_version_counts_soon(supplier: Supplier, rows: Rows):
    assert supplier.post().status_code == 202
    statement = """
        WITH newer AS (
            INSERT INTO flow_version (flow_id, number, document, published_at)
            SELECT flow_id, 2, replace(document::text, 'first_name', 'last_name')::json, now()
            FROM flow_version WHERE flow_id = %(id)s RETURNING flow_id)
        UPDATE flow SET live_version = 2 WHERE id = %(id)s RETURNING id"""
    rows.all(statement, id=supplier.flow.id)
    assert soon(lambda: supplier.post({**LEAD, "last_name": "Silva"}).json["ignored"] == [])
    assert rows.leads(supplier)[-1]["version"] == 2


def test_a_flow_is_found_soon_after_its_first_publication(intake: Flask, session: Session, rows: Rows):
    supplier = a_supplier(intake, session, flow=a_flow(session, a_seller(session), document=DOCUMENT))
    rows.all("UPDATE flow SET live_version = NULL WHERE id = %(id)s RETURNING id", id=supplier.flow.id)
    assert supplier.post().status_code == 404
    rows.all("UPDATE flow SET live_version = 1 WHERE id = %(id)s RETURNING id", id=supplier.flow.id)
    assert soon(lambda: supplier.post().status_code == 202)


def test_a_source_is_looked_up_once_a_second_and_its_document_read_once(supplier: Supplier, database: Counting):
    watch = Watch()
    sources = Sources(database, clock=watch)
    for _ in range(100):
        sources.find(supplier.flow.key, supplier.source.key)
    assert database.asked == 2
    watch.seconds += 1.1
    for _ in range(100):
        sources.find(supplier.flow.key, supplier.source.key)
    assert database.asked == 3


def test_sources_in_use_are_looked_at_together(intake: Flask, session: Session, database: Counting):
    owner = a_seller(session)
    suppliers = [a_supplier(intake, session, flow=a_flow(session, owner, document=DOCUMENT)) for _ in range(4)]
    watch = Watch()
    sources = Sources(database, clock=watch)

    def find(*these: Supplier) -> int:
        before = database.asked
        found = [sources.find(one.flow.key, one.source.key).source_id for one in these]
        assert found == [one.source.id for one in these]
        return database.asked - before

    assert find(*suppliers) == 8
    watch.seconds += 0.7
    assert find(*suppliers) == 0
    watch.seconds += 0.4
    assert find(*suppliers) == 1
    watch.seconds += 1.1
    assert find(*suppliers[:2]) == 1
    watch.seconds += 2.5
    assert find(*suppliers) == 1
    watch.seconds += IN_USE_FOR + 1  # What nobody uses any more is looked at when it is used again.
    assert find(*suppliers) == 4


def test_what_changes_in_one_of_many_sources_counts(intake: Flask, session: Session, database: Counting, rows: Rows):
    owner = a_seller(session)
    flows = [a_flow(session, owner, document=DOCUMENT) for _ in range(3)]
    kept, closed, renamed = (a_supplier(intake, session, flow=flow) for flow in flows)
    watch = Watch()
    sources = Sources(database, clock=watch)
    before = [sources.find(one.flow.key, one.source.key) for one in (kept, closed, renamed)]
    rows.all("UPDATE flow SET live_version = NULL WHERE id = %(id)s RETURNING id", id=closed.flow.id)
    rows.all("UPDATE source SET needs_key = NOT needs_key WHERE id = %(id)s RETURNING id", id=renamed.source.id)
    watch.seconds += 1.1
    assert sources.find(kept.flow.key, kept.source.key) is before[0]
    assert sources.find(renamed.flow.key, renamed.source.key).needs_key is not before[2].needs_key
    with pytest.raises(Refused) as refused:
        sources.find(closed.flow.key, closed.source.key)
    assert refused.value.status == 404


def test_a_source_that_does_not_exist_is_looked_up_once_a_second(database: Counting):
    sources = Sources(database, clock=Watch())
    for _ in range(100):
        with pytest.raises(Refused):
            sources.find("nobody", "nobody")
    assert database.asked == 1


def test_what_is_kept_does_not_outlive_its_time_when_the_database_is_away(supplier: Supplier, database: Counting):
    watch = Watch()
    sources = Sources(database, clock=watch)
    sources.find(supplier.flow.key, supplier.source.key)
    database.is_away = True
    watch.seconds += 1.1
    with pytest.raises(Refused):  # the one request that looks again
        sources.find(supplier.flow.key, supplier.source.key)
    sources.find(supplier.flow.key, supplier.source.key)
    watch.seconds += KEPT_FOR
    with pytest.raises(Refused) as refused:
        sources.find(supplier.flow.key, supplier.source.key)
    assert refused.value.status == 503


def test_a_version_that_cannot_be_read_is_503_and_loses_nothing(intake: Flask, session: Session):
    flow = a_flow(session, a_seller(session), document={"schema": 7})
    answer = a_supplier(intake, session, flow=flow).post()
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (503, "flow_not_readable")


def test_a_version_that_cannot_be_read_stands_in_nobody_elses_way(
    intake: Flask, session: Session, database: Counting, rows: Rows
):
    owner = a_seller(session)
    kept, broken = (a_supplier(intake, session, flow=a_flow(session, owner, document=DOCUMENT)) for _ in range(2))
    watch = Watch()
    sources = Sources(database, clock=watch)
    for one in (kept, broken):
        sources.find(one.flow.key, one.source.key)
    statement = """
        WITH newer AS (
            INSERT INTO flow_version (flow_id, number, document, published_at)
            VALUES (%(id)s, 2, '{"schema": 7}', now()) RETURNING flow_id)
        UPDATE flow SET live_version = 2 WHERE id = %(id)s RETURNING id"""
    rows.all(statement, id=broken.flow.id)
    watch.seconds += 1.1
    assert sources.find(kept.flow.key, kept.source.key).source_id == kept.source.id
    watch.seconds += KEPT_FOR
    with pytest.raises(Refused) as refused:
        sources.find(broken.flow.key, broken.source.key)
    assert refused.value.status == 503
