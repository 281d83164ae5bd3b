"""The waiting list for programs: what waits, and what is decided about one or many."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.openapi import MOMENT, PAGING, TEXT, WHOLE, YES_NO, Schema, describe, many, or_null, shape
from flowbuilder.waiting import operations, queries
from flowbuilder.waiting.listing import Row, rows_of
from flowbuilder.waiting.operations import MOST_AT_ONCE, TO_DO, Asked, Decided
from flowbuilder.waiting.queries import REASONS, Filter
from flowbuilder.web import current

bp = Blueprint("waiting", __name__)

ROW = shape(
    id=TEXT, is_test=YES_NO, flow=TEXT, version=WHOLE, source=TEXT,
    waiting_for={"type": "string", "enum": list(REASONS)}, why=TEXT, buyer=or_null(TEXT), since=MOMENT,
    next_at=or_null(MOMENT), tries=WHOLE, may_be_taken=YES_NO, is_being_done=YES_NO,
)  # fmt: skip
FILTERS = {
    "flow": "Leads of one flow.",
    "for": f"One of {', '.join(REASONS)}.",
    "buyer": "Leads that wait for one connection.",
}
LEADS: Schema = {"type": "array", "items": TEXT, "description": f"Their ids, at most {MOST_AT_ONCE}."}
TAKES = shape("leads", "do", leads=LEADS, do={"type": "string", "enum": list(TO_DO)}, buyer=TEXT, reason=TEXT)
DECIDED = shape(id=TEXT, is_done=YES_NO, code=or_null(TEXT), message=or_null(TEXT))


@bp.get("/waiting")
@describe("List the leads that wait, the longest first", gives=many("leads", ROW), query={**FILTERS, **PAGING})
@keyed
def index() -> Response:
    """List the leads that wait; `after` goes on with those that came later."""
    session, account_id = current.session(), caller().account.id
    wanted = Filter(paging.id_in_query("flow", "flo"), _reason(), paging.id_in_query("buyer", "con"))
    found = queries.waiting_leads(session, account_id, wanted, after=paging.after(), limit=paging.limit() + 1)
    rows = rows_of(session, account_id, found, current.now())
    return paging.listed("leads", rows, _row, lambda row: ids.show(row.id))


@bp.post("/waiting")
@describe(
    "Try leads now, send them to a buyer, reject or settle them; says of each whether it is done",
    takes=TAKES,
    gives=shape(leads={"type": "array", "items": DECIDED}),
)
@keyed
def decide() -> Response:
    """Do with each lead what is asked; one that cannot be helped stops no other."""
    body = read_body("leads", "do", "buyer", "reason")
    lead_ids, asked = _lead_ids(body), _asked(body)
    body.refuse_problems()
    decided = operations.decide_each(
        session=current.session(), redis=current.queue(), actor=caller().actor, lead_ids=lead_ids, asked=asked,
        now=current.now(),
    )  # fmt: skip
    return shapes.answer({"leads": [_decided(one) for one in decided]})


def _lead_ids(body: Body) -> list[UUID]:
    """Return the ids of the leads that are named, each read."""
    named = body.settings.get("leads")
    if not isinstance(named, list) or not 1 <= len(named) <= MOST_AT_ONCE:
        body.report("leads", "not_a_list", f"“leads” must be a list of 1 to {MOST_AT_ONCE} ids.")
        return []
    read = []
    for position, text in enumerate(named):
        try:
            read.append(ids.read(text if isinstance(text, str) else ""))
        except ids.NotAnId:
            body.report(f"leads[{position}]", "not_an_id", "This is not the id of a lead.")
    return read


def _asked(body: Body) -> Asked:
    to_do = body.settings.get("do")
    if to_do not in TO_DO:
        body.report("do", "not_an_option", f"“do” must be one of {', '.join(TO_DO)}.")
    buyer = body.text("buyer") if to_do == "send_to" else ""
    reason = body.text("reason") if to_do == "reject" else ""
    return Asked(str(to_do), buyer, reason)


def _reason() -> str | None:
    reason = request.args.get("for") or None
    if reason is not None and reason not in REASONS:
        raise Refusal(400, "not_a_reason", f"“for” must be one of {', '.join(REASONS)}.")
    return reason


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": ids.show(row.id),
        "is_test": row.is_test,
        "flow": row.flow,
        "version": row.version,
        "source": row.source,
        "waiting_for": row.waiting_for,
        "why": row.why,
        "buyer": row.buyer or None,
        "since": shapes.moment(row.since),
        "next_at": shapes.moment(row.next_at),
        "tries": row.tries,
        "may_be_taken": row.may_be_taken,
        "is_being_done": row.is_being_done,
    }


def _decided(one: Decided) -> dict[str, Any]:
    return {
        "id": ids.show(one.lead_id),
        "is_done": not one.code,
        "code": one.code or None,
        "message": one.message or None,
    }
