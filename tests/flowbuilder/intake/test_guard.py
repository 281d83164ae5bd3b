"""Floods are turned away: wrong keys per address, and everybody while far too many leads are due."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import db, ids
from flowbuilder.config import Settings
from flowbuilder.intake.backlog import Backlog
from flowbuilder.intake.guard import MOST_ADDRESSES, WRONG_KEYS, Buckets
from flowbuilder.intake.refused import Refused
from flowbuilder.intake.store import Database
from tests.support.supplier import Rows, Supplier, a_supplier, intake_app


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass for what counts floods: it would tell a slow machine to wait for less."""
    monkeypatch.setattr("flowbuilder.intake.desk.Buckets", partial(Buckets, clock=lambda: 0.0))


@pytest.fixture
def own_app(intake_settings: Settings) -> Iterator[Flask]:
    """Give an app that nobody has posted to yet."""
    with intake_app(intake_settings) as app:
        yield app


def test_a_flood_of_wrong_keys_is_429_and_a_right_key_passes(own_app: Flask, session: Session):
    supplier = a_supplier(own_app, session)
    statuses = [supplier.post(headers={"X-API-Key": f"guess {n}"}).status_code for n in range(WRONG_KEYS)]
    assert set(statuses) == {401}
    answer = supplier.post(headers={"X-API-Key": "one more"})
    assert (answer.status_code, answer.json) == (
        429,
        {
            "outcome": "error",
            "status": "error",
            "errors": [
                {
                    "field": None,
                    "code": "too_many_wrong_keys",
                    "message": "Too many posts with a wrong key. Wait 2 s, and check the key.",
                }
            ],
            "lead": None,
        },
    )
    assert answer.headers["Retry-After"] == "2"
    assert supplier.post().status_code == 202


def test_a_flood_without_a_key_is_429_for_its_address_and_its_source_alone(
    intake_settings: Settings, session: Session, rows: Rows
):
    with intake_app(replace(intake_settings, open_posts_per_minute=3)) as app:
        form, other = (a_supplier(app, session, needs_key=False) for _ in range(2))

        def status(supplier: Supplier, address: str, key: str | None = None) -> int:
            return supplier.post(headers={"X-API-Key": key}, environ_base={"REMOTE_ADDR": address}).status_code

        assert [status(form, f"2001:db8::{n}") for n in range(4)] == [202, 202, 202, 429]
        assert status(form, "2001:db8::9", form.key) == status(form, "2001:db8:0:1::1") == 202
        assert status(other, "2001:db8::1") == 202
        assert [status(other, "127.0.0.1") for _ in range(5)] == [202] * 5
        refused = form.post(headers={"X-API-Key": None}, environ_base={"REMOTE_ADDR": "2001:db8::1"})
    message = "More than 3 posts a minute without a key from one address. Wait 20 s."
    assert (refused.json["errors"][0]["message"], refused.headers["Retry-After"]) == (message, "20")
    assert len(rows.leads(form)) == 5


def test_an_answer_is_asked_for_without_a_key_as_often_as_one_likes(intake_settings: Settings, session: Session):
    with intake_app(replace(intake_settings, open_posts_per_minute=1)) as app:
        form, far = a_supplier(app, session, needs_key=False), {"REMOTE_ADDR": "192.0.2.1"}
        lead = form.post(headers={"X-API-Key": None}, environ_base=far).json["lead"]["id"]
        address = f"{form.address}/leads/{lead}"
        assert {app.test_client().get(address, environ_base=far).status_code for _ in range(3)} == {202}


def test_wrong_keys_are_counted_for_each_address_and_forgotten_within_a_minute():
    seconds = [0.0]
    wrong = Buckets(WRONG_KEYS, clock=lambda: seconds[0])
    assert [wrong.count("192.0.2.1") for _ in range(31)] == [0] * 30 + [2]
    assert wrong.count("192.0.2.2") == 0
    seconds[0] = 2.0
    assert [wrong.count("192.0.2.1") for _ in range(2)] == [0, 2]
    seconds[0] = 62.0
    assert [wrong.count("192.0.2.1") for _ in range(31)].count(0) == 30


def test_only_so_many_addresses_are_remembered():
    wrong = Buckets(WRONG_KEYS)
    for number in range(MOST_ADDRESSES + 100):
        wrong.count(str(number))
    assert len(wrong._buckets) == MOST_ADDRESSES


def test_far_above_the_backlog_limit_every_post_is_503(intake_settings: Settings, session: Session, supplier: Supplier):
    for _ in range(3):
        supplier.post()
    with intake_app(replace(intake_settings, backlog_limit=1)) as app:
        answer = a_supplier(app, session).post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json["errors"][0]["code"] == "backlog"


def test_above_the_backlog_limit_only_those_are_turned_away_who_have_the_most(
    supplier: Supplier, rows: Rows, database_url: str
):
    for _ in range(30):
        supplier.post()
    [due] = rows.all("SELECT count(*) AS many FROM lead WHERE state <> 'done' AND due_at <= now()")
    engine = db.make_engine(database_url, pool_size=1)
    backlog = Backlog(Database(engine), limit=due["many"] - 1)
    backlog.count()
    with pytest.raises(Refused):
        backlog.refuse_when_full(supplier.flow.account_id)
    assert backlog.refuse_when_full(ids.new_id()) is None
    engine.dispose()


def test_due_leads_are_counted_once_a_second(supplier: Supplier, database_url: str):
    for _ in range(3):
        supplier.post()
    account, seconds, engine = supplier.flow.account_id, [0.0], db.make_engine(database_url, pool_size=1)
    backlog = Backlog(Database(engine), limit=1, clock=lambda: seconds[0])
    assert [backlog.is_due(), backlog.is_due()] == [True, False]
    backlog.count()
    with pytest.raises(Refused):
        backlog.refuse_when_full(account)
    backlog._limit, seconds[0] = 1_000_000, 1.0
    assert [backlog.is_due(), backlog.is_due()] == [True, False]
    backlog.count()
    assert backlog.refuse_when_full(account) is None
    engine.dispose()
