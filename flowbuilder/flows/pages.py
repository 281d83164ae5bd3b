"""The pages of flows: the list, one flow as a rail of steps, a new one, import, publish, pause."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.flows import beginning, in_flight, operations, queries, shelf, views
from flowbuilder.flows.counts import PERIODS, cards_of, leads_beyond, since
from flowbuilder.flows.forms import ImportForm, NewFlowForm
from flowbuilder.flows.operations import NewerDraft
from flowbuilder.leads.listing import listed_leads
from flowbuilder.models import Flow
from flowbuilder.review import history
from flowbuilder.review.going_back import failing, way_back
from flowbuilder.review.planning import plan_of
from flowbuilder.trials.checks import run_checks
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules.flow import parse_flow
from rules.starters import STARTERS

bp = Blueprint("flows", __name__, url_prefix="/flows")

NEWER_LIVE = "Version {} went live since you opened this page. Look at what going back changes now."
NOW_FAILS = "A check that must pass fails on it, and did not when you opened this page. Look at it before you go back."
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
    """Show the flow as a rail of steps: what is live with how far leads came, or its draft where that is asked for."""
    return flow_page(flow_called(flow_id))


@bp.get("/<flow:flow_id>/passed/<card>")
@signed_in()
def passed(flow_id: UUID, card: str) -> Response:
    """Show the newest leads that went on after a card of the live rail; those that arrived where there is none such."""
    flow = flow_called(flow_id)
    rules = parse_flow(found(queries.live_version(current.session(), flow)).document)[0]
    if rules is None:
        abort(404)
    begins = since(rules, period_asked(), current.now())
    found_ids = leads_beyond(current.session(), flow, rules, card, begins)
    shown = listed_leads(current.session(), flow.account_id, found_ids)
    position = rules.positions.get(card)
    beyond = card if card in cards_of(rules) else None
    return page(
        "flows/passed.html",
        flow=flow,
        rows=shown,
        beyond=beyond,
        number=None if position is None else position + 1,
        period=period_asked(),
        periods=PERIODS,
    )


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
    return go_to(url_for("flows.show", flow_id=flow.id, show="draft", done="imported"))


@bp.post("/<flow:flow_id>/pause")
@signed_in("owner", "publisher")
def pause(flow_id: UUID) -> Response:
    """Pause the flow."""
    return change(flow_id, operations.pause_flow)


@bp.post("/<flow:flow_id>/resume")
@signed_in("owner", "publisher")
def resume(flow_id: UUID) -> Response:
    """Resume the flow."""
    return change(flow_id, operations.resume_flow)


@bp.get("/<flow:flow_id>/versions")
@signed_in()
def versions(flow_id: UUID) -> Response:
    """Show the published versions, a page of them at a time."""
    flow, below = flow_called(flow_id), views.version_asked("below")
    listed, older_than = history.version_list(current.session(), flow, below)
    return page("flows/versions.html", flow=flow, versions=listed, below=below, older_than=older_than)


@bp.get("/<flow:flow_id>/versions/<version:number>")
@signed_in()
def version(flow_id: UUID, number: int) -> Response:
    """Show one published version as a rail."""
    return version_page(flow_called(flow_id), number)


@bp.get("/<flow:flow_id>/versions/<version:number>/compare")
@signed_in()
def compare(flow_id: UUID, number: int) -> Response:
    """Show in words what the live version, or the draft where that is asked for, has otherwise than a version."""
    flow = flow_called(flow_id)
    row = found(queries.version_of(current.session(), flow, number))
    live = queries.live_version(current.session(), flow)
    with_draft = request.args.get("with") == "draft" or live is None
    document = flow.draft if with_draft or live is None else live.document
    parts = history.comparison(current.session(), flow, row.document, document)
    return page("flows/compare.html", flow=flow, version=row, with_draft=with_draft, parts=parts)


@bp.get("/<flow:flow_id>/versions/<version:number>/go-back")
@signed_in("owner", "publisher")
def ask_to_go_back(flow_id: UUID, number: int) -> Response:
    """Ask once whether to go back to a version, by its name, with what that changes and which checks pass on it."""
    return way_back_page(flow_called(flow_id), number)


@bp.post("/<flow:flow_id>/versions/<version:number>/go-back")
@signed_in("owner", "publisher")
def go_back(flow_id: UUID, number: int) -> Response:
    """Make a new live version equal to this one; a check that fails is no obstacle to whoever has seen it fail."""
    flow = flow_called(flow_id)
    version = found(queries.version_of(current.session(), flow, number))
    fails = failing(run_checks(current.session(), flow, version.document, current.now()))
    current.session().refresh(flow, with_for_update=True)
    if request.form.get("live", "") != str(flow.live_version or ""):
        return way_back_page(flow, number, status=409, problem=NEWER_LIVE.format(flow.live_version))
    if not {str(one.id) for one in fails} <= set(request.form.getlist("fails")):
        return way_back_page(flow, number, status=409, problem=NOW_FAILS)
    publication = operations.go_back(
        session=current.session(),
        actor=actor(),
        flow=flow,
        number=number,
        now=current.now(),
        starts_again=asked_to_start_again(),
    )
    if publication.version is None:
        return version_page(flow, number, status=422)
    many = publication.started_again
    in_flight.tell_workers(current.session(), current.queue(), many)
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id, done="went-back", again=many or None))


@bp.post("/<flow:flow_id>/versions/<version:number>/use")
@signed_in("owner", "editor")
def use_version(flow_id: UUID, number: int) -> Response:
    """Make the draft equal to this version, and open it in the editor, where that can be undone."""
    flow = flow_called(flow_id)
    row = found(queries.version_of(current.session(), flow, number))
    operations.use_as_draft(session=current.session(), actor=actor(), flow=flow, version=row, now=current.now())
    current.session().commit()
    return go_to(url_for("editor.edit", flow_id=flow.id))


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


def change(flow_id: UUID, how: Callable[..., object]) -> Response:
    """Change the visitor's flow by an operation, and show it."""
    flow = flow_called(flow_id)
    how(session=current.session(), actor=actor(), flow=flow, now=current.now())
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id))


