"""For whoever watches the process: does it serve, can it work, and what has it counted."""

import hmac
from typing import cast

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder.accounts.access import public
from flowbuilder.accounts.throttle import is_loopback
from flowbuilder.intake.desk import Desk
from flowbuilder.operating.measures import Measures, count_workers
from flowbuilder.web import current
from rules import json_text

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public("a load balancer asks whether the process serves")
def healthz() -> Response:
    """Answer as soon as the process serves, whatever else is away."""
    return _json({"status": "ok"}, 200)


@bp.get("/readyz")
@public("a load balancer asks whether leads can be carried")
def readyz() -> Response:
    """Answer 200 once the database and at least one worker are there; without the queue leads are only slower."""
    workers = _workers(current.engine())
    state = {"database": workers is not None, "workers": bool(workers), "queue": _hears_queue()}
    is_ready = state["database"] and state["workers"]
    return _json({"status": "ok" if is_ready else "not ready", **state}, 200 if is_ready else 503)


@bp.get("/metrics")
@public("a collector reads it: from this machine, or with the token; everybody else gets 404")
def metrics() -> Response:
    """Give what this process and the workers counted, in the text format of Prometheus."""
    if not (_has_token() or _is_here()):
        abort(404)
    measured = CollectorRegistry()
    measured.register(Measures(current.engine(), _desk().redis))
    return Response(generate_latest() + generate_latest(measured), content_type=CONTENT_TYPE_LATEST)


def _workers(engine: Engine) -> int | None:
    """Return how many workers that carry leads live, None while the database is away."""
    try:
        with engine.connect() as connection:
            return count_workers(connection)["leads"]
    except SQLAlchemyError:
        return None


def _hears_queue() -> bool:
    try:
        return bool(_desk().redis.ping())
    except RedisError:
        return False


def _has_token() -> bool:
    token = current.settings().metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), given.strip().encode())


def _is_here() -> bool:
    """A proxy before the app would make everybody look near, but it says for whom it asks."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    return is_loopback(request.remote_addr or "")


def _desk() -> Desk:
    return cast(Desk, current_app.extensions["intake"])


def _json(body: dict[str, object], status: int) -> Response:
    response = Response(json_text.write(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
