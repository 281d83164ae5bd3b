"""Published versions for programs: list, read, go back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.flows import flow_called, published
from flowbuilder.api.openapi import ANYTHING, MOMENT, PROBLEMS, TEXT, WHOLE, YES_NO, describe, shape
from flowbuilder.flows import operations, queries
from flowbuilder.models import Flow, FlowVersion
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("versions", __name__)

SUMMARY = {"number": WHOLE, "is_live": YES_NO, "note": TEXT, "published_by": TEXT, "published_at": MOMENT}


@bp.get("/flows/<flow:flow_id>/versions")
@describe("List the published versions", gives=shape(versions={"type": "array", "items": shape(**SUMMARY)}))
@keyed
def index(flow_id: UUID) -> Response:
    """List the versions, newest first."""
    flow = flow_called(flow_id)
    rows = queries.versions_of(current.session(), flow)
    return shapes.answer({"versions": [summary(flow, version, by) for version, by in rows]})


@bp.get("/flows/<flow:flow_id>/versions/<int:number>")
@describe(
    "Read a published version",
    gives=shape("number", "is_live", "note", "published_at", "document", **SUMMARY, document=ANYTHING),
)
@keyed
def show(flow_id: UUID, number: int) -> Response:
    """Answer one version with its document."""
    flow = flow_called(flow_id)
    version = found(queries.version_of(current.session(), flow, number))
    shown = summary(flow, version, "")
    del shown["published_by"]
    return shapes.answer({**shown, "document": version.document})


@bp.post("/flows/<flow:flow_id>/versions/<int:number>/go-back")
@describe(
    "Make a new live version equal to an old one",
    gives=shape("version", version=WHOLE, problems=PROBLEMS),
    refuses=(422,),
)
@keyed
def go_back(flow_id: UUID, number: int) -> Response:
    """Go back to a version: a new one, equal to it, is live."""
    flow = flow_called(flow_id)
    found(queries.version_of(current.session(), flow, number))
    return published(
        operations.go_back(session=current.session(), actor=caller().actor, flow=flow, number=number, now=current.now())
    )


def summary(flow: Flow, version: FlowVersion, published_by: str) -> dict[str, Any]:
    """Return a version as lists show it."""
    return {
        "number": version.number,
        "is_live": version.number == flow.live_version,
        "note": version.note,
        "published_by": published_by,
        "published_at": shapes.moment(version.published_at),
    }
