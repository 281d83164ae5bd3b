"""Leads of suppliers that post to one address for all their flows; answered as the addresses of flows answer.

An ASGI server answers posts before they come here, as no thread is to wait with them.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from flask import Blueprint, Response, current_app, request

from flowbuilder.accounts.access import keyed
from flowbuilder.api.lead_rows import STATUSES
from flowbuilder.api.openapi import ANYTHING, JSON, MONEY, TEXT, describe, or_null, shape
from flowbuilder.intake import app, ingest
from flowbuilder.intake.answers import Answer
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.request import Request
from flowbuilder.intake.wire import FORM_TYPE, MOST_BYTES, MULTIPART_TYPE

bp = Blueprint("ingest", __name__)

OUTCOME = {"type": "string", "enum": ["success", "failure", "error", "pending"]}
LEAD = {
    "campaignId": {**TEXT, "description": "The key or id of the flow; without it, the flow of the key's own source."},
    "categoryId": {**TEXT, "description": "What the lead is about; 403 for what the source may not send."},
    "state": TEXT,
    "quality": {**TEXT, "description": "hot, warm or cold, where the flow asks for it."},
    "data": {**ANYTHING, "description": "The fields of the lead."},
}
ANSWER = shape(
    outcome=OUTCOME, status={"type": "string", "enum": list(STATUSES)}, reason=or_null(TEXT), lead=shape(id=TEXT),
    price=MONEY, ignored={"type": "array", "items": TEXT},
)  # fmt: skip
PROBLEM = shape(field=or_null(TEXT), code=TEXT, message=TEXT)
REFUSAL = shape(
    "outcome", "status", "errors", "lead",
    outcome=OUTCOME, status={"type": "string", "enum": ["invalid", "error"]},
    errors={"type": "array", "items": PROBLEM}, lead={"type": "null"}, ignored={"type": "array", "items": TEXT},
)  # fmt: skip


@bp.post(ingest.ADDRESS, strict_slashes=False)
@bp.post(ingest.SHORT_ADDRESS, strict_slashes=False)
@describe(
    "Post a lead as a supplier, with the key of a source: 201 when its answer is known, 202 when it is not yet",
    status=201,
    also=(202, 303),
    takes={"type": "object", "properties": LEAD},
    takes_also=("application/xml", FORM_TYPE, MULTIPART_TYPE),
    gives=ANSWER,
    gives_in=(JSON, "application/xml"),
    query={"wait": "How many seconds to wait for the answer, 0 to 25; 25 by default."},
    refuses=(403, 404, 409, 411),
    refusal=REFUSAL,
    key="source_key",
)
@keyed
def post_lead() -> Response:
    """Take a lead in for the flow that its body names."""
    return _answered(ingest.answer)


@bp.route(ingest.SHORT_ADDRESS, methods=["GET", "PUT", "PATCH", "DELETE"])
@keyed
def refuse_method() -> Response:
    """Say that leads are posted here, in the shape of every answer to a supplier."""
    return _answered(ingest.refuse_method)


def _answered(answer: Callable[[Desk, Request], Awaitable[Answer]]) -> Response:
    desk = cast(Desk, current_app.extensions["intake"])
    held = Request(request.environ)
    held.hold(MOST_BYTES)
    answered = desk.loop.run(app.answer_or_refuse(answer, desk, held))
    return Response(answered.body, answered.status, list(answered.headers), content_type=answered.content_type)
