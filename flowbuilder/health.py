"""For whoever watches the process: does it serve, can it work, and what has it counted."""

import ipaddress
from contextlib import suppress
from typing import cast

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder.accounts.access import public
from flowbuilder.intake.desk import Desk
from flowbuilder.web import current
from rules import json_text

bp = Blueprint("health", __name__)

WORKER_SEEN_WITHIN = 30  # seconds
OLDEST_DUE = Gauge(
    "flowbuilder_oldest_due_seconds", "How long the lead that is due longest has been due; 0 when none is."
)
WORKERS = text("SELECT count(*) FROM worker WHERE seen_at > now() - make_interval(secs => :seconds)")
OLDEST = text(
    "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM lead WHERE state <> 'done' AND due_at <= now()"
)


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
@public("a collector on the same network reads it; everybody else gets 404")
def metrics() -> Response:
    """Give the counts of this process in the text format of Prometheus, to private addresses only."""
    if not _is_near():
        abort(404)
    _measure_backlog(current.engine())
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _workers(engine: Engine) -> int | None:
    try:
        with engine.connect() as connection:
            return int(connection.execute(WORKERS, {"seconds": WORKER_SEEN_WITHIN}).scalar_one())
    except SQLAlchemyError:
        return None


def _hears_queue() -> bool:
    try:
        return bool(_desk().redis.ping())
    except RedisError:
        return False


def _measure_backlog(engine: Engine) -> None:
    """While the database is away the gauge keeps its last value, and `/readyz` says what is the matter."""
    with suppress(SQLAlchemyError), engine.connect() as connection:
        OLDEST_DUE.set(float(connection.execute(OLDEST).scalar_one()))


def _is_near() -> bool:
    """A proxy before the app would make everybody look near, but it says for whom it asks."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_private
    except ValueError:
        return False


def _desk() -> Desk:
    return cast(Desk, current_app.extensions["intake"])


def _json(body: dict[str, object], status: int) -> Response:
    response = Response(json_text.write(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
