"""The pages of the waiting list: what waits, and what is decided about those that are ticked."""

from collections.abc import Iterable
from uuid import UUID

from flask import Blueprint, Response, abort, request

from flowbuilder import ids
from flowbuilder.accounts.access import signed_in, visitor
from flowbuilder.audit import Actor
from flowbuilder.leads import queries as leads
from flowbuilder.leads.finding import short_form
from flowbuilder.leads.pages import TRIES
from flowbuilder.waiting import listing, operations
from flowbuilder.waiting.operations import MOST_AT_ONCE, TO_DO, Asked, Decided
from flowbuilder.waiting.queries import REASONS, Filter
from flowbuilder.web import current
from flowbuilder.web.fragments import page
from flowbuilder.web.url_ids import asked_id

bp = Blueprint("waiting", __name__, url_prefix="/waiting")

DONE = {
    "try_now": "tried now",
    "send_to": "offered to that buyer",
    "reject": "rejected",
    "has_it": "taken as sold",
    "has_it_not": "taken as declined, and goes on",
}
REASON_WORDS = {
    "retry": "Another try",
    "cap": "Room in a cap",
    "hours": "A buyer to open",
    "answer": "A buyer's answer",
    "person": "A person to decide",
}


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the leads that wait, the longest known first."""
    return _list_page()


@bp.post("")
@signed_in(*TRIES)
def decide() -> Response:
    """Do with the ticked leads what the pressed button says, and show what became of each."""
    form = request.form
    to_do, ticked = form.get("do", ""), form.getlist("lead")
    if "try" in form:
        to_do, ticked = "try_now", [form["try"]]
    if to_do not in TO_DO:
        abort(400)
    problem, about = _problem(to_do, ticked)
    if problem:
        again = _list_page(status=422, problem=problem, about=about, ticked=set(ticked))
        again.headers["HX-Reswap"] = "innerHTML show:#deciding:top"
        return again
    decided = operations.decide_each(
        session=current.session(),
        redis=current.queue(),
        actor=Actor(visitor().account.id, visitor().person.id),
        lead_ids=_read(ticked),
        asked=Asked(to_do, form.get("buyer", ""), form.get("reason", "")),
        now=current.now(),
    )
    left = {ids.show(one.lead_id) for one in decided if one.code}
    return _list_page(done=_done(to_do, decided), left=_left(decided), ticked=left)


def _problem(to_do: str, ticked: list[str]) -> tuple[str, str]:
    """Return what stands in the way, and the input that it is about: "" where it is the ticks."""
    if not ticked:
        return "Tick the leads first that this is about.", ""
    if len(ticked) > MOST_AT_ONCE:
        return f"Tick at most {MOST_AT_ONCE} leads at once.", ""
    if to_do == "reject" and not request.form.get("reason", "").strip():
        return "Type the reason first; the supplier reads exactly that.", "reason"
    if to_do == "send_to" and not request.form.get("buyer"):
        return "Choose the buyer first.", "buyer"
    return "", ""


def _done(to_do: str, decided: Iterable[Decided]) -> str:
    """Return `2 leads are tried now.`; nothing where none was."""
    count = sum(not one.code for one in decided)
    verb = "lead is" if count == 1 else "leads are"
    return f"{count} {verb} {DONE[to_do]}." if count else ""


def _left(decided: Iterable[Decided]) -> list[tuple[str, list[str]]]:
    """Return why leads were left as they are, each reason with the short forms of its leads."""
    reasons: dict[str, list[str]] = {}
    for one in decided:
        if one.code:
            reasons.setdefault(one.message, []).append(short_form(one.lead_id))
    return list(reasons.items())


def _list_page(*, status: int = 200, **values: object) -> Response:
    session, account_id, wanted = current.session(), visitor().account.id, _filter()
    shown = listing.listing(session, account_id, wanted, current.now(), after=asked_id("after"))
    told = {"problem": "", "about": "", "done": "", "left": [], "ticked": set(), **values}
    return page(
        "waiting/index.html",
        "list",
        status=status,
        wanted=wanted,
        shown=shown,
        flows=leads.flow_names(session, account_id),
        buyers=[row for row in leads.connections_of(session, account_id) if row.state != "revoked"],
        reasons=REASON_WORDS,
        may_decide=visitor().role in TRIES,
        now=current.now(),
        told=told,
    )


def _filter() -> Filter:
    reason = request.args.get("for") or None
    if reason is not None and reason not in REASONS:
        abort(404)
    return Filter(asked_id("flow", "flo"), reason, asked_id("buyer", "con"))


def _read(shown: Iterable[str]) -> list[UUID]:
    try:
        return [ids.read(text) for text in shown]
    except ids.NotAnId:
        abort(400)
