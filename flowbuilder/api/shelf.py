"""Whole flows for programs: rename one, copy it, put it away, get it back, delete it."""

from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import SUMMARY, flow_called, summary
from flowbuilder.api.openapi import TEXT, describe, shape
from flowbuilder.flows import shelf
from flowbuilder.web import current

bp = Blueprint("shelf", __name__)

HAS_HISTORY = "Leads, versions or suppliers tell of this flow. It can be archived."


@bp.patch("/flows/<flow:flow_id>")
@describe("Rename a flow", takes=shape(name=TEXT), gives=shape(**SUMMARY))
@keyed
def rename(flow_id: UUID) -> Response:
    """Call the flow by another name; 422 for none, or one that is too long."""
    flow, body = flow_called(flow_id), read_body("name")
    name = body.name()
    body.refuse_problems()
    shelf.rename_flow(session=current.session(), actor=caller().actor, flow=flow, name=name, now=current.now())
    current.session().commit()
    return shapes.answer(summary(flow))


@bp.post("/flows/<flow:flow_id>/duplicate")
@describe("Make a copy of a flow's draft", status=201, gives=shape(**SUMMARY))
@keyed
def duplicate(flow_id: UUID) -> Response:
    """Make a new flow with the same draft; nothing of it is live."""
    flow = shelf.duplicate_flow(
        session=current.session(), actor=caller().actor, flow=flow_called(flow_id), now=current.now()
    )
    current.session().commit()
    return shapes.answer(summary(flow), 201)


@bp.post("/flows/<flow:flow_id>/archive")
@describe("Put a flow away: it is paused, and not listed", gives=shape(**SUMMARY))
@keyed
def archive(flow_id: UUID) -> Response:
    """Put the flow away."""
    flow = flow_called(flow_id)
    shelf.archive_flow(session=current.session(), actor=caller().actor, flow=flow, now=current.now())
    current.session().commit()
    return shapes.answer(summary(flow))


@bp.post("/flows/<flow:flow_id>/restore")
@describe("List a flow again; it stays paused", gives=shape(**SUMMARY))
@keyed
def restore(flow_id: UUID) -> Response:
    """Get the flow back."""
    flow = flow_called(flow_id)
    shelf.restore_flow(session=current.session(), actor=caller().actor, flow=flow, now=current.now())
    current.session().commit()
    return shapes.answer(summary(flow))


@bp.delete("/flows/<flow:flow_id>")
@describe("Delete a flow that nothing tells of", gives=shape(id=TEXT), refuses=(409,))
@keyed
def remove(flow_id: UUID) -> Response:
    """Delete the flow with its draft; 409 where it can only be put away."""
    flow = flow_called(flow_id)
    try:
        shelf.delete_flow(session=current.session(), actor=caller().actor, flow=flow, now=current.now())
    except shelf.HasHistory:
        raise Refusal(409, "has_history", HAS_HISTORY) from None
    current.session().commit()
    return shapes.answer({"id": shapes.flow_id(flow_id)})
