"""Publishing at a time, for programs: read what is planned, plan it, take it back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import WAITING_LEADS, Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import IF_MATCH, WAITING, flow_called, newer_draft, revision_read
from flowbuilder.api.openapi import MOMENT, TEXT, WHOLE, describe, or_null, shape
from flowbuilder.flows.operations import NewerDraft
from flowbuilder.models import PlannedPublication
from flowbuilder.review import planning
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("plans", __name__)

PLAN = shape(at=MOMENT, note=TEXT, instead_of=or_null(WHOLE), problem=TEXT, **WAITING)
LONGEST_NOTE = 500


@bp.get("/flows/<flow:flow_id>/plan")
@describe("Read what goes live at a time", gives=PLAN)
@keyed
def show(flow_id: UUID) -> Response:
    """Answer what is planned, with the reason once it could not go live; 404 where nothing is."""
    return shapes.answer(_shown(found(planning.plan_of(current.session(), flow_called(flow_id)))))


@bp.put("/flows/<flow:flow_id>/plan")
@describe(
    "Let the draft as it is go live at a time",
    takes=shape("at", at=MOMENT, note=TEXT, **WAITING),
    gives=PLAN,
    headers=IF_MATCH,
    refuses=(409, 428),
)
@keyed
def put(flow_id: UUID) -> Response:
    """Plan the draft that was read, in the place of what was planned before."""
    flow, revision = flow_called(flow_id), revision_read()
    body = read_body("at", "note", "waiting_leads")
    at, note, starts_again = _moment(body), _note(body), body.starts_again()
    body.refuse_problems()
    session = current.session()
    try:
        stopped = planning.plan(
            session=session,
            actor=caller().actor,
            flow=flow,
            revision=revision,
            at=at,
            now=current.now(),
            note=note,
            starts_again=starts_again,
        )
    except NewerDraft:
        raise newer_draft(flow) from None
    if stopped is not None:
        raise Refusal(422, "not_publishable", problems=stopped.problems)
    session.commit()
    return shapes.answer(_shown(found(planning.plan_of(session, flow))))


@bp.delete("/flows/<flow:flow_id>/plan")
@describe("Let nothing go live by itself", gives=shape(id=TEXT))
@keyed
def remove(flow_id: UUID) -> Response:
    """Take back what is planned; nothing planned is no error."""
    flow = flow_called(flow_id)
    planning.take_back(session=current.session(), actor=caller().actor, flow=flow, now=current.now())
    current.session().commit()
    return shapes.answer({"id": shapes.flow_id(flow.id)})


def _moment(body: Body) -> datetime:
    """Return the moment that was sent, which is yet to come."""
    text, now = body.text("at"), current.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = now
    if text and (at.tzinfo is None or at <= now):
        body.report("at", "not_a_time", "“at” must be a time to come with its zone, like 2026-11-20T18:00:00Z.")
    return at


def _note(body: Body) -> str:
    return " ".join(body.text("note").split())[:LONGEST_NOTE] if body.settings.get("note") else ""


def _shown(row: PlannedPublication) -> dict[str, Any]:
    return {
        "at": shapes.moment(row.at),
        "note": row.note,
        "instead_of": row.instead_of,
        "problem": row.problem,
        "waiting_leads": WAITING_LEADS[row.start_again],
    }
