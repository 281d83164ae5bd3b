"""Flows for programs: create, read, change the draft, publish, pause, dry run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder.accounts.access import keyed
from flowbuilder.api import paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import WAITING_LEADS, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.openapi import ANYTHING, MOMENT, PAGING, PROBLEMS, TEXT, WHOLE, describe, many, or_null, shape
from flowbuilder.flows import in_flight, operations, queries
from flowbuilder.flows.checks import document_problems
from flowbuilder.flows.operations import NewerDraft, Publication
from flowbuilder.models import Flow
from flowbuilder.review.publishing import publish_draft
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("flows", __name__)

SUMMARY = {
    "id": TEXT,
    "key": TEXT,
    "name": TEXT,
    "state": {"type": "string", "enum": ["active", "paused"]},
    "live_version": or_null(WHOLE),
    "revision": WHOLE,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
WAITING = {"waiting_leads": {"type": "string", "enum": list(WAITING_LEADS)}}
GOING_BACK = {"type": "object", "properties": WAITING}
PUBLISHING = {"type": "object", "properties": {"revision": WHOLE, **WAITING}}
PUBLISHED = shape("version", "started_again", version=WHOLE, started_again=WHOLE, problems=PROBLEMS)
STATE = shape(id=TEXT, state=TEXT)
IF_MATCH = {"If-Match": "The revision that was read."}


@bp.post("/flows")
@describe(
    "Create a flow with a draft",
    status=201,
    takes=shape(name=TEXT, document=ANYTHING),
    gives=shape(id=TEXT, key=TEXT, revision=WHOLE, problems=PROBLEMS),
)
@keyed
def create() -> Response:
    """Create a flow; a draft with problems is kept, and they are told."""
    body = read_body("name", "document")
    name, document = body.name(), body.document("document")
    body.refuse_problems()
    flow = operations.create_flow(
        session=current.session(), actor=caller().actor, name=name, document=document, now=current.now()
    )
    shown = {**draft_state(flow), "id": shapes.flow_id(flow.id), "key": flow.key}
    current.session().commit()
    return shapes.answer(shown, 201)


@bp.get("/flows")
@describe("List the flows", gives=many("flows", shape(**SUMMARY)), query=PAGING)
@keyed
def index() -> Response:
    """List the account's flows, oldest first."""
    rows = queries.flows_of(current.session(), caller().account.id, after=paging.after("flo"), limit=paging.limit() + 1)
    return paging.listed("flows", rows, summary, lambda flow: shapes.flow_id(flow.id))


@bp.get("/flows/<flow:flow_id>")
@describe(
    "Read a flow: its draft and what is live",
    gives=shape(**SUMMARY, draft=ANYTHING, live=or_null(ANYTHING), problems=PROBLEMS),
)
@keyed
def show(flow_id: UUID) -> Response:
    """Answer one flow with its draft, the problems of the draft, and the live document."""
    flow = flow_called(flow_id)
    live = queries.live_version(current.session(), flow)
    documents = {"draft": flow.draft, "live": live.document if live else None}
    return shapes.answer({**summary(flow), **documents, **draft_state(flow)}, ETag=tag(flow))


@bp.put("/flows/<flow:flow_id>/draft")
@describe(
    "Replace the draft",
    takes=shape(document=ANYTHING),
    gives=shape(revision=WHOLE, problems=PROBLEMS),
    headers=IF_MATCH,
    refuses=(409, 428),
)
@keyed
def save_draft(flow_id: UUID) -> Response:
    """Replace the draft if it is still the one that was read; 409 with the newer draft otherwise."""
    flow = flow_called(flow_id)
    revision = revision_read()
    body = read_body("document")
    document = body.document("document")
    body.refuse_problems()
    try:
        operations.save_draft(
            session=current.session(),
            actor=caller().actor,
            flow=flow,
            document=document,
            revision=revision,
            now=current.now(),
        )
    except NewerDraft:
        raise newer_draft(flow) from None
    current.session().commit()
    return shapes.answer(draft_state(flow), ETag=tag(flow))


