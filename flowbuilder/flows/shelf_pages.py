"""What people do with a whole flow in the list: rename it, copy it, put it away, get it back, delete it."""

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from flowbuilder.accounts.access import actor, signed_in
from flowbuilder.accounts.own_paths import own_path
from flowbuilder.flows import beginning, shelf
from flowbuilder.flows.forms import NameForm, as_name
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


@bp.get("/<flow:flow_id>/rename")
@signed_in("owner", "editor")
def ask_name(flow_id: UUID) -> Response:
    """Ask for another name of the flow."""
    flow = flow_called(flow_id)
    return _ask_name(flow, NameForm(formdata=None, name=flow.name))


@bp.post("/<flow:flow_id>/rename")
@signed_in("owner", "editor")
def rename(flow_id: UUID) -> Response:
    """Call the flow by another name; `?next=` leads back to where that was asked for."""
    flow, form = flow_called(flow_id), NameForm()
    if not form.validate():
        return _ask_name(flow, form, status=422)
    shelf.rename_flow(session=current.session(), actor=actor(), flow=flow, name=form.name.data, now=current.now())
    current.session().commit()
    return go_to(_way_back(flow))


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
    if as_name(request.form.get("name")) != as_name(flow.name):
        return _ask(flow, problem=OTHER_NAME, status=422)
    try:
        shelf.delete_flow(session=current.session(), actor=actor(), flow=flow, now=current.now())
    except shelf.HasHistory:
        return _ask(flow, status=409)
    current.session().commit()
    return go_to(url_for("flows.index", done="deleted"))


def _ask_name(flow: Flow, form: NameForm, *, status: int = 200) -> Response:
    return page("flows/rename.html", flow=flow, form=form, back=_way_back(flow), status=status)


def _way_back(flow: Flow) -> str:
    """Return the page that asked for another name, the flow's own where none is told."""
    back = own_path(request.args.get("next"))
    return back if back != "/" else url_for("flows.show", flow_id=flow.id)


def _ask(flow: Flow, *, problem: str = "", status: int = 200) -> Response:
    has_history = shelf.has_history(current.session(), flow)
    return page("flows/remove.html", flow=flow, has_history=has_history, problem=problem, status=status)
