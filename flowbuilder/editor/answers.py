"""What the editor answers: whole pages for a visit, the changed pieces of the page for htmx."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, current_app, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import visitor
from flowbuilder.drafts import queries as drafts
from flowbuilder.drafts.operations import Change, Conflict
from flowbuilder.editor import views
from flowbuilder.editor.desks import Room, room_of
from flowbuilder.editor.panels.base import Reading
from flowbuilder.editor.redrawing import redrawn
from flowbuilder.flows import queries as flows
from flowbuilder.flows.rails import Stop
from flowbuilder.models import Flow
from flowbuilder.review.history import went_live
from flowbuilder.web import current
from flowbuilder.web.fragments import go_to, page, wants_fragment, with_address, with_events
from rules.differences.base import same
from rules.editing.tree import kind_of, settings_of

PAGE = "editor/edit.html"
PIECES = "plain rail starters problems state"
PANEL, LIVE = "panel", "went_live"
NO_PANEL: Mapping[str, Any] = {"step": "", "asks": ""}


def opened(flow: Flow, *, status: int = 200, problem: str = "") -> Response:
    """Return the page with the panel that its address asks for; for htmx that panel."""
    asked, room = request.args, _room(flow)
    panel = _panel_asked(room, asked.get("step", ""), asked.get("do", ""), asked.get("add"), asked.get("lane"))
    return _page(room, PANEL, panel, status=status, problem=problem)


def read_only(flow: Flow) -> Response:
    """Return the page for somebody who may not change the draft."""
    return _page(_room(flow), PANEL, dict(NO_PANEL))


def saved(room: Room, step: str, reading: Reading, made: Change) -> Response:
    """Return the panel as it is after a save, with what could not be read, and all that follows from it."""
    status = 422 if reading.problems else 200
    if request.form.get("do") == "done" and not reading.problems:
        return _to(room, "", made)
    if not wants_fragment() and not reading.problems:
        return _to(room, step, made)
    typed = (reading.typed or request.form) if reading.problems else None
    panel = views.panel_view(room, step, typed=typed, refused=reading.problems)
    said = made.edit.said if made.edit else ""
    blocks = f"{PANEL} {PIECES}{' toast' if said else ''}"
    response = _page(room, blocks, {**NO_PANEL, **(panel or {}), "said": said}, status=status)
    return with_events(response, tell={"text": said, "step": step}) if said else response


def in_conflict(flow: Flow, conflict: Conflict, mine: Mapping[str, Any]) -> Response:
    """Return both values of a step that somebody else has changed (409); nothing was saved."""
    room = _room(flow)
    view = views.conflict_view(room, conflict, mine)
    posted = [(name, value) for name, value in request.form.items(multi=True) if name not in OURS]
    panel = {**NO_PANEL, "step": conflict.step, "asks": "conflict", "conflict": view, "posted": posted}
    return _page(room, f"{PANEL} {PIECES}", panel, status=409)


def changed(
    room: Room, said: str, *, opens: str = "", undoable: bool = False, renews_panel: bool = False, step: str = ""
) -> Response:
    """Return the page after an edit of the rail; `opens` is the step whose panel is shown next, and is focused."""
    flow, blocks, panel = room.flow, PIECES, dict(NO_PANEL)
    if not wants_fragment():
        return _redirect(flow, opens or _open_now(flow), done=str(flow.draft_revision))
    shown = _open_now(flow)
    is_gone = bool(request.form.get("open")) and not shown
    if opens or renews_panel or is_gone:
        blocks = f"{PANEL} {PIECES}"
        panel |= _panel_asked(room, opens or shown)
        panel["takes_focus"] = bool(opens)
    elif shown:
        blocks = f"panel_title {PIECES}"
        panel |= {"step": shown, "title": views.title_of(flow.draft, shown)}
    if undoable:
        blocks += " toast"
    response = _page(room, blocks, {**panel, "said": said})
    if opens or is_gone:
        with_address(response, url_for("editor.edit", flow_id=flow.id, step=opens or None))
    return with_events(response, tell={"text": said, "step": step})


def is_about_open(made: Change) -> bool:
    """Return whether an edit changed the settings of the step whose panel the page shows."""
    edit, shown = made.edit, request.form.get("open", "")
    if edit is None or not shown:
        return False
    return not same(settings_of(edit.before, shown), settings_of(edit.after, shown))


def copied(flow: Flow, target: Flow) -> Response:
    """Say that a step was copied to another flow, with the way there."""
    said = f"Copied to “{target.name}”, as its last step."
    if not wants_fragment():
        return _redirect(flow, _open_now(flow), copied=ids.show(target.id, "flo"))
    return with_events(_page(_room(flow), PANEL, {**NO_PANEL}), say={"text": said}, tell={"text": said})


def refused(flow: Flow, sentence: str, status: int = 200) -> Response:
    """Say why an edit was not made; the page is shown as the draft is now."""
    current.session().rollback()
    if not wants_fragment():
        return opened(flow, status=409, problem=sentence)
    response = _page(_room(flow), PIECES, {**NO_PANEL, "step": _open_now(flow)}, status=status)
    tone = {"say": {"text": sentence, "tone": "bad"}} if status != 200 else {}
    return with_events(response, tell={"text": sentence}, **tone)


def news(flow: Flow, revision: str, others: str, live: str) -> Response | None:
    """Return the pieces of the page that are not what the page shows any more, None when all still are."""
    from_others = drafts.others_there(current.session(), flow, visitor().person.id, current.now())
    if live != str(flow.live_version or ""):
        return _page(_room(flow), f"{LIVE} {PIECES}", dict(NO_PANEL))
    if revision != str(flow.draft_revision):
        return _page(_room(flow), PIECES, dict(NO_PANEL))
    return _page(_room(flow), "state", dict(NO_PANEL)) if ", ".join(from_others) != others else None


def flow_named(shown: str) -> Flow | None:
    """Return the account's flow with a shown id, None when there is none."""
    try:
        return flows.flow_of(current.session(), visitor().account.id, ids.read(shown, "flo"))
    except ids.NotAnId:
        return None