@bp.post("/flows/<flow:flow_id>/publish")
@describe("Publish the draft", takes=PUBLISHING, body_needed=False, gives=PUBLISHED, refuses=(409, 422))
@keyed
def publish(flow_id: UUID) -> Response:
    """Make the draft the live version; 409 where it is not the one that was read, 422 with what stands in its way."""
    flow, body = flow_called(flow_id), read_body("revision", "waiting_leads", may_be_empty=True)
    revision, starts_again = body.revision(), body.starts_again()
    body.refuse_problems()
    try:
        publication = publish_draft(
            session=current.session(),
            actor=caller().actor,
            flow=flow,
            now=current.now(),
            revision=revision,
            starts_again=starts_again,
        )
    except NewerDraft:
        raise newer_draft(flow, "Nothing was published.") from None
    return published(publication)


@bp.post("/flows/<flow:flow_id>/pause")
@describe("Pause a flow", gives=STATE)
@keyed
def pause(flow_id: UUID) -> Response:
    """Pause the flow."""
    return _change(flow_id, operations.pause_flow)


@bp.post("/flows/<flow:flow_id>/resume")
@describe("Resume a paused flow", gives=STATE)
@keyed
def resume(flow_id: UUID) -> Response:
    """Resume the flow."""
    return _change(flow_id, operations.resume_flow)


def flow_called(flow_id: UUID) -> Flow:
    """Return the caller's flow; 404 for anybody else's."""
    return found(queries.flow_of(current.session(), caller().account.id, flow_id))


def _change(flow_id: UUID, how: Callable[..., object]) -> Response:
    """Change the caller's flow by an operation, and answer with its state."""
    flow = flow_called(flow_id)
    how(session=current.session(), actor=caller().actor, flow=flow, now=current.now())
    current.session().commit()
    return shapes.answer({"id": shapes.flow_id(flow.id), "state": flow.state})


def summary(flow: Flow) -> dict[str, Any]:
    """Return a flow as lists show it."""
    return {
        "id": shapes.flow_id(flow.id),
        "key": flow.key,
        "name": flow.name,
        "state": flow.state,
        "live_version": flow.live_version,
        "revision": flow.draft_revision,
        "created_at": shapes.moment(flow.created_at),
        "updated_at": shapes.moment(flow.updated_at),
    }


def published(publication: Publication) -> Response:
    """Commit and answer the new version, or refuse with the problems."""
    problems = shapes.problems(publication.problems)
    if publication.version is None:
        raise Refusal(422, "not_publishable", problems=publication.problems, beside={"problems": problems})
    number, many = publication.version.number, publication.started_again
    in_flight.tell_workers(current.session(), current.queue(), many)
    current.session().commit()
    return shapes.answer({"version": number, "started_again": many, "problems": problems})


def draft_state(flow: Flow) -> dict[str, Any]:
    """Return the revision of a draft and what is wrong with it."""
    found_problems = document_problems(
        session=current.session(), account_id=flow.account_id, document=flow.draft, flow_id=flow.id
    )
    return {"revision": flow.draft_revision, "problems": shapes.problems(found_problems)}


def tag(flow: Flow) -> str:
    """Return the revision as the entity tag that If-Match repeats (RFC 9110, 13.1.1)."""
    return f'"{flow.draft_revision}"'


def revision_read() -> int:
    """Return the revision that the caller read, from If-Match; refuses when it is not there, or none."""
    text = request.headers.get("If-Match", "").strip().strip('"')
    if not text:
        raise Refusal(428)
    if not text.isdecimal() or len(text) > 9:
        raise Refusal(400, "not_a_revision", "If-Match must be the revision that you read, a whole number.")
    return int(text)


def newer_draft(flow: Flow, left_undone: str = "Yours was not saved.") -> Refusal:
    """Return the refusal for whoever read an older draft, with the newer one."""
    words = f"The draft was saved by somebody else since you read it. {left_undone}"
    return Refusal(409, "newer_draft", words, beside={"revision": flow.draft_revision, "draft": flow.draft})
