"""The database or the queue is away: what is answered 2xx is stored, and nothing that was stored is stranded."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import db, embedded
from flowbuilder.config import Settings, settings
from tests.support.supplier import LEAD, Rows, Supplier, a_supplier, a_worker, intake_app

AWAY = (
    '{"outcome":"error","status":"error","errors":[{"field":null,"code":"not_stored",'
    '"message":"The database is away, and nobody can say if the lead is stored. '
    'Post it again with the same Idempotency-Key: it counts once."}],"lead":null}'
)


@pytest.fixture
def own_settings(own_servers: embedded.Servers) -> Settings:
    """Give settings that point to servers which this test may stop."""
    db.migrate(own_servers.database_url)
    urls = {"database_url": own_servers.database_url, "redis_url": own_servers.redis_url}
    return replace(settings(), **urls, web_threads=64)


@pytest.fixture
def own_app(own_settings: Settings) -> Iterator[Flask]:
    """Give an app of the test's own."""
    with intake_app(own_settings) as app:
        yield app


@pytest.fixture
def own_supplier(own_app: Flask, own_settings: Settings) -> Supplier:
    """Give a supplier of the test's own."""
    engine = db.make_engine(own_settings.database_url, pool_size=1)
    with Session(engine, expire_on_commit=False) as session:
        made = a_supplier(own_app, session)
    engine.dispose()
    return made


def test_while_valkey_is_away_leads_are_stored_and_answers_are_found_by_looking(
    own_supplier: Supplier, own_servers: embedded.Servers, eventually
):
    rows = Rows(own_servers.database_url)
    own_servers.valkey.stop()
    assert own_supplier.post().status_code == 202
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(own_supplier.post, wait=25) for _ in range(8)]
        eventually(lambda: len(rows.leads(own_supplier)) == 9)
        finished_at = time.monotonic()
        rows.finish()
        assert {answer.result().status_code for answer in waiting} == {201}
        assert time.monotonic() - finished_at < 15
    rows.close()


def test_once_valkey_is_back_answers_come_by_message_again(own_supplier: Supplier, own_servers: embedded.Servers):
    own_servers.valkey.stop()
    assert own_supplier.post(wait=1).status_code == 202
    own_servers.valkey.start()
    with a_worker(own_servers.database_url, own_servers.redis_url):
        assert own_supplier.post(wait=25).status_code == 201


def test_while_the_database_is_away_a_post_is_503_and_never_2xx(own_supplier: Supplier, own_servers: embedded.Servers):
    assert own_supplier.post().status_code == 202
    own_servers.postgres.stop()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: own_supplier.post(wait=25), range(16)))
    assert {answer.status_code for answer in answers} == {503}
    assert {(answer.headers["Retry-After"], answer.text) for answer in answers} == {("5", AWAY)}
    assert LEAD["email"] not in answers[0].text


def test_once_the_database_is_back_the_first_post_is_taken(own_supplier: Supplier, own_servers: embedded.Servers):
    assert own_supplier.post().status_code == 202
    own_servers.postgres.stop()
    own_servers.postgres.start()
    assert own_supplier.post().status_code == 202
    rows = Rows(own_servers.database_url)
    assert len(rows.leads(own_supplier)) == 2
    rows.close()


def test_a_lead_that_is_stored_is_answered_202_when_the_database_goes_away_meanwhile(
    own_supplier: Supplier, own_servers: embedded.Servers, eventually
):
    rows = Rows(own_servers.database_url)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(own_supplier.post, wait=4)
        eventually(lambda: rows.leads(own_supplier))
        rows.close()
        own_servers.postgres.stop()
        assert (answer.result().status_code, answer.result().json["outcome"]) == (202, "pending")


def test_the_log_has_no_values_of_leads(
    own_supplier: Supplier, own_servers: embedded.Servers, caplog: pytest.LogCaptureFixture
):
    own_supplier.post({**LEAD, "comment": "canary"})
    own_servers.postgres.stop()
    own_supplier.post({**LEAD, "comment": "canary"})
    assert caplog.records
    assert "canary" not in caplog.text
    assert "ana@example.com" not in caplog.text
