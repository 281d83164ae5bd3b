"""What people do with a whole flow in the list: copy it, put it away, get it back, delete it."""

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from flowbuilder.accounts.access import actor, signed_in
from flowbuilder.flows import beginning, shelf
from flowbuilder.flows.pages import flow_called
from flowbuilder.models import Flow
from flowbuilder.web import current
from flowbuilder.web.fragments import go_to, page

bp = Blueprint("shelf", __name__, url_prefix="/flows")

OTHER_NAME = "This is not the name of the flow."


@bp.post("/<flow:flow_id>/duplicate")
@signed_in("owner", "editor")
def duplicate(flow_id: UUID) -> Response:
    """Make a copy of the flow's draft, and open it."""
    flow = shelf.duplicate_flow(session=current.session(), actor=actor(), flow=flow_called(flow_id), now=current.now())
    current.session().commit()
    return go_to(beginning.address_of(flow))


@bp.get("/<flow:flow_id>/remove")
@signed_in("owner", "editor")
def ask(flow_id: UUID) -> Response:
    """Ask whether a flow is to go, and say what becomes of what tells of it."""
    return _ask(flow_called(flow_id))


@bp.post("/<flow:flow_id>/archive")
@signed_in("owner")
def archive(flow_id: UUID) -> Response:
    """Put the flow away."""
    shelf.archive_flow(session=current.session(), actor=actor(), flow=flow_called(flow_id), now=current.now())
    current.session().commit()
    return go_to(url_for("flows.index", done="archived"))


@bp.post("/<flow:flow_id>/restore")
@signed_in("owner")
def restore(flow_id: UUID) -> Response:
    """Get the flow back into the list."""
    shelf.restore_flow(session=current.session(), actor=actor(), flow=flow_called(flow_id), now=current.now())
    current.session().commit()
    return go_to(url_for("flows.index", done="restored"))


@bp.post("/<flow:flow_id>/delete")
@signed_in("owner", "editor")
def remove(flow_id: UUID) -> Response:
    """Delete the flow once its name was typed; one with a history can only be put away."""
    flow = flow_called(flow_id)
    if request.form.get("name", "").strip() != flow.name:
        return _ask(flow, problem=OTHER_NAME, status=422)
    try:
        shelf.delete_flow(session=current.session(), actor=actor(), flow=flow, now=current.now())
    except shelf.HasHistory:
        return _ask(flow, status=409)
    current.session().commit()
    return go_to(url_for("flows.index", done="deleted"))


def _ask(flow: Flow, *, problem: str = "", status: int = 200) -> Response:
    has_history = shelf.has_history(current.session(), flow)
    return page("flows/remove.html", flow=flow, has_history=has_history, problem=problem, status=status)
