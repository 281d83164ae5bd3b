"""Posts that go straight from the web to a loop: stored with what is done first, and never lost where the loop goes."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flowbuilder import counting, embedded, enqueue, handover
from flowbuilder.config import Settings, settings
from flowbuilder.db import read_json
from flowbuilder.embedded.homes import posts_folder
from flowbuilder.intake import handing
from flowbuilder.intake.store import INSERT_LEADS, as_list
from flowbuilder.models import Flow, Source
from rules import json_text
from tests.support.buyers import Buyer, a_buyer, silent_until
from tests.support.flows import buyer, cap, only
from tests.support.market import Market
from tests.support.processes import eventually
from tests.support.servers import plain_url
from tests.support.supplier import a_key, intake_app
from workers import calling, journal, posts
from workers.calling import Brought

Taking = tuple[posts.Door, list[Brought]]
STORED_BY_WEB = "flowbuilder_intake_batch_leads_sum"
OF_LEADS = """
    SELECT account_id, flow_id, source_id, version, is_test, test_outcome, posted, fields, invalid, ignored, currency,
           kind, state, outcome, run, crashes, pinged, instruction, waiting_for, cost, revenue, last_step, asked_before
      FROM lead ORDER BY id
"""


@dataclass
class Web:
    """A web process in the home of a loop, and a supplier of the market's source."""

    app: Flask
    own: Settings
    market: Market
    home: Path
    address: str
    key: str

    def post(self, number: int = 0, *, wait: int = 20, key: str = "", **fields: Any) -> TestResponse:
        """Post a lead and wait for its answer."""
        lead = {"email": f"ana{number}@example.com", "state": "CA"} | fields
        headers = {"X-API-Key": self.key} | ({"Idempotency-Key": key} if key else {})
        return self.app.test_client().post(self.address, json=lead, headers=headers, query_string={"wait": wait})

    def stored(self) -> int:
        """Return how many leads the web stored by itself so far."""
        return int(REGISTRY.get_sample_value(STORED_BY_WEB) or 0)

    def has_door(self) -> bool:
        """Return whether a loop takes posts."""
        return any(posts_folder(self.home.resolve()).glob("*"))

    def wait_for_door(self) -> None:
        """Wait until a loop takes posts."""
        eventually(self.has_door)


@pytest.fixture
def sunrise(market: Market) -> Iterator[Buyer]:
    """Give the buyer of a published flow with a filter and a cap."""
    with a_buyer() as made:
        market.publish([only("CA"), cap(100_000), buyer(market.connect(made))])
        yield made


@pytest.fixture
def web(market: Market, sunrise: Buyer, tmp_path: Path) -> Iterator[Web]:
    """Give the web of a home whose loops take posts."""
    market.home = tmp_path
    own = replace(settings(), database_url=market.url, redis_url=market.redis_url, home=tmp_path, web_threads=256)
    with Session(market.database) as session:
        flow, source = session.get_one(Flow, market.flow_id), session.get_one(Source, market.source_id)
        address, key = f"/f/{flow.key}/{source.key}", a_key(session, source, "live")
        session.commit()
    try:
        with intake_app(own) as app:
            yield Web(app, own, market, tmp_path, address, key)
    finally:
        embedded.delete(tmp_path)


@pytest.fixture
def nobodys(web: Web) -> Iterator[Taking]:
    """Give the door of somebody who takes posts, tells that it carries leads, and never carries one; and what came."""
    taken: list[Brought] = []
    door = posts.Door(web.home, "nobody", taken.append)
    door.open()
    with enqueue.connect(web.market.redis_url) as redis:
        assert enqueue.tell_carried(redis, "nobody")
        redis.persist(enqueue.CARRIED)
    yield door, taken
    door.shut()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the web look for a loop at each post, and loop and web wait for each other on a busy machine."""
    monkeypatch.setattr(handing, "TRY_EVERY", 0.0)
    monkeypatch.setattr(handing, "LOOK_AFTER", 5.0)
    monkeypatch.setattr(calling, "TOO_OLD", 30.0)


@pytest.fixture
def in_doubt_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the web look for a post only once the loop hangs up."""
    monkeypatch.setattr(handing, "LOOK_AFTER", 3600.0)


@pytest.mark.usefixtures("impatient")
def test_a_post_that_is_handed_over_is_the_lead_that_the_web_would_have_stored(web: Web) -> None:
    with web.market.carrying():
        web.wait_for_door()
        before = web.stored()
        web.post(1, note="hello", wait=1)  # Too short a wait to be handed over.
        assert web.stored() == before + 1
        before = web.stored()
        answer = web.post(1, note="hello")
        assert (answer.status_code, answer.json["status"], web.stored() - before) == (201, "sold", 0)
        eventually(lambda: not web.market.count_open())
    with web.market.database.connect() as database:
        by_web, handed_over = (dict(row) for row in database.execute(text(OF_LEADS)).mappings())
    assert handed_over == by_web
    web.market.check()


