"""The web app: configuration, extensions, areas and error pages, put together in that order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from flowbuilder import health
from flowbuilder.accounts import access
from flowbuilder.accounts import pages as accounts
from flowbuilder.api import pages as api
from flowbuilder.config import Settings
from flowbuilder.config import settings as read_settings
from flowbuilder.connections import pages as connections
from flowbuilder.flows import pages as flows
from flowbuilder.home import pages as home
from flowbuilder.intake import pages as intake
from flowbuilder.leads import pages as leads
from flowbuilder.sources import pages as sources
from flowbuilder.web import (
    assets,
    current,
    error_pages,
    fragments,
    navigation,
    request_limit,
    security,
    template_words,
    url_ids,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ROOT = Path(__file__).resolve().parent.parent
AREAS = (accounts, home, flows, leads, connections, sources, api, health)
"""The modules with routes; each has its blueprint as `bp`."""
POSTS = "/f/"
"""Where the addresses begin that leads are posted to."""


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web app; raises UndeclaredRoute when a view does not say who may open it."""
    settings = settings or read_settings()
    app = Flask("flowbuilder", template_folder=str(ROOT / "templates"), static_folder=None)
    _configure(app, settings)
    for area in AREAS:
        app.register_blueprint(area.bp)
    error_pages.init_app(app)
    request_limit.init_app(app, settings)
    access.init_app(app)
    door = _create_door(settings)
    app.extensions[intake.EXTENSION] = door.extensions[intake.EXTENSION]
    app.extensions["door"] = door
    app.wsgi_app = _by_path(app.wsgi_app, door.wsgi_app)  # type: ignore[assignment,method-assign]
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    return app


def _create_door(settings: Settings) -> Flask:
    """Return the app that takes posts in: beside the pages, so that a lead pays for nothing that pages need."""
    door = Flask("flowbuilder.intake", static_folder=None)
    door.extensions["settings"] = settings
    door.config["MAX_CONTENT_LENGTH"] = security.MAX_BODY
    door.session_interface = _NoSessions()
    door.register_blueprint(intake.bp)
    security.protect_responses(door, settings)
    access.check_declarations(door)
    return door


class _NoSessions(SessionInterface):
    """Programs have no session: all their requests share one that holds nothing and is never saved."""

    null = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002  (Flask's own signature)
        """Return the empty session."""
        return self.null


def _by_path(pages: WSGIApplication, door: WSGIApplication) -> WSGIApplication:
    """Return what sends posts of leads to the door and everything else to the pages."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return (door if environ["PATH_INFO"].startswith(POSTS) else pages)(environ, start_response)

    return application


def _configure(app: Flask, settings: Settings) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    current.init_app(app, settings)
    security.init_app(app, settings)
    fragments.init_app(app)
    url_ids.init_app(app)
    assets.init_app(app, ROOT / "static")
    navigation.init_app(app)
    template_words.init_app(app)
