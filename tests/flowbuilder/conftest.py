"""Fixtures of the web side: the app, a database session beside it, and the cast."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import db
from flowbuilder.config import settings
from tests.support.cast import Cast, the_cast
from tests.support.web import running


@pytest.fixture(scope="session")
def app(database_url: str, redis_url: str) -> Iterator[Flask]:
    """Give the web app on the servers of this test process."""
    own = replace(settings(), database_url=database_url, redis_url=redis_url, requests_per_minute=100_000)
    with running(own) as app:
        app.testing = True
        yield app


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """Give a database session of the test's own."""
    engine = db.make_engine(database_url, pool_size=1)
    with db.make_sessions(engine)() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def cast(session: Session) -> Cast:
    """Give Sara, Tom, Bill and Zoe, new for each test."""
    return the_cast(session)