def flow_page(flow: Flow) -> Response:
    """Return the page of a flow."""
    session, now = current.session(), current.now()
    shared: dict[str, Any] = {
        "planned": plan_of(session, flow),
        "started_again": request.args.get("again", 0, type=int),
    }
    view = None if request.args.get("show") == "draft" else views.live_view(session, flow, period_asked(), now)
    if view is None:
        draft = views.draft_view(session, flow, now)
        return page("flows/show.html", shows_draft=True, **shared, **draft)
    live = view["live"]
    view["recent"] = history.recent(session, flow, live, now)
    view["previous"] = history.previous(session, flow, live)
    return page("flows/show.html", shows_draft=False, periods=PERIODS, **shared, **view)


def way_back_page(flow: Flow, number: int, *, status: int = 200, problem: str = "") -> Response:
    """Return the page that asks once whether to go back to a version; with what went wrong, if something did."""
    session = current.session()
    version = found(queries.version_of(session, flow, number))
    way = way_back(session, flow, version, found(queries.live_version(session, flow)), current.now())
    return page(
        "flows/go_back.html", status=status, problem=problem, flow=flow, way=way, starts_again=asked_to_start_again()
    )


def asked_to_start_again() -> bool:
    """Return whether leads that wait are to begin again in what goes live; they finish where they are otherwise."""
    return request.values.get("waiting") == "start_again"


def period_asked() -> str:
    """Return the period that the page counts leads of."""
    asked = request.args.get("period", "today")
    return asked if asked in PERIODS else "today"


def version_page(flow: Flow, number: int, *, status: int = 200) -> Response:
    """Return the page of one published version."""
    row = found(queries.version_of(current.session(), flow, number))
    view = views.version_view(current.session(), flow, row, current.now())
    return page("flows/version.html", status=status, **view)
