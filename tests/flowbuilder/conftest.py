"""Fixtures of the web side: the app, and the browser of its owner."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from flowbuilder.config import settings
from flowbuilder.web import current
from tests.support.cast import Cast
from tests.support.web import running, signed_in


@pytest.fixture(scope="session")
def app(database_url: str, redis_url: str) -> Iterator[Flask]:
    """Give the web app on the servers of this test process."""
    own = replace(settings(), database_url=database_url, redis_url=redis_url, requests_per_minute=100_000)
    with running(own) as app:
        app.testing = True
        yield app


@pytest.fixture
def sara(app: Flask, session: Session, cast: Cast) -> FlaskClient:
    """Give Sara's browser."""
    return signed_in(app, session, cast.sara)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Give the statements that the app sends to the database, as they come."""
    sent: list[str] = []
    with app.app_context():
        engine = current.engine()

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def loopback_buyer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an address on this machine be that of a buyer."""
    allowed = replace(app.extensions["settings"], outbound_allow=(("127.0.0.1", 9901),))
    monkeypatch.setitem(app.extensions, "settings", allowed)
