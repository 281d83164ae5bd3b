"""What a request works with: its settings, its database session and its one moment."""

from datetime import datetime
from typing import cast

from flask import Flask, current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from flowbuilder import clock, db
from flowbuilder.config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Give the app its settings and its engine, and close each request's session when the request ends."""
    engine = db.make_engine(settings.database_url)
    app.extensions["settings"] = settings
    app.extensions["engine"] = engine
    app.extensions["sessions"] = db.make_sessions(engine)
    app.teardown_appcontext(_close_session)


def settings() -> Settings:
    """Return the settings of the app that answers this request."""
    return cast(Settings, current_app.extensions["settings"])


def engine() -> Engine:
    """Return the engine of the app, for what needs a connection of its own."""
    return cast(Engine, current_app.extensions["engine"])


def session() -> Session:
    """Return the session of this request, opened on first use; what is not committed is rolled back at the end."""
    if "session" not in g:
        g.session = cast("sessionmaker[Session]", current_app.extensions["sessions"])()
    return cast(Session, g.session)


def now() -> datetime:
    """Return the moment of this request (UTC), the same however often it is asked for."""
    if "now" not in g:
        g.now = clock.now()
    return cast(datetime, g.now)


def _close_session(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()
