"""The history of drafts for programs: what was changed, in words; undo and redo; a version used as the draft."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import IF_MATCH, draft_state, flow_called, newer_draft, revision_read, tag
from flowbuilder.api.openapi import MOMENT, PROBLEMS, TEXT, WHOLE, describe, or_null, shape
from flowbuilder.drafts import operations as drafts
from flowbuilder.drafts import queries
from flowbuilder.drafts.operations import NothingToUndo
from flowbuilder.drafts.queries import Button
from flowbuilder.flows import operations
from flowbuilder.flows import queries as flows
from flowbuilder.models import DraftEdit, Flow
from flowbuilder.review.history import names_of
from flowbuilder.web import current
from flowbuilder.web.found import found
from rules.differences import Difference, differences

bp = Blueprint("drafts", __name__)

KINDS = {"type": "string", "enum": ["edit", "undo", "redo"]}
EDIT = shape(revision=WHOLE, kind=KINDS, name=TEXT, step=TEXT, by=TEXT, at=MOMENT)
NEXT = or_null(shape(revision=WHOLE, name=TEXT))
CHANGE = shape(what=TEXT, where=TEXT, step=TEXT, text=TEXT, before=TEXT, after=TEXT)
CHANGES = {"type": "array", "items": CHANGE}
STATE = shape(revision=WHOLE, problems=PROBLEMS)
NOTHING = "There is nothing to {}."


@bp.get("/flows/<flow:flow_id>/draft/changes")
@describe(
    "Say in words what the draft changes of the live version", gives=shape(live_version=or_null(WHOLE), changes=CHANGES)
)
@keyed
def changes(flow_id: UUID) -> Response:
    """Answer what differs from what is live; nothing where no version is live."""
    flow = flow_called(flow_id)
    live = flows.live_version(current.session(), flow)
    told = in_words(flow, live.document, flow.draft) if live else []
    return shapes.answer({"live_version": flow.live_version, "changes": told})


@bp.get("/flows/<flow:flow_id>/draft/history")
@describe(
    "List the newest edits of the draft, newest first, with what undo and redo would do",
    gives=shape(edits={"type": "array", "items": EDIT}, undo=NEXT, redo=NEXT),
)
@keyed
def history(flow_id: UUID) -> Response:
    """Answer the last hundred edits."""
    flow = flow_called(flow_id)
    edits = [_edit(row, by) for row, by in queries.edits_of(current.session(), flow)]
    stands = queries.history_of(current.session(), flow, None)
    return shapes.answer({"edits": edits, "undo": _next(stands.undo), "redo": _next(stands.redo)})


@bp.post("/flows/<flow:flow_id>/draft/undo")
@describe("Take back the last edit of the draft", gives=STATE, headers=IF_MATCH, refuses=(409, 428))
@keyed
def undo(flow_id: UUID) -> Response:
    """Take back the last edit, unless the draft is not the one that was read."""
    return _go(flow_id, "undo")


@bp.post("/flows/<flow:flow_id>/draft/redo")
@describe("Do again what was taken back", gives=STATE, headers=IF_MATCH, refuses=(409, 428))
@keyed
def redo(flow_id: UUID) -> Response:
    """Do again what was taken back last, unless the draft is not the one that was read."""
    return _go(flow_id, "redo")


@bp.post("/flows/<flow:flow_id>/versions/<version:number>/use")
@describe("Make the draft equal to a version", gives=STATE, headers=IF_MATCH, refuses=(409, 428))
@keyed
def use_version(flow_id: UUID, number: int) -> Response:
    """Use a version as the draft, unless the draft is not the one that was read; undo brings the old one back."""
    flow = _as_read(flow_id)
    version = found(flows.version_of(current.session(), flow, number))
    operations.use_as_draft(
        session=current.session(), actor=caller().actor, flow=flow, version=version, now=current.now()
    )
    return _saved(flow)


def in_words(flow: Flow, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what one document of a flow has otherwise than another, as lists show it."""
    return [_change(one) for one in differences(before, after, names_of(current.session(), flow))]


def _as_read(flow_id: UUID) -> Flow:
    """Return the caller's flow with its draft held; refuses when the draft is not the one that was read."""
    flow = flow_called(flow_id)
    revision = revision_read()
    current.session().refresh(flow, with_for_update=True)
    if revision != flow.draft_revision:
        raise newer_draft(flow)
    return flow


def _go(flow_id: UUID, way: str) -> Response:
    flow = _as_read(flow_id)
    stands = queries.history_of(current.session(), flow, None)
    target, run = (stands.undo, drafts.undo) if way == "undo" else (stands.redo, drafts.redo)
    try:
        run(
            session=current.session(),
            actor=caller().actor,
            flow=flow,
            page=drafts.Page(flow.draft_revision),
            target=target.revision if target else 0,
            now=current.now(),
        )
    except NothingToUndo:
        raise Refusal(409, f"nothing_to_{way}", NOTHING.format(way)) from None
    return _saved(flow)


def _saved(flow: Flow) -> Response:
    current.session().commit()
    return shapes.answer(draft_state(flow), ETag=tag(flow))


def _edit(row: DraftEdit, by: str) -> dict[str, Any]:
    return {
        "revision": row.revision,
        "kind": row.kind,
        "name": row.name,
        "step": row.step,
        "by": by,
        "at": shapes.moment(row.at),
    }


def _next(button: Button | None) -> dict[str, Any] | None:
    return {"revision": button.revision, "name": button.name} if button else None


def _change(one: Difference) -> dict[str, Any]:
    return {
        "what": one.what,
        "where": one.where,
        "step": one.step,
        "text": one.text,
        "before": one.before,
        "after": one.after,
    }
