"""The web app: configuration, extensions, areas and error pages, put together in that order."""

from pathlib import Path
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flowbuilder import health
from flowbuilder.accounts import access
from flowbuilder.accounts import pages as accounts
from flowbuilder.api import ingest
from flowbuilder.api import pages as api
from flowbuilder.catalogue import pages as catalogue
from flowbuilder.config import Settings
from flowbuilder.config import settings as read_settings
from flowbuilder.connections import pages as connections
from flowbuilder.editor import pages as editor
from flowbuilder.editor import rule_pages, starting
from flowbuilder.flows import pages as flows
from flowbuilder.flows import shelf_pages as shelf
from flowbuilder.home import pages as home
from flowbuilder.inbox import pages as inbox
from flowbuilder.intake.app import IntakeApp
from flowbuilder.intake.desk import Desk
from flowbuilder.leads import pages as leads
from flowbuilder.lists import pages as lists
from flowbuilder.review import pages as review
from flowbuilder.serving.asgi import AsgiApp
from flowbuilder.sources import pages as sources
from flowbuilder.trials import check_pages
from flowbuilder.trials import pages as trials
from flowbuilder.waiting import pages as waiting
from flowbuilder.web import (
    assets,
    compiled_templates,
    current,
    error_pages,
    faults,
    form_request,
    fragments,
    navigation,
    request_limit,
    security,
    squeezing,
    template_words,
    url_ids,
)
from flowbuilder.web.request_ids import RequestIds

ROOT = Path(__file__).resolve().parent.parent
AREAS = (
    accounts, home, flows, shelf, editor, starting, rule_pages, review, trials, check_pages, leads, waiting,
    connections, inbox, sources, lists, catalogue, api, ingest, health,
)  # fmt: skip
"""The modules with routes; each has its blueprint as `bp`."""


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web app; raises UndeclaredRoute when a view does not say who may open it."""
    settings = settings or read_settings()
    app = Flask("flowbuilder", template_folder=str(ROOT / "templates"), static_folder=None)
    _configure(app, settings)
    for area in AREAS:
        app.register_blueprint(area.bp)
    error_pages.init_app(app)
    faults.init_app(app)
    request_limit.init_app(app, settings)
    access.init_app(app)
    _take_posts_in(app, settings)
    app.wsgi_app = RequestIds(_behind_proxies(app.wsgi_app, settings))  # type: ignore[method-assign]
    return app


def asgi_app(app: Flask, settings: Settings) -> AsgiApp:
    """Return the web app for an ASGI server: what `create_app` made, with posts before it that hold no thread."""
    intake = IntakeApp(app.extensions["intake"], app.wsgi_app, security.response_headers(settings))
    proxies = _behind_proxies(lambda _environ, _start_response: (), settings)
    return AsgiApp(app.wsgi_app, intake, proxies=proxies, threads=settings.web_threads)


def _behind_proxies(app: WSGIApplication, settings: Settings) -> WSGIApplication:
    count = settings.trusted_proxies
    return ProxyFix(app, x_for=count, x_proto=count) if count else app


def _take_posts_in(app: Flask, settings: Settings) -> None:
    """Let the app take leads in: before the pages, so that a lead pays for nothing that pages need."""
    desk = app.extensions["intake"] = Desk(settings)
    app.wsgi_app = IntakeApp(desk, app.wsgi_app, security.response_headers(settings))  # type: ignore[method-assign]


def _configure(app: Flask, settings: Settings) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    compiled_templates.init_app(app)
    squeezing.init_app(app)  # first, so that it comes last: what is squeezed is not changed any more
    current.init_app(app, settings)
    security.init_app(app, settings)
    fragments.init_app(app)
    form_request.init_app(app)
    url_ids.init_app(app)
    assets.init_app(app, ROOT / "static")
    navigation.init_app(app)
    template_words.init_app(app)