@pytest.mark.usefixtures("impatient")
def test_posts_with_one_key_are_one_lead(web: Web, sunrise: Buyer) -> None:
    with web.market.carrying():
        web.wait_for_door()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: web.post(7, key="seven"), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json["lead"]["id"] for answer in answers}) == len(web.market.leads()) == len(sunrise.seen) == 1
    web.market.check()


@pytest.mark.usefixtures("impatient")
def test_a_key_that_was_used_is_answered_and_the_others_are_sold(web: Web, sunrise: Buyer) -> None:
    with web.market.carrying():
        web.wait_for_door()
        web.post(0, key="used")
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda at: web.post(at, key="used" if at == 0 else f"new-{at}"), range(20)))
    assert {answer.json["status"] for answer in answers} == {"sold"}
    assert len(web.market.leads()) == len(sunrise.seen) == 20
    web.market.check()


@pytest.mark.usefixtures("impatient")
def test_two_webs_hand_over_to_one_loop(web: Web, sunrise: Buyer) -> None:
    """Each key comes to both at once, so that turns are taken in vain."""
    with intake_app(web.own) as app, web.market.carrying(), ThreadPoolExecutor(16) as pool:
        web.wait_for_door()
        webs = (web, replace(web, app=app))
        answers = list(pool.map(lambda at: webs[at % 2].post(at // 2, key=f"key-{at // 2}"), range(64)))
    assert {answer.json["status"] for answer in answers} == {"sold"}
    assert len({answer.json["lead"]["id"] for answer in answers}) == len(web.market.leads()) == len(sunrise.seen) == 32
    web.market.check()


@pytest.mark.usefixtures("impatient")
def test_leads_that_end_as_they_are_stored_are_counted(web: Web) -> None:
    with web.market.carrying():
        web.wait_for_door()
        before = web.stored()
        answers = [web.post(number, state="TX") for number in range(3)]
        assert ({answer.json["status"] for answer in answers}, web.stored()) == ({"rejected"}, before)
    with enqueue.connect(web.market.redis_url) as redis:
        assert counting.read_sums(redis)["flowbuilder_leads/rejected"] == 3
    web.market.check()


@pytest.mark.usefixtures("impatient", "in_doubt_for_ever")
@pytest.mark.parametrize("commits", [False, True])
@pytest.mark.parametrize("problem", [RuntimeError("a made-up error"), psycopg.OperationalError("a made-up outage")])
def test_what_was_handed_to_a_turn_that_failed_is_stored_by_the_web(
    web: Web, sunrise: Buyer, monkeypatch: pytest.MonkeyPatch, problem: Exception, commits: bool
) -> None:
    """Whether it was committed is not known to anybody."""
    write, failures = journal.write_and_commit, [problem]

    def fail_once(database: Any, changes: Any) -> None:
        if failures and changes.new.get(journal.PostedRow):
            if commits:
                write(database, changes)
            raise failures.pop()
        write(database, changes)

    monkeypatch.setattr(journal, "write_and_commit", fail_once)
    monkeypatch.setattr(journal, "LEASE", journal.LEASE / 30)
    with web.market.carrying(), ThreadPoolExecutor(1) as pool:
        web.wait_for_door()
        asked = pool.submit(web.post, 3)
        eventually(lambda: not (failures or web.has_door()))
        assert asked.result().json["status"] == "sold"
        eventually(lambda: not web.market.count_open())
    assert len(web.market.leads()) == 1
    assert {request.body["email"] for request in sunrise.seen} == {"ana3@example.com"}


@pytest.mark.usefixtures("impatient", "in_doubt_for_ever")
def test_what_waits_behind_a_door_that_is_shut_is_stored_by_the_web(web: Web, nobodys: Taking) -> None:
    door, taken = nobodys
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(web.post, 5, wait=3)
        eventually(lambda: bool(taken))
        assert not web.market.leads()
        door.shut()
        answer = asked.result()
    assert (answer.status_code, answer.json["status"], len(web.market.leads())) == (202, "waiting", 1)
    web.market.carry()


@pytest.mark.usefixtures("impatient")
def test_a_post_that_nobody_answers_is_looked_for_and_stored_and_the_next_one_not_handed_over(
    web: Web, nobodys: Taking
) -> None:
    door, taken = nobodys
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(web.post, 5, wait=3)
        eventually(lambda: bool(web.market.leads()))
        assert taken
        assert door.is_open
        assert asked.result().json["status"] == "waiting"
        assert (web.post(6, wait=2).json["status"], len(taken)) == ("waiting", 1)
    door.shut()
    web.market.carry()
    assert [lead.outcome for lead in web.market.leads()] == ["sold", "sold"]


@pytest.mark.usefixtures("impatient", "in_doubt_for_ever")
def test_a_post_that_is_stored_only_after_its_wait_is_answered_then(web: Web, nobodys: Taking) -> None:
    """A loop stood still meanwhile."""
    door, taken = nobodys
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(web.post, 5, wait=2)
        eventually(lambda: bool(taken))
        assert wait([asked], timeout=2.5).not_done
        with psycopg.connect(plain_url(web.market.url)) as loop:
            loop.execute(INSERT_LEADS, [as_list([taken[0].rows[0][1]])])
        door.shut()
        assert asked.result(timeout=60).json["status"] == "waiting"
    web.market.carry()
    assert [lead.outcome for lead in web.market.leads()] == ["sold"]


@pytest.mark.usefixtures("impatient")
def test_a_slow_buyer_keeps_a_post_waiting_that_is_stored_once(web: Web, sunrise: Buyer) -> None:
    speaks = threading.Event()
    sunrise.react = silent_until(speaks)
    with web.market.carrying(), ThreadPoolExecutor(1) as pool:
        web.wait_for_door()
        before, batcher = web.stored(), web.app.extensions["intake"].batcher
        asked = pool.submit(web.post, 8)
        sunrise.wait_for(1)
        eventually(lambda: not batcher._handing._out)  # It was looked for, and was there.
        speaks.set()
        assert (asked.result().json["status"], web.stored()) == ("sold", before)
    assert len(web.market.leads()) == len(sunrise.seen) == 1
    web.market.check()


def test_a_loop_without_a_socket_of_its_own_has_posts_come_as_ever(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_home: Path) -> Path:
        raise PermissionError

    monkeypatch.setattr(handover, "make_folder", refuse)
    with web.market.carrying():
        assert web.post(1).json["status"] == "sold"
    web.market.check()


def test_the_folder_of_the_sockets_is_private(tmp_path: Path) -> None:
    folder = handover.make_folder(tmp_path)
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.chmod(0o755)
        with pytest.raises(PermissionError):
            handover.make_folder(tmp_path)
    finally:
        embedded.delete(tmp_path)
    assert not folder.exists()


ODD = (
    {"zip": "94607", "b": 1, "a": 2, "é": 3, "ab": [], "": None},
    {"outer": [{"long name": 1, "x": {"bb": 1, "a": 2}}, "1e5", True]},
    [
        Decimal("1E+5"),
        Decimal("1.50"),
        Decimal("1E-7"),
        Decimal("-0.0"),
        Decimal("0E+3"),
        Decimal("12345678901234.10"),
    ],
    [2**70, -(2**70), 0, -1, "\u2028", "\n", "“”", 0.1],
)
"""What the database writes in another way than it was posted."""


@pytest.mark.parametrize("posted", ODD)
def test_what_a_loop_sees_of_a_post_is_what_it_would_read(market: Market, posted: Any) -> None:
    written = json_text.write(posted)
    with market.database.connect() as database:
        kept = database.execute(text("SELECT CAST(:written AS jsonb)"), {"written": written.decode()}).scalar_one()
    seen = posts.as_kept(read_json(written))
    assert (repr(seen), seen) == (repr(kept), kept)


def test_rows_arrive_whole_however_they_are_cut() -> None:
    rows = [b'{"a":1}', b'{"b":"x"}', b'{"c":[]}']
    sent, unpacker = handover.pack(rows, 12.25), handover.Unpacker()
    arrived = [row for at in range(0, len(sent), 5) for row in unpacker.rows(sent[at : at + 5])]
    assert arrived == [(12.25, row) for row in rows]


def test_the_socket_of_a_loop_that_was_killed_is_cleared_away(tmp_path: Path) -> None:
    folder = handover.make_folder(tmp_path)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(folder / "killed"))
    dead.close()
    doors = [posts.Door(tmp_path, name, print) for name in ("one", "two")]
    for door in doors:
        door.open()
    assert {socket_file.name.partition("-")[0] for socket_file in folder.iterdir()} == {"one", "two"}
    for door in doors:
        door.shut()
    assert not list(folder.iterdir())
    embedded.delete(tmp_path)


def test_a_loop_takes_what_came_by_the_door_that_is_open_and_not_long_ago(market: Market) -> None:
    engine, now = market.engine(), time.monotonic()
    calling, shut, opened = engine._calling, object(), object()
    calling.let_in(opened)
    for door, at, row in ((shut, now, b"of another door"), (opened, now - 60, b"old"), (opened, now, b"new")):
        calling.hand_in(Brought(door, [(at, row)]))
    calling.take_in(0, may_call=True)
    assert calling.take_posts(10) == [b"new"]
    calling.hand_in(Brought(opened, [(now, b"late")]))
    calling.let_in(None)
    calling.take_in(0, may_call=True)
    assert calling.take_posts(10) == []
    engine.start()
    engine.close()


def test_a_post_that_cannot_be_read_is_left_to_the_web(caplog: pytest.LogCaptureFixture) -> None:
    assert posts.read([b'{"id": "nothing else"}', b"[]", b"no JSON"]) == []
    assert len(caplog.records) == 3
    assert "nothing else" not in caplog.text
