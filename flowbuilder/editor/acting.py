"""Which edit a button of the rail means, from what its form says."""

from collections.abc import Callable, Mapping

from flask import request

from flowbuilder.drafts.operations import Page
from flowbuilder.editor.desks import Room
from flowbuilder.editor.new_ids import fresh_ids
from flowbuilder.flows.views import revision_sent
from rules import editing
from rules.editing import Edit, Talk
from rules.editing.tree import step_in

LONGEST_PAGE = 40


def page_sent() -> Page:
    """Return the open page that a form comes from: the revision it was made of, and its own id."""
    return Page(revision_sent(), request.form.get("page", "")[:LONGEST_PAGE])


def edit_for(room: Room, action: str, step: str) -> Edit:
    """Return the edit that a button of the editor means; raises NotPossible when its form makes no sense."""
    talk = Talk(room.around.names.connections, fresh_ids())
    if action in OF_STEPS:
        return OF_STEPS[action](step, talk)
    if action == "copy":
        found = step_in(room.document, step)
        return editing.paste({found.kind: found.settings}, talk)
    return OF_FLOWS[action](talk)


def _add(talk: Talk) -> Edit:
    form = request.form
    return editing.add_step(form.get("kind", ""), talk, after=form.get("after", ""), lane=form.get("lane", ""))


def _order(talk: Talk) -> Edit:
    return editing.arrange(request.form.getlist("order"), talk, lane=request.form.get("lane", ""))


def _move(step: str, talk: Talk) -> Edit:
    """Return the move one place `way`, or `to` another place, such as `after:s2` and `lane:s6.1`."""
    form = request.form
    where, _, place = form.get("to", "").partition(":")
    after, lane = (place if where == "after" else form.get("after")), (place if where == "lane" else form.get("lane"))
    if after or lane:
        return editing.move_to(step, talk, after=after or "", lane=lane or "")
    return editing.move(step, form.get("way", ""), talk)


OF_FLOWS: Mapping[str, Callable[[Talk], Edit]] = {"add": _add, "order": _order}
"""What can be done with the steps of a flow."""
OF_STEPS: Mapping[str, Callable[[str, Talk], Edit]] = {
    "move": _move,
    "duplicate": editing.duplicate,
    "off": lambda step, _: editing.turn(step, off=True),
    "on": lambda step, _: editing.turn(step, off=False),
    "delete": lambda step, _: editing.delete(step),
    "group": editing.as_group,
    "row": editing.add_row,
}
"""What can be done with one step."""