OURS = ("csrf_token", "revision", "page", "open", "marks", "do")
"""Inputs of a panel's form that are none of its settings."""


def _room(flow: Flow) -> Room:
    return room_of(current.session(), flow)


def _page(room: Room, blocks: str, panel: Mapping[str, Any], *, status: int = 200, problem: str = "") -> Response:
    """Return the page, or some of its blocks for htmx."""
    flow, now = room.flow, current.now()
    may_edit = visitor().role in ("owner", "editor")
    is_panel_alone = blocks == PANEL and wants_fragment()
    view: dict[str, Any] = {"flow": flow, "kinds": views.KINDS}
    if not is_panel_alone:
        view = views.page_view(room, visitor().person.id, now)
    values = {"may_edit": may_edit, "problem": problem, "page_id": _page_id(now), "takes_focus": False, "said": ""}
    done = request.args.get("done", "")
    told = view["history"].last if not is_panel_alone and done == str(flow.draft_revision) else None
    if not wants_fragment() or LIVE in blocks:
        values["went_live"] = went_live(room.session, flow, now)
    values["redrawn"] = _redrawn(view) if wants_fragment() and not is_panel_alone else None
    values |= {"told": told, "endpoints": current_app.view_functions, "refused": {}, "panel": None, "title": ""}
    return page(PAGE, blocks, status=status, **{**values, **view, **panel})


def _redrawn(view: Mapping[str, Any]) -> Mapping[str, Stop] | None:
    """Return the stops that the page shows otherwise than they are now; None where all of the rail is drawn for it."""
    return redrawn(view["rail"].stops, view["marks"], request.form.get("marks", "").split())


def _page_id(now: datetime) -> str:
    """Return the id of the open page: what its forms send, a new one for a new page."""
    return request.form.get("page") or request.args.get("page") or f"{int(now.timestamp() * 1000):x}{ids.new_key(6)}"


def _panel_asked(
    room: Room, step: str, do: str = "", add: str | None = None, lane: str | None = None
) -> dict[str, Any]:
    """Return what the panel shows: the kinds to add, where to move or copy a step, or the step's settings."""
    flow = room.flow
    if add is not None or lane is not None:
        return {**NO_PANEL, "asks": "add", "after": add or "", "lane": lane or "", "takes_focus": True}
    if not step or kind_of(flow.draft, step) is None:
        return dict(NO_PANEL)
    title = views.title_of(flow.draft, step)
    if do == "move" and kind_of(flow.draft, step) not in ("intake", "fallback", "row"):
        return {**NO_PANEL, "step": step, "asks": "move", "title": title, "ways_to": views.places_to(room, step)}
    if do == "copy" and kind_of(flow.draft, step) not in ("intake", "fallback", "row"):
        others = [
            row
            for row in flows.flows_of(current.session(), flow.account_id)
            if row.id != flow.id and row.archived_at is None
        ]
        return {**NO_PANEL, "step": step, "asks": "copy", "title": title, "flows": others}
    panel = views.panel_view(room, step, field=request.args.get("field", ""))
    return {**NO_PANEL, **(panel or {}), "takes_focus": True}


def _open_now(flow: Flow) -> str:
    """Return the step whose panel the page shows, as long as the draft has it."""
    shown = request.form.get("open", "")
    return shown if shown and kind_of(flow.draft, shown) else ""


def _to(room: Room, step: str, made: Change) -> Response:
    """Return the way on after a panel was saved: to the page without scripts, else the page without its panel."""
    if not wants_fragment():
        done = {"done": str(made.edit.revision)} if made.edit else {}
        return _redirect(room.flow, step, **done)
    response = _page(room, f"{PANEL} {PIECES}", dict(NO_PANEL))
    with_address(response, url_for("editor.edit", flow_id=room.flow.id))
    return with_events(response, closed={"step": request.form.get("open", "")})


def _redirect(flow: Flow, step: str, **more: str) -> Response:
    query: dict[str, Any] = {"step": step or None, **more}
    return go_to(url_for("editor.edit", flow_id=flow.id, **query))
