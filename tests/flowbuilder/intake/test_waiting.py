"""Requests that wait are called when their lead has an answer, whatever becomes of the message about it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import enqueue
from flowbuilder.config import Settings
from flowbuilder.intake.waiting import WaitingRoom
from tests.support.supplier import Rows, Supplier, a_supplier, a_worker, intake_app, who_waits


def test_a_waiting_request_is_called_by_the_list(
    supplier: Supplier, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(WaitingRoom, "_waiting_since", lambda _room, _seconds: [])  # Nobody looks at the rows.
    with a_worker(database_url, redis_url):
        assert supplier.post(wait=25).json["status"] == "sold"


def test_a_lost_message_only_costs_a_second(supplier: Supplier, database_url: str, redis_url: str):
    with a_worker(database_url, redis_url, announces=False):
        started = time.monotonic()
        assert supplier.post(wait=25).json["status"] == "sold"
    assert time.monotonic() - started < 15, "the rows were looked at long before its time was up"


def test_a_request_leaves_when_its_time_is_up(supplier: Supplier):
    started = time.monotonic()
    answer = supplier.post(wait=1)
    assert (answer.status_code, answer.json["outcome"]) == (202, "pending")
    assert 1 <= time.monotonic() - started < 15


def test_a_lead_that_is_soon_offered_again_is_still_waited_for(
    supplier: Supplier, rows: Rows, redis_url: str, eventually
):
    retrying = (
        "UPDATE lead SET state = 'waiting', waiting_for = 'retry', due_at = now() + interval '2 seconds' "
        "WHERE source_id = %(id)s AND state = 'received' RETURNING id, answer_to"
    )
    sold = "UPDATE lead SET state = 'done', waiting_for = NULL, outcome = 'sold' WHERE source_id = %(id)s RETURNING id"
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(supplier.post, wait=25)
        held = eventually(lambda: rows.all(retrying, id=supplier.source.id))
        enqueue.announce_finished(enqueue.connect(redis_url), who_waits(held))
        with pytest.raises(TimeoutError):
            answer.result(1.5)
        rows.all(sold, id=supplier.source.id)
        assert (answer.result(30).status_code, answer.result().json["status"]) == (201, "sold")


def test_a_lead_that_waits_for_something_longer_is_answered_202_at_once(
    supplier: Supplier, rows: Rows, redis_url: str, eventually
):
    statement = (
        "UPDATE lead SET state = 'waiting', waiting_for = 'cap' WHERE source_id = %(id)s AND state = 'received' "
        "RETURNING id, answer_to"
    )
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(supplier.post, wait=25)
        held = eventually(lambda: rows.all(statement, id=supplier.source.id))
        enqueue.announce_finished(enqueue.connect(redis_url), who_waits(held))
        assert (answer.result(20).status_code, answer.result().json["status"]) == (202, "waiting")


def test_messages_that_name_no_lead_do_no_harm(supplier: Supplier, intake: Flask, database_url: str, redis_url: str):
    listened = enqueue.DONE + intake.extensions["intake"].room.web_id
    enqueue.connect(redis_url).rpush(listened, "nonsense", b"\xff", "0" * 32)
    with a_worker(database_url, redis_url):
        assert supplier.post(wait=25).status_code == 201


def test_workers_are_nudged_again_while_somebody_waits(
    supplier: Supplier, rows: Rows, redis_url: str, empty_queue: None
):
    redis = enqueue.connect(redis_url, timeout=30)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(supplier.post, wait=25)
        assert redis.blpop([enqueue.WAKE], timeout=20), "the lead was announced"
        assert redis.blpop([enqueue.WAKE], timeout=20), "and announced again, because nobody answered"
        assert not answer.done()
        rows.finish()
        assert answer.result().status_code == 201


@pytest.fixture
def small(intake_settings: Settings) -> Iterator[Flask]:
    """Give an app with four threads, of which two may wait."""
    with intake_app(replace(intake_settings, web_threads=4)) as app:
        yield app


def test_at_most_half_of_the_threads_wait(small: Flask, session: Session, rows: Rows, eventually):
    supplier = a_supplier(small, session)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(supplier.post, wait=25) for _ in range(2)]
        eventually(lambda: len(rows.leads(supplier)) == 2)
        started = time.monotonic()
        assert supplier.post(wait=25).status_code == 202
        assert time.monotonic() - started < 15
        rows.finish()
        assert [answer.result().status_code for answer in waiting] == [201, 201]


def test_places_are_given_back(small: Flask, session: Session, database_url: str, redis_url: str):
    supplier = a_supplier(small, session)
    with a_worker(database_url, redis_url):
        assert [supplier.post(wait=25).status_code for _ in range(6)] == [201] * 6


def test_many_requests_wait_side_by_side(supplier: Supplier, database_url: str, redis_url: str):
    with a_worker(database_url, redis_url), ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: supplier.post(wait=25), range(300)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["lead"]["id"] for answer in answers}) == 300
    assert threading.active_count() < 100
