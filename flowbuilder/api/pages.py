"""The blueprint of the management API: its nouns, who may call it, and its errors."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from flowbuilder.accounts.access import public
from flowbuilder.api import (
    backtests,
    caps,
    checks,
    connection_requests,
    connections,
    drafts,
    dry_runs,
    fields,
    flows,
    leads,
    lists,
    openapi,
    plans,
    shapes,
    shelf,
    sources,
    versions,
    waiting,
)
from flowbuilder.api.auth import authenticate
from flowbuilder.api.bodies import refuse_unasked_body, refuse_unknown_query
from flowbuilder.api.errors import Refusal, error_answer, http_error_answer

bp = Blueprint("api", __name__, url_prefix=openapi.PREFIX)

NOUNS = (
    flows, drafts, plans, shelf, versions, dry_runs, checks, backtests,
    connections, connection_requests, sources, leads, waiting, caps, lists, fields,
)  # fmt: skip
for noun in NOUNS:
    noun.bp.before_request(authenticate)
    noun.bp.before_request(refuse_unknown_query)
    noun.bp.before_request(refuse_unasked_body)
    bp.register_blueprint(noun.bp)


@bp.get("/openapi.json")
@public("it describes the calls and holds nothing of anybody")
def openapi_document() -> Response:
    """Answer the description of every call."""
    return shapes.answer(openapi.document(current_app))


def _no_database(_error: Exception) -> Response:
    answer = error_answer(503)
    answer.headers["Retry-After"] = "5"
    return answer


def _our_fault(_error: Exception) -> Response:
    return error_answer(500)


HANDLERS: tuple[tuple[Any, Callable[[Any], Response]], ...] = (
    (Refusal, Refusal.answer),
    (HTTPException, http_error_answer),
    (exc.OperationalError, _no_database),
    (exc.TimeoutError, _no_database),
    (500, _our_fault),
)
for kind, handler in HANDLERS:
    bp.register_error_handler(kind, handler)
