"""The addresses that suppliers post to, `/f/<flow key>/<source key>`, and where they ask for an answer later."""

import re
from typing import cast

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import InternalServerError

from flowbuilder import clock
from flowbuilder.accounts.access import keyed
from flowbuilder.intake import meters, operations, wire
from flowbuilder.intake.answers import lead_response, refusal_response
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.guard import posts_tests
from flowbuilder.intake.operations import LONGEST_WAIT, Post
from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.sources import OpenSource

bp = Blueprint("intake", __name__)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
EXTENSION = "intake"


@bp.record_once
def start(state: BlueprintSetupState) -> None:
    """Give the app that the blueprint joins its desk; the first post starts the threads."""
    state.app.extensions[EXTENSION] = Desk(state.app.extensions["settings"])


@bp.post("/f/<flow_key>/<source_key>", strict_slashes=False, provide_automatic_options=False)
@keyed
def post_lead(flow_key: str, source_key: str) -> Response:
    """Take a lead in and answer with what became of it, or with where to ask."""
    source, is_test = _enter(flow_key, source_key)
    try:
        posted, wait = wire.read_posted(request)
        post = Post(posted, request.headers.get("Idempotency-Key"), _seconds(wait), is_test)
        taken = operations.receive_lead(desk(), source, post, now=clock.now())
    except Refused as refused:
        _record(source, refused)
        raise
    response = lead_response(taken.lead, done=201, location=f"/f/{flow_key}/{source_key}", is_replay=taken.is_replay)
    meters.posts(response.status_code).inc()
    return response


@bp.get("/f/<flow_key>/<source_key>/leads/<lead_id>", provide_automatic_options=False)
@keyed
def show_answer(flow_key: str, source_key: str, lead_id: str) -> Response:
    """Answer with what has become of a lead by now."""
    source, _ = _enter(flow_key, source_key)
    lead = operations.find_answer(desk(), source, lead_id)
    return lead_response(lead, done=200, location=f"/f/{flow_key}/{source_key}")


@bp.route("/f/", methods=METHODS, provide_automatic_options=False)
@bp.route("/f/<path:rest>", methods=METHODS, provide_automatic_options=False)
@keyed
def elsewhere(rest: str = "") -> Response:
    """Answer programs in their own language where there is nothing, or nothing for this method."""
    parts = rest.rstrip("/").split("/")
    if len(parts) == 2 and all(parts):
        raise refuse(405, "post_only", "Leads are posted: send POST.", Allow="POST")
    if len(parts) == 4 and parts[2] == "leads":
        raise refuse(405, "get_only", "Answers are read: send GET.", Allow="GET, HEAD")
    raise refuse(404, "no_such_address", "There is nothing at this address: leads go to /f/<flow key>/<source key>.")


@bp.errorhandler(Refused)
def _refused(refused: Refused) -> Response:
    meters.posts(refused.status).inc()
    return refusal_response(refused)


@bp.errorhandler(InternalServerError)
def _our_fault(_error: InternalServerError) -> Response:
    return _refused(refuse(500, "our_fault", "Something went wrong on our side, and the lead is not stored."))


def desk() -> Desk:
    """Return the desk of the app that answers this request."""
    return cast(Desk, current_app.extensions[EXTENSION])


def _enter(flow_key: str, source_key: str) -> tuple[OpenSource, bool]:
    source = desk().sources.find(flow_key, source_key)
    return source, posts_tests(source, request.headers, request.remote_addr or "", desk().wrong_keys)


def _seconds(wait: object) -> float:
    """Return how long the request would wait for its answer, by what it says in `?wait=`."""
    if wait is None:
        return LONGEST_WAIT
    if isinstance(wait, str) and re.fullmatch("[0-9]{1,2}", wait) and int(wait) <= LONGEST_WAIT:
        return float(wait)
    raise refuse(400, "wait_not_usable", f"wait is a whole number of seconds from 0 to {LONGEST_WAIT:.0f}.")


def _record(source: OpenSource, refused: Refused) -> None:
    """What is wrong with a post is recorded for the owner of the flow; what is wrong with us is not."""
    if refused.status < 500:
        desk().batcher.note_refusal(operations.refusal_row(source, refused, now=clock.now()))
