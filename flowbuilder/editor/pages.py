"""The editor: the page of a draft with one open panel, and everything that changes the draft from there."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request

from flowbuilder.accounts.access import Role, actor, signed_in, visitor
from flowbuilder.drafts import operations as drafts
from flowbuilder.drafts.operations import DEEPEST, Conflict, NothingToUndo, TooFarBack
from flowbuilder.editor import answers
from flowbuilder.editor.acting import OF_STEPS, edit_for, page_sent
from flowbuilder.editor.desks import panel_of, room_of
from flowbuilder.flows.pages import flow_called
from flowbuilder.models import Flow
from flowbuilder.web import current
from flowbuilder.web.fragments import nothing_new, wants_fragment
from rules.editing import Gone, NotPossible, settle

bp = Blueprint("editor", __name__, url_prefix="/flows")

MAY_EDIT: tuple[Role, ...] = ("owner", "editor")
MEANWHILE = "The draft has changed meanwhile. Look at what comes next, then press it again."
TOO_FAR_BACK = (
    f"The last {DEEPEST} changes are undone, and older ones cannot be. "
    "A version that was published can still be used as the draft."
)
NOTHING = {"undo": "There is nothing to undo.", "redo": "There is nothing to do again."}


@bp.get("/<flow:flow_id>/edit")
@signed_in()
def edit(flow_id: UUID) -> Response:
    """Show the draft as a rail, with the panel of `?step=`; for htmx the panel alone."""
    flow = flow_called(flow_id)
    session = current.session()
    if visitor().role not in MAY_EDIT:
        return answers.read_only(flow)
    if not wants_fragment():  # An open page says by itself, every few seconds, that somebody is there.
        drafts.look(session=session, flow=flow, person_id=visitor().person.id, now=current.now())
        session.commit()
    return answers.opened(flow)


@bp.post("/<flow:flow_id>/draft/steps/<step>")
@signed_in(*MAY_EDIT)
def save(flow_id: UUID, step: str) -> Response:
    """Give a step the settings that its panel has; 409 with both values when somebody else changed it."""
    flow, session, page = flow_called(flow_id), current.session(), page_sent()
    base = drafts.base_of(session=session, flow=flow, page=page, step=step)
    found = panel_of(base, step) or panel_of(flow.draft, step)
    if found is None:
        return answers.refused(flow, "This step is not in the draft any more. Somebody deleted it.", 409)
    panel, settings = found
    room = room_of(session, flow, base)
    reading = panel.read(request.form, settings, room.desk(step))
    try:
        made = drafts.change(
            session=session,
            actor=actor(),
            flow=flow,
            page=page,
            edit=settle(step, settings, reading.settings, reading.said),
            now=current.now(),
            about=step,
        )
    except Conflict as conflict:
        return answers.in_conflict(flow, conflict, reading.settings)
    session.commit()
    # A button may have made a connection or a list: what is around the draft is read anew.
    is_pressed = request.form.get("do", "") not in ("", "done")
    return answers.saved(room_of(session, flow) if is_pressed else room.now(), step, reading, made)


@bp.post("/<flow:flow_id>/draft/add")
@signed_in(*MAY_EDIT)
def add(flow_id: UUID) -> Response:
    """Add a step of a `kind` below the step `after`, or as the first of a `lane`."""
    return _act(flow_called(flow_id), "add", "")


@bp.post("/<flow:flow_id>/draft/order")
@signed_in(*MAY_EDIT)
def order(flow_id: UUID) -> Response:
    """Put the steps of a list into the `order` in which they were dragged; refused (409) when they have changed."""
    return _act(flow_called(flow_id), "order", "", refusal=409)


@bp.post("/<flow:flow_id>/draft/steps/<step>/<action>")
@signed_in(*MAY_EDIT)
def act(flow_id: UUID, step: str, action: str) -> Response:
    """Move, duplicate, turn off or on, delete a step; make a group of it and the one above; add a buyer to a group."""
    return _act(flow_called(flow_id), action if action in OF_STEPS else abort(404), step)


@bp.post("/<flow:flow_id>/draft/steps/<step>/copy")
@signed_in(*MAY_EDIT)
def copy(flow_id: UUID, step: str) -> Response:
    """Copy a step to the end of another flow of the account, whose draft it becomes a part of."""
    flow = flow_called(flow_id)
    target = answers.flow_named(request.form.get("flow", "")) or abort(404)
    session = current.session()
    try:
        edit = edit_for(room_of(session, flow), "copy", step)
        drafts.change(
            session=session,
            actor=actor(),
            flow=target,
            page=drafts.Page(target.draft_revision),
            edit=edit,
            now=current.now(),
        )
    except NotPossible as problem:
        return answers.refused(flow, str(problem))
    session.commit()
    return answers.copied(flow, target)


@bp.post("/<flow:flow_id>/draft/<way>")
@signed_in(*MAY_EDIT)
def go(flow_id: UUID, way: str) -> Response:
    """Take back the last edit, or do again what was taken back; the form says which one the person meant."""
    flow, session = flow_called(flow_id), current.session()
    target = request.form.get("target", "")
    run = {"undo": drafts.undo, "redo": drafts.redo}.get(way) or abort(404)
    try:
        row = run(
            session=session,
            actor=actor(),
            flow=flow,
            page=page_sent(),
            target=int(target) if target.isdecimal() and len(target) < 9 else 0,
            now=current.now(),
        )
    except TooFarBack:
        return answers.refused(flow, TOO_FAR_BACK, 409)
    except NothingToUndo:
        return answers.refused(flow, MEANWHILE if target else NOTHING[way], 409)
    session.commit()
    return answers.changed(room_of(session, flow), row.said, renews_panel=True)


@bp.get("/<flow:flow_id>/draft/state")
@signed_in()
def state(flow_id: UUID) -> Response:
    """Answer a poll: what others have changed since the page was made, and who is there; 204 when that is the same."""
    flow, session = flow_called(flow_id), current.session()
    drafts.look(session=session, flow=flow, person_id=visitor().person.id, now=current.now())
    session.commit()
    asked, live = request.args, request.args.get("live", str(flow.live_version or ""))
    answer = answers.news(flow, asked.get("revision", ""), asked.get("others", ""), live)
    return answer or nothing_new()


def _act(flow: Flow, action: str, step: str, **more: Any) -> Response:
    """Make the edit that an action names; what makes no sense is told, and changes nothing."""
    session = current.session()
    room = room_of(session, flow)
    about = step if action in ("delete", "group") else ""
    try:
        made = drafts.change(
            session=session,
            actor=actor(),
            flow=flow,
            page=page_sent(),
            edit=edit_for(room, action, step),
            now=current.now(),
            about=about,
        )
    except Conflict as conflict:
        did = "deleted" if conflict.theirs is None else "changed"
        who, where = ("You", " elsewhere") if conflict.is_own else (conflict.who, "")
        return answers.refused(flow, f"{who} {did} this step meanwhile{where}. Look at it, then try again.", 409)
    except Gone as problem:
        return answers.refused(flow, str(problem), 409)
    except NotPossible as problem:
        return answers.refused(flow, str(problem), more.get("refusal", 200))
    session.commit()
    return answers.changed(
        room.now(),
        made.edited.said,
        opens=made.edited.opens,
        undoable=action == "delete",
        renews_panel=answers.is_about_open(made),
        step=step,
    )
