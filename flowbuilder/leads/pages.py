"""The pages of leads: the list, and everything that happened to one lead."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from flowbuilder.accounts.access import Role, signed_in, visitor
from flowbuilder.audit import Actor
from flowbuilder.leads import deciding, operations, queries, standing, stories
from flowbuilder.leads.deciding import CannotDecide
from flowbuilder.leads.finding import lead_called
from flowbuilder.leads.listing import listing, mark_of
from flowbuilder.leads.queries import STATUSES, Filter
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, nothing_new, page
from flowbuilder.web.url_ids import asked_id

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
        before=asked_id("before"),
        down_to=asked_id("oldest"),
        more="more" in request.args,
    )
    mark = mark_of(shown)
    if request.args.get("mark") == mark and "more" not in request.args:
        return nothing_new()
    return _list_page(wanted, shown=shown, mark=mark, first_new=asked_id("oldest") if "more" in request.args else None)


@bp.post("/find")
@signed_in()
def find() -> Response:
    """Go to the lead with this id, whole or the short form; searched by post, because people paste other things."""
    lead_id = lead_called(current.session(), visitor().account.id, request.form.get("id", ""))
    if lead_id:
        return go_to(url_for("leads.show", lead_id=lead_id))
    shown = listing(current.session(), visitor().account.id, Filter())
    return _list_page(Filter(), shown=shown, mark=mark_of(shown), not_found=True, status=404)


@bp.get("/find")
@signed_in()
def find_none() -> Response:
    """Go to the list: whoever signs in again after a search comes here without what was searched for."""
    return go_to(url_for("leads.index"))


@bp.get("/<lead:lead_id>")
@signed_in()
def show(lead_id: UUID) -> Response:
    """Show one lead, and what can be decided about it."""
    return _lead_page(lead_id)


@bp.post("/<lead:lead_id>/people")
@signed_in(*SHOW_PEOPLE)
def show_people(lead_id: UUID) -> Response:
    """Show the personal data of a lead for a minute, and write down who asked for it."""
    lead = found(queries.lead_of(current.session(), visitor().account.id, lead_id))
    story = stories.story_of(current.session(), lead, in_full=True)
    operations.note_showing(session=current.session(), visitor=visitor(), lead_id=lead_id, now=current.now())
    shown: dict[str, Any] = {"story": story, "choices": standing.Choices(), "mark": "", "may_show_people": True}
    response = page("leads/show.html", "story", **shown)
    # Without scripts the browser itself goes back to the masked page; with them the block asks for it.
    response.headers["Refresh"] = f"{SHOWN_FOR}; url={url_for('leads.show', lead_id=lead_id)}"
    return response


@bp.post("/<lead:lead_id>/try-now")
@signed_in(*TRIES)
def try_now(lead_id: UUID) -> Response:
    """Have a waiting lead taken up at once, and go back to it; one that has moved on meanwhile is only shown."""
    return _decided(lead_id, deciding.try_now)


@bp.post("/<lead:lead_id>/reject")
@signed_in(*TRIES)
def reject(lead_id: UUID) -> Response:
    """Have a waiting lead rejected with the reason that was typed."""
    return _decided(lead_id, deciding.reject, reason=request.form.get("reason", ""))


@bp.post("/<lead:lead_id>/send-to")
@signed_in(*TRIES)
def send_to(lead_id: UUID) -> Response:
    """Have a waiting lead offered to the buyer that was chosen."""
    return _decided(lead_id, deciding.send_to, buyer=request.form.get("buyer", ""))


@bp.post("/<lead:lead_id>/settle")
@signed_in(*TRIES)
def settle(lead_id: UUID) -> Response:
    """Have an offer without an answer taken as sold or as declined."""
    lead = found(queries.lead_of(current.session(), visitor().account.id, lead_id))
    typed = partial(deciding.read_price, request.form.get("price", ""), lead.currency)
    offer_no = request.form.get("offer", type=int)

    def decide(**values: Any) -> None:
        has_it = request.form.get("answer") == "accepted"
        deciding.settle(has_it=has_it, price=typed() if has_it else None, offer_no=offer_no, **values)

    return _decided(lead_id, decide)


def _decided(lead_id: UUID, decide: Callable[..., object], **values: object) -> Response:
    """Do what was decided about the lead and go back to it; what cannot be done is said beside it."""
    lead = found(queries.lead_of(current.session(), visitor().account.id, lead_id))
    actor = Actor(visitor().account.id, visitor().person.id)
    try:
        decide(
            session=current.session(), redis=current.queue(), actor=actor, lead_id=lead.id, now=current.now(), **values
        )
    except CannotDecide as why:
        current.session().rollback()
        return _lead_page(lead_id, problem=why.message, status=409 if why.code in deciding.PASSED else 422)
    return go_to(url_for("leads.show", lead_id=lead_id))


def _lead_page(lead_id: UUID, *, status: int = 200, **values: object) -> Response:
    """Show a lead with what can be decided about it; a page that polls gets 204 while nothing has happened."""
    lead = found(queries.lead_of(current.session(), visitor().account.id, lead_id))
    may_try = visitor().role in TRIES
    story = stories.story_of(current.session(), lead, in_full=False)
    choices = standing.choices_of(current.session(), lead) if may_try else standing.Choices()
    mark = mark_of((story, choices))
    if request.method == "GET" and request.args.get("mark") == mark:
        return nothing_new()
    may_show_people = visitor().role in SHOW_PEOPLE
    shown: dict[str, Any] = {"story": story, "choices": choices, "mark": mark, "may_show_people": may_show_people}
    return page("leads/show.html", "story", status=status, **shown, **values)


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
    return Filter(asked_id("flow", "flo"), asked_id("source", "src"), status, "needs" in request.args)
