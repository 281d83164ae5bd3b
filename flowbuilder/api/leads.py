"""Leads for programs: the list, and one lead with its events and offers."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import lead_rows, lead_shapes, paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.lead_story import story_of
from flowbuilder.api.openapi import ANYTHING, MOMENT, MONEY, PAGING, TEXT, WHOLE, YES_NO, describe, many, or_null, shape
from flowbuilder.leads import deciding, queries
from flowbuilder.leads.deciding import CannotDecide
from flowbuilder.models import Lead
from flowbuilder.web import current
from flowbuilder.web.found import found
from rules.money import exponent_of
from rules.reading import amount_of

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
    "kind": {"type": "string", "enum": ["post", "ping"]},
    "received_at": MOMENT,
    "finished_at": or_null(MOMENT),
}
EVENT = shape(
    run=WHOLE, seq=WHOLE, at=MOMENT, step=TEXT, kind=TEXT, outcome=or_null(TEXT), reason=or_null(TEXT), said=TEXT,
    buyers=lead_shapes.BUYERS, detail=ANYTHING,
)  # fmt: skip
COPY = shape(method=TEXT, status=TEXT, at=MOMENT)
OFFER = shape(
    id=TEXT, run=WHOLE, round=WHOLE, step=TEXT, buyer=TEXT, connection=TEXT, phase=TEXT, status=TEXT, is_winner=YES_NO,
    lost_reason=or_null(TEXT), reason=or_null(TEXT), reference=or_null(TEXT), bid=or_null(MONEY),
    winning_bid=or_null(MONEY), cascade_position=or_null(WHOLE), delivery_method=TEXT, price=MONEY, attempts=WHOLE,
    created_at=MOMENT, finished_at=or_null(MOMENT), ms=or_null(WHOLE),
    request=ANYTHING, response=ANYTHING, copies={"type": "array", "items": COPY},
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
    return _decided(lead_id, deciding.try_now)


@bp.post("/leads/<lead:lead_id>/reject")
@describe("Reject a waiting lead", takes=shape(reason=TEXT), gives=shape(id=TEXT), refuses=(409,))
@keyed
def reject(lead_id: UUID) -> Response:
    """Have the lead rejected with a reason that its supplier reads."""
    body = read_body("reason")
    return _decided(lead_id, deciding.reject, body, reason=body.text("reason"))


@bp.post("/leads/<lead:lead_id>/send-to")
@describe(
    "Offer a waiting lead once to a buyer of its flow", takes=shape(buyer=TEXT), gives=shape(id=TEXT), refuses=(409,)
)
@keyed
def send_to(lead_id: UUID) -> Response:
    """Have the lead offered to a buyer, named by its step or row or by its connection."""
    body = read_body("buyer")
    return _decided(lead_id, deciding.send_to, body, buyer=body.text("buyer"))


@bp.post("/leads/<lead:lead_id>/settle")
@describe(
    "Say what became of an offer without an answer",
    takes=shape("answer", answer={"type": "string", "enum": ["accepted", "declined"]}, price=MONEY, offer=TEXT),
    gives=shape(id=TEXT),
    refuses=(409,),
)
@keyed
def settle(lead_id: UUID) -> Response:
    """Have an offer taken as sold, for at most what it was offered for, or as declined."""
    lead = found(queries.lead_of(current.session(), caller().account.id, lead_id))
    body = read_body("answer", "price", "offer")
    answer = body.settings.get("answer")
    if answer not in ("accepted", "declined"):
        body.report("answer", "not_an_option", "“answer” must be accepted or declined.")
    price, offer_no = _price(body, lead.currency), _offer_no(body, lead)
    return _decided(lead_id, deciding.settle, body, has_it=answer == "accepted", price=price, offer_no=offer_no)


def _decided(lead_id: UUID, decide: Callable[..., object], body: Body | None = None, **values: Any) -> Response:
    """Do what was decided; answer 409 for what was overtaken by something else, 422 for what cannot be done."""
    lead = found(queries.lead_of(current.session(), caller().account.id, lead_id))
    if body:
        body.refuse_problems()
    try:
        decide(
            session=current.session(), redis=current.queue(), actor=caller().actor, lead_id=lead.id,
            now=current.now(), **values,
        )  # fmt: skip
    except CannotDecide as why:
        current.session().rollback()
        raise Refusal(409 if why.code in deciding.PASSED else 422, why.code, why.message) from None
    return shapes.answer({"id": ids.show(lead_id)})


def _price(body: Body, currency: str) -> int | None:
    price = amount_of(body.settings.get("price"))
    if body.settings.get("price") is None:
        return None
    scaled = None if price is None else price.scaleb(exponent_of(currency))
    if scaled is None or scaled != scaled.to_integral_value():
        body.report("price", "not_money", f"“price” must be an amount of {currency} such as 42.00.")
        return None
    return int(scaled)


def _offer_no(body: Body, lead: Lead) -> int | None:
    """Return the number of the offer that is named by its id, None when none is named."""
    named = body.settings.get("offer")
    if named is None:
        return None
    offers = queries.history_of(current.session(), lead).offers
    number = next((offer.offer_no for offer in offers if ids.show(offer.id) == named), None)
    if number is None:
        body.report("offer", "unknown_offer", "“offer” must be the id of an offer of this lead.")
    return number


def _status() -> str | None:
    status = request.args.get("status") or None
    if status is not None and status not in lead_rows.STATUSES:
        raise Refusal(400, "not_a_status", f"“status” must be one of {', '.join(lead_rows.STATUSES)}.")
    return status
