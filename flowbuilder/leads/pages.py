"""The pages of leads: the list, and everything that happened to one lead."""

from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import Role, signed_in, visitor
from flowbuilder.audit import Actor
from flowbuilder.leads import operations, queries, stories
from flowbuilder.leads.finding import lead_called
from flowbuilder.leads.listing import listing, mark_of
from flowbuilder.leads.queries import STATUSES, Filter
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, nothing_new, page

bp = Blueprint("leads", __name__, url_prefix="/leads")

SHOWN_FOR = 60
"""Seconds for which personal data stays on the screen."""
SHOW_PEOPLE: tuple[Role, ...] = ("owner", "editor", "publisher")
TRIES: tuple[Role, ...] = ("owner", "editor", "publisher")


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the leads, newest first; a page that polls with what it shows gets 204 while nothing is new."""
    wanted, account_id = _filter(), visitor().account.id
    shown = listing(
        current.session(),
        account_id,
        wanted,
        before=_id("before"),
        down_to=_id("oldest"),
        more="more" in request.args,
    )
    mark = mark_of(shown)
    if request.args.get("mark") == mark and "more" not in request.args:
        return nothing_new()
    return _list_page(wanted, shown=shown, mark=mark, first_new=_id("oldest") if "more" in request.args else None)


@bp.post("/find")
@signed_in()
def find() -> Response:
    """Go to the lead with this id, whole or the short form; searched by post, because people paste other things."""
    lead_id = lead_called(current.session(), visitor().account.id, request.form.get("id", ""))
    if lead_id:
        return go_to(url_for("leads.show", lead_id=lead_id))
    shown = listing(current.session(), visitor().account.id, Filter())
    return _list_page(Filter(), shown=shown, mark=mark_of(shown), not_found=True, status=404)


@bp.get("/<lead:lead_id>")
@signed_in()
def show(lead_id: UUID) -> Response:
    """Show one lead; a page that polls gets 204 while nothing has happened."""
    story = _story(lead_id, in_full=False)
    mark = mark_of(story)
    if request.args.get("mark") == mark:
        return nothing_new()
    return page(
        "leads/show.html",
        "story",
        story=story,
        mark=mark,
        may_show_people=visitor().role in SHOW_PEOPLE,
        may_try=visitor().role in TRIES,
    )


@bp.post("/<lead:lead_id>/people")
@signed_in(*SHOW_PEOPLE)
def show_people(lead_id: UUID) -> Response:
    """Show the personal data of a lead for a minute, and write down who asked for it."""
    story = _story(lead_id, in_full=True)
    operations.note_showing(session=current.session(), visitor=visitor(), lead_id=lead_id, now=current.now())
    response = page("leads/show.html", "story", story=story, mark="", may_show_people=True)
    # Without scripts the browser itself goes back to the masked page; with them the block asks for it.
    response.headers["Refresh"] = f"{SHOWN_FOR}; url={url_for('leads.show', lead_id=lead_id)}"
    return response


@bp.post("/<lead:lead_id>/try-now")
@signed_in(*TRIES)
def try_now(lead_id: UUID) -> Response:
    """Have a waiting lead taken up at once, and go back to it; one that has moved on meanwhile is only shown."""
    lead = found(queries.lead_of(current.session(), visitor().account.id, lead_id))
    actor = Actor(visitor().account.id, visitor().person.id)
    operations.try_now(
        session=current.session(), redis=current.queue(), actor=actor, lead_id=lead.id, now=current.now()
    )
    return go_to(url_for("leads.show", lead_id=lead_id))


def _story(lead_id: UUID, *, in_full: bool) -> stories.Story:
    lead = found(queries.lead_of(current.session(), visitor().account.id, lead_id))
    return stories.story_of(current.session(), lead, in_full=in_full)


def _list_page(
    wanted: Filter,
    *,
    status: int = 200,
    **values: object,
) -> Response:
    session, account_id = current.session(), visitor().account.id
    return page(
        "leads/index.html",
        "rows",
        status=status,
        wanted=wanted,
        flows=queries.flow_names(session, account_id),
        sources=queries.source_names(session, account_id, wanted.flow_id),
        **values,
    )


def _filter() -> Filter:
    status = request.args.get("status") or None
    if status is not None and status not in STATUSES:
        abort(404)
    return Filter(_id("flow", "flo"), _id("source", "src"), status, "needs" in request.args)


def _id(name: str, kind: str | None = None) -> UUID | None:
    text = request.args.get(name)
    if not text:
        return None
    try:
        return ids.read(text, kind)
    except ids.NotAnId:
        abort(404)
