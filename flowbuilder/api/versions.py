"""Published versions for programs: list, read, compare, go back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder.accounts.access import keyed
from flowbuilder.api import paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import read_body
from flowbuilder.api.drafts import CHANGES, in_words
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import GOING_BACK, PUBLISHED, flow_called, published
from flowbuilder.api.openapi import ANYTHING, MOMENT, PAGING, TEXT, WHOLE, YES_NO, describe, many, or_null, shape
from flowbuilder.flows import queries
from flowbuilder.models import Flow, FlowVersion
from flowbuilder.review import going_back
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("versions", __name__)

SUMMARY = {"number": WHOLE, "is_live": YES_NO, "note": TEXT, "published_by": TEXT, "published_at": MOMENT}
LONGEST_NUMBER = 10


@bp.get("/flows/<flow:flow_id>/versions")
@describe("List the published versions", gives=many("versions", shape(**SUMMARY)), query=PAGING)
@keyed
def index(flow_id: UUID) -> Response:
    """List the versions, newest first."""
    flow = flow_called(flow_id)
    rows = queries.versions_of(current.session(), flow, below=_after(), limit=paging.limit() + 1)
    return paging.listed("versions", rows, lambda row: summary(flow, *row), lambda row: str(row[0].number))


@bp.get("/flows/<flow:flow_id>/versions/<version:number>")
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


@bp.get("/flows/<flow:flow_id>/versions/<version:number>/changes")
@describe(
    "Say in words what a version changed",
    gives=shape(since=or_null(WHOLE), changes=CHANGES),
    query={"since": "The version to compare with, the one before by default."},
)
@keyed
def changes(flow_id: UUID, number: int) -> Response:
    """Answer what a version has otherwise than another; nothing where there is no other."""
    flow, session = flow_called(flow_id), current.session()
    version = found(queries.version_of(session, flow, number))
    asked = request.args.get("since", "")
    since = int(asked) if _is_number(asked) else number - 1
    before = queries.version_of(session, flow, since)
    if asked and before is None:
        raise Refusal(404)
    told = in_words(flow, before.document, version.document) if before else []
    return shapes.answer({"since": before.number if before else None, "changes": told})


@bp.post("/flows/<flow:flow_id>/versions/<version:number>/go-back")
@describe(
    "Make a new live version equal to an old one",
    takes=GOING_BACK,
    body_needed=False,
    gives=PUBLISHED,
    refuses=(422,),
)
@keyed
def go_back(flow_id: UUID, number: int) -> Response:
    """Go back to a version: a new one, equal to it, is live; checks that must pass and do not are warnings."""
    flow, body = flow_called(flow_id), read_body("waiting_leads", may_be_empty=True)
    starts_again = body.starts_again()
    body.refuse_problems()
    found(queries.version_of(current.session(), flow, number))
    return published(
        going_back.go_back(
            session=current.session(),
            actor=caller().actor,
            flow=flow,
            number=number,
            now=current.now(),
            starts_again=starts_again,
        )
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


def _after() -> int | None:
    """Return the number of the version after which the page begins, nothing for the first; refuses any other text."""
    text = request.args.get("after", "")
    if text and not _is_number(text):
        raise Refusal(400, "not_a_number", "“after” is the number of a version, as “next” says it.")
    return int(text) if text else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < LONGEST_NUMBER
