"""Leads for programs: the list, and one lead with its events and offers."""

from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import lead_rows, lead_shapes, paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.errors import Refusal
from flowbuilder.api.lead_story import story_of
from flowbuilder.api.openapi import ANYTHING, MOMENT, MONEY, PAGING, TEXT, WHOLE, YES_NO, describe, many, or_null, shape
from flowbuilder.leads import operations, queries
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("leads", __name__)

SUMMARY = {
    "id": TEXT,
    "status": {"type": "string", "enum": list(lead_rows.STATUSES)},
    "outcome": {"type": "string", "enum": ["success", "failure", "error", "pending"]},
    "reason": or_null(TEXT),
    "reason_code": or_null(TEXT),
    "waiting_for": or_null(TEXT),
    "price": MONEY,
    "revenue": MONEY,
    "currency": TEXT,
    "flow": shape(id=TEXT, version=WHOLE),
    "source": shape(id=TEXT),
    "is_test": YES_NO,
    "received_at": MOMENT,
    "finished_at": or_null(MOMENT),
}
EVENT = shape(
    run=WHOLE, seq=WHOLE, at=MOMENT, step=TEXT, kind=TEXT, outcome=or_null(TEXT), reason=or_null(TEXT), said=TEXT,
    detail=ANYTHING,
)  # fmt: skip
OFFER = shape(
    id=TEXT, step=TEXT, buyer=TEXT, connection=TEXT, phase=TEXT, status=TEXT, is_winner=YES_NO,
    lost_reason=or_null(TEXT), reason=or_null(TEXT), reference=or_null(TEXT), bid=or_null(MONEY),
    winning_bid=or_null(MONEY), cascade_position=or_null(WHOLE), delivery_method=TEXT, price=MONEY, attempts=WHOLE,
    ms=or_null(WHOLE), request=ANYTHING, response=ANYTHING,
)  # fmt: skip
FULL = {
    **SUMMARY,
    "attempts": WHOLE,
    "masked": YES_NO,
    "fields": ANYTHING,
    "events": {"type": "array", "items": EVENT},
    "offers": {"type": "array", "items": OFFER},
}
FILTERS = {"flow": "Leads of one flow.", "status": f"One of {', '.join(lead_rows.STATUSES)}."}


@bp.get("/leads")
@describe("List leads, newest first", gives=many("leads", shape(**SUMMARY)), query={**FILTERS, **PAGING})
@keyed
def index() -> Response:
    """List the account's leads, newest first; `after` goes on with older ones."""
    rows = lead_rows.leads_of(
        current.session(),
        caller().account.id,
        flow_id=paging.id_in_query("flow", "flo"),
        status=_status(),
        after=paging.after(),
        limit=paging.limit() + 1,
    )
    return paging.listed("leads", rows, lead_shapes.summary, lambda lead: ids.show(lead.id))


@bp.get("/leads/<lead:lead_id>")
@describe("Read a lead with its events and offers; people are masked unless the key sees them", gives=shape(**FULL))
@keyed
def show(lead_id: UUID) -> Response:
    """Answer one lead, with all that happened to it."""
    session = current.session()
    lead = found(queries.lead_of(session, caller().account.id, lead_id))
    history = queries.history_of(session, lead)
    story, fields = story_of(session, lead, history)
    shown = lead_shapes.in_full(lead, history, story, fields, sees_people=caller().sees_people)
    return shapes.answer(shown)


@bp.post("/leads/<lead:lead_id>/try-now")
@describe("Have a waiting lead taken up at once", gives=shape(id=TEXT))
@keyed
def try_now(lead_id: UUID) -> Response:
    """Take the lead up at once; 409 when it does not wait."""
    lead = found(queries.lead_of(current.session(), caller().account.id, lead_id))
    moved = operations.try_now(
        session=current.session(), redis=current.queue(), actor=caller().actor, lead_id=lead.id, now=current.now()
    )
    if not moved:
        raise Refusal(409, "not_waiting", "This lead does not wait for anything.")
    return shapes.answer({"id": ids.show(lead_id)})


def _status() -> str | None:
    status = request.args.get("status") or None
    if status is not None and status not in lead_rows.STATUSES:
        raise Refusal(400, "not_a_status", f"“status” must be one of {', '.join(lead_rows.STATUSES)}.")
    return status
