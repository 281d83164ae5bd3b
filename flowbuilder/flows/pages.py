"""The pages of flows: the list, one flow as a rail of steps, a new one, import, publish, pause."""

from uuid import UUID

from flask import Blueprint, Response, url_for

from flowbuilder.accounts.access import signed_in, visitor
from flowbuilder.audit import Actor
from flowbuilder.flows import beginning, operations, queries, shelf, views
from flowbuilder.flows.forms import ImportForm, NewFlowForm
from flowbuilder.flows.operations import NewerDraft
from flowbuilder.models import Flow
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules.starters import STARTERS

bp = Blueprint("flows", __name__, url_prefix="/flows")

NEWER_IMPORT = "Somebody else saved this draft since you opened the page. Send it again to replace theirs."


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the account's flows."""
    session, account = current.session(), visitor().account
    flows, archived = shelf.listed(session, account, current.now()), shelf.archived(session, account.id)
    return page("flows/index.html", flows=flows, archived=archived, starters=STARTERS)


@bp.get("/new")
@signed_in("owner", "editor")
def new() -> Response:
    """Show the form for a new flow."""
    return beginning.form_page(NewFlowForm(start=beginning.asked()))


@bp.post("/new")
@signed_in("owner", "editor")
def create() -> Response:
    """Create a flow as the form says, and open it; or show the form again with everything that is wrong."""
    form = NewFlowForm()
    is_valid, document = form.validate(), beginning.document_of(form)
    if document is None or not is_valid:
        return beginning.form_page(form, status=422)
    flow = operations.create_flow(
        session=current.session(), actor=actor(), name=form.name.data, document=document, now=current.now()
    )
    current.session().commit()
    return go_to(beginning.address_of(flow))


@bp.get("/<flow:flow_id>")
@signed_in()
def show(flow_id: UUID) -> Response:
    """Show the flow: its draft as a rail of steps, and what is live."""
    return flow_page(flow_called(flow_id))


@bp.get("/<flow:flow_id>/import")
@signed_in("owner", "editor")
def import_form(flow_id: UUID) -> Response:
    """Show the form that replaces the draft by a document."""
    return page("flows/import.html", form=ImportForm(), flow=flow_called(flow_id))


@bp.post("/<flow:flow_id>/import")
@signed_in("owner", "editor")
def import_document(flow_id: UUID) -> Response:
    """Replace the draft by what was pasted or uploaded; it may have problems, publishing may not."""
    flow, form = flow_called(flow_id), ImportForm()
    if not form.read_document():
        return page("flows/import.html", form=form, flow=flow, status=422)
    try:
        operations.save_draft(
            session=current.session(),
            actor=actor(),
            flow=flow,
            document=form.document,
            revision=views.revision_sent(),
            now=current.now(),
        )
    except NewerDraft:
        return page("flows/import.html", form=form, flow=flow, problem=NEWER_IMPORT, status=409)
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id, done="imported"))


@bp.post("/<flow:flow_id>/pause")
@signed_in("owner", "publisher")
def pause(flow_id: UUID) -> Response:
    """Pause the flow."""
    flow = flow_called(flow_id)
    operations.pause_flow(session=current.session(), actor=actor(), flow=flow, now=current.now())
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id))


@bp.post("/<flow:flow_id>/resume")
@signed_in("owner", "publisher")
def resume(flow_id: UUID) -> Response:
    """Resume the flow."""
    flow = flow_called(flow_id)
    operations.resume_flow(session=current.session(), actor=actor(), flow=flow, now=current.now())
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id))


@bp.get("/<flow:flow_id>/versions")
@signed_in()
def versions(flow_id: UUID) -> Response:
    """Show every published version."""
    flow = flow_called(flow_id)
    return page("flows/versions.html", flow=flow, versions=queries.versions_of(current.session(), flow))


@bp.get("/<flow:flow_id>/versions/<int:number>")
@signed_in()
def version(flow_id: UUID, number: int) -> Response:
    """Show one published version as a rail."""
    return version_page(flow_called(flow_id), number)


@bp.post("/<flow:flow_id>/versions/<int:number>/go-back")
@signed_in("owner", "publisher")
def go_back(flow_id: UUID, number: int) -> Response:
    """Make a new live version equal to this one."""
    flow = flow_called(flow_id)
    found(queries.version_of(current.session(), flow, number))
    publication = operations.go_back(
        session=current.session(), actor=actor(), flow=flow, number=number, now=current.now()
    )
    if publication.version is None:
        return version_page(flow, number, status=422)
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id, done="went-back"))


@bp.get("/<flow:flow_id>/document.json")
@signed_in()
def download(flow_id: UUID) -> Response:
    """Give the document of the draft, or of `?version=`, as a file."""
    flow = flow_called(flow_id)
    number = views.version_asked()
    document = found(queries.version_of(current.session(), flow, number)).document if number else flow.draft
    return views.as_file(flow, document, number)


def flow_called(flow_id: UUID) -> Flow:
    """Return the visitor's flow; 404 for anybody else's."""
    return found(queries.flow_of(current.session(), visitor().account.id, flow_id))


def actor() -> Actor:
    """Return on whose behalf operations run."""
    return Actor(account_id=visitor().account.id, person_id=visitor().person.id)


def flow_page(flow: Flow, *, status: int = 200, problem: str = "") -> Response:
    """Return the page of a flow; with what went wrong, if something did."""
    view = views.draft_view(current.session(), flow, current.now())
    return page("flows/show.html", status=status, problem=problem, **view)


def version_page(flow: Flow, number: int, *, status: int = 200) -> Response:
    """Return the page of one published version."""
    row = found(queries.version_of(current.session(), flow, number))
    view = views.version_view(current.session(), flow, row, current.now())
    return page("flows/version.html", status=status, **view)
