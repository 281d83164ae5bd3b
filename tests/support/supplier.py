"""A supplier that posts to one source of one flow, and a worker that answers leads the way a test says."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from flask import Flask
from psycopg.rows import dict_row
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flowbuilder import enqueue, health, keys
from flowbuilder.api import ingest
from flowbuilder.config import Settings
from flowbuilder.intake.app import IntakeApp
from flowbuilder.intake.desk import Desk
from flowbuilder.models import Flow, Source, SourceKey
from flowbuilder.web import current, security
from tests.support.beside import beside
from tests.support.cast import a_flow, a_seller, a_source, now
from tests.support.servers import plain_url

DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
    "fields": [
        {"key": "email", "type": "email", "required": True},
        {"key": "phone_1", "type": "phone", "required": True, "region": "US", "aliases": ["mobile"]},
        {"key": "state", "type": "state", "required": True},
        {"key": "first_name", "type": "name"},
        {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
        {"key": "credit_score", "type": "number"},
        {"key": "bill", "type": "money"},
        {"key": "move_in", "type": "date"},
        {"key": "comment", "type": "text"},
    ],
    "steps": [],
    "fallback": {"id": "end", "do": "reject", "reason": "Nobody took it"},
}
LEAD: dict[str, Any] = {"email": "ana@example.com", "phone_1": "(512) 555-0148", "state": "CA"}
MARK_DONE = """
UPDATE lead SET state = 'done', outcome = %(outcome)s, reason = %(reason)s, cost = %(cost)s, finished_at = now()
WHERE state = 'received' RETURNING id, answer_to
"""


@contextmanager
def intake_app(settings: Settings) -> Iterator[Flask]:
    """Give an app with intake and health alone, and end its threads afterwards."""
    app = Flask("intake")
    current.init_app(app, settings)
    app.register_blueprint(health.bp)
    app.register_blueprint(ingest.bp)
    desk = app.extensions["intake"] = Desk(settings)
    app.wsgi_app = IntakeApp(desk, app.wsgi_app, security.response_headers(settings))  # type: ignore[method-assign]
    try:
        yield app
    finally:
        desk.close()
        with app.app_context():
            current.engine().dispose()


class Supplier:
    """Somebody with the key of one source."""

    def __init__(self, app: Flask, flow: Flow, source: Source, key: str, test_key: str) -> None:
        self.app = app
        self.flow = flow
        self.source = source
        self.key = key
        self.test_key = test_key
        self.address = f"/f/{flow.key}/{source.key}"

    def post(self, lead: Any = None, *, wait: int | None = 0, headers: Any = (), **how: Any) -> TestResponse:
        """Post a lead as JSON unless told otherwise, with the source's key."""
        if "data" not in how:
            how["json"] = LEAD if lead is None else lead
        query = how.pop("query", {}) | ({} if wait is None else {"wait": wait})
        sent = {"X-API-Key": self.key, **dict(headers)}
        present = {name: value for name, value in sent.items() if value is not None}
        return self.app.test_client().post(self.address, headers=present, query_string=query, **how)

    def ask(self, lead_id: str, **headers: str) -> TestResponse:
        """Ask what has become of a lead."""
        client = self.app.test_client()
        return client.get(f"{self.address}/leads/{lead_id}", headers={"X-API-Key": self.key, **headers})


def a_supplier(
    app: Flask, session: Session, *, document: dict[str, Any] | None = None, flow: Flow | None = None, **source: Any
) -> Supplier:
    """Make a published flow with one source, its live key and its test key."""
    flow = flow or a_flow(session, a_seller(session), document=document or DOCUMENT)
    row = a_source(session, flow, **source)
    live, test = (a_key(session, row, mode) for mode in ("live", "test"))
    session.commit()
    return Supplier(app, flow, row, live, test)


def a_key(session: Session, source: Source, mode: str) -> str:
    """Make a key of a source and return its text."""
    made = keys.new_key(f"lk_{mode}")
    row = SourceKey(id=made.id, source_id=source.id, mode=mode, secret_hash=made.secret_hash, hint=made.hint)
    row.created_at = now()
    session.add(row)
    return made.text


class Rows:
    """The rows of the database, read by a connection that sees each commit."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(plain_url(database_url), autocommit=True, row_factory=dict_row)

    def all(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Return all rows of a statement."""
        return self._connection.execute(statement, values).fetchall()  # type: ignore[call-overload]

    def leads(self, supplier: Supplier) -> list[dict[str, Any]]:
        """Return the leads of a supplier in the order in which they came."""
        return self.all("SELECT * FROM lead WHERE source_id = %(id)s ORDER BY id", id=supplier.source.id)

    def finish(self, *, outcome: str = "sold", reason: str | None = None, cost: int = 3150) -> list[dict[str, Any]]:
        """Mark every received lead as done, the way a worker does; return who waits for it."""
        return self.all(MARK_DONE, outcome=outcome, reason=reason, cost=cost)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


@contextmanager
def a_worker(database_url: str, redis_url: str, *, announces: bool = True, **answer: Any) -> Iterator[None]:
    """Answer all leads while the block runs: woken by the queue, and telling who waits unless that message is lost."""
    rows, redis = Rows(database_url), enqueue.connect(redis_url, timeout=30)

    def work(ends: threading.Event) -> None:
        while not ends.is_set():
            if redis.blpop([enqueue.WAKE], timeout=0.1) and (done := rows.finish(**answer)) and announces:
                enqueue.announce_finished(redis, who_waits(done))

    with closing(rows), beside(work):
        yield


def who_waits(done: list[dict[str, Any]]) -> dict[str, list[enqueue.Finished]]:
    """Return the finished leads by the web process that waits for them."""
    waiting: dict[str, list[enqueue.Finished]] = {}
    for row in done:
        if row["answer_to"]:
            waiting.setdefault(row["answer_to"], []).append((row["id"], None))
    return waiting
