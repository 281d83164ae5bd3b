"""What a request works with: its settings, its database session and its one moment."""

from datetime import datetime
from functools import lru_cache
from typing import cast

from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from flowbuilder import clock, db, enqueue
from flowbuilder.config import Settings
from flowbuilder.models import Base

database = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
"""Gives each request a session of its own, and closes it when the request ends; workers open theirs without it."""


def init_app(app: Flask, settings: Settings) -> None:
    """Give the app its settings and its database."""
    app.extensions["settings"] = settings
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = db.engine_options()
    database.init_app(app)


def settings() -> Settings:
    """Return the settings of the app that answers this request."""
    return cast(Settings, current_app.extensions["settings"])


def engine() -> Engine:
    """Return the engine of the app, for what needs a connection of its own."""
    return database.engine


def session() -> Session:
    """Return the session of this request, opened on first use; what is not committed is rolled back at the end."""
    return database.session()


def queue() -> Redis:
    """Return the client by which workers are told that there is work."""
    return _queue(settings().redis_url)


@lru_cache(maxsize=4)
def _queue(redis_url: str) -> Redis:
    return enqueue.connect(redis_url)


def now() -> datetime:
    """Return the moment of this request (UTC), the same however often it is asked for."""
    if "now" not in g:
        g.now = clock.now()
    return cast(datetime, g.now)
