"""The review of a draft: what would change, what that would have done, and publishing it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.flows import in_flight
from flowbuilder.flows.operations import NewerDraft
from flowbuilder.flows.pages import asked_to_start_again, change, flow_called
from flowbuilder.flows.views import revision_sent
from flowbuilder.models import Flow
from flowbuilder.review import planning, views
from flowbuilder.review.publishing import publish_draft
from flowbuilder.web import current
from flowbuilder.web.fragments import go_to, page
from rules.backtest import Assumed

bp = Blueprint("review", __name__, url_prefix="/flows")

LONGEST_NOTE = 500
NEWER = "Somebody else changed this draft since you opened the review. Look at it as it is now, then publish."
NEWER_LIVE = "Version {} went live since you opened the review. Look at what your draft changes of it, then publish."
PUT_RIGHT = "It cannot go live like this. Put these right first."
NOT_A_TIME = "Choose a time that is yet to come, then plan it."
NOT_TICKED = "Tick what you have looked at, then publish."


@bp.get("/<flow:flow_id>/review")
@signed_in()
def show(flow_id: UUID) -> Response:
    """Show what the draft changes; its impact follows by itself, or at once where `?impact=now` asks for it."""
    flow = flow_called(flow_id)
    return review_page(flow, with_rest=request.args.get("impact") == "now")


@bp.get("/<flow:flow_id>/review/impact")
@signed_in()
def impact(flow_id: UUID) -> Response:
    """Show what the draft would have done, what to look at, and how to publish it."""
    flow = flow_called(flow_id)
    return page("review/rest.html", **_values(flow))


@bp.post("/<flow:flow_id>/review")
@signed_in("owner", "publisher")
def publish(flow_id: UUID) -> Response:
    """Make the draft live, once all that is to be looked at is ticked; else say what stands in the way."""
    flow = flow_called(flow_id)
    if request.form.get("live", "") != str(flow.live_version or ""):
        if views.is_live(current.session(), flow):  # The same form was sent twice.
            return go_to(url_for("flows.show", flow_id=flow.id, done="published"))
        return review_page(flow, status=409, problem=NEWER_LIVE.format(flow.live_version))
    rest = views.rest_of(current.session(), flow, now=current.now(), new_buyers=new_buyers())
    ticked = set(request.form.getlist("tick"))
    if any(one.key not in ticked for one in rest.warnings):
        return review_page(flow, status=422, problem=NOT_TICKED)
    if request.form.get("do") == "plan":
        return _plan(flow)
    try:
        publication = publish_draft(
            session=current.session(),
            actor=actor(),
            flow=flow,
            now=current.now(),
            revision=revision_sent(),
            note=note(),
            starts_again=asked_to_start_again(),
        )
    except NewerDraft:
        return review_page(flow, status=409, problem=NEWER)
    if publication.version is None:
        return review_page(flow, status=422, problem=PUT_RIGHT)
    many = publication.started_again
    in_flight.tell_workers(current.session(), current.queue(), many)
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id, done="published", again=many or None))


@bp.post("/<flow:flow_id>/review/take-back")
@signed_in("owner", "publisher")
def take_back(flow_id: UUID) -> Response:
    """Let nothing go live by itself any more."""
    return change(flow_id, planning.take_back)


def _plan(flow: Flow) -> Response:
    """Let the draft go live at the time that was typed, by the account's clock."""
    at = time_typed()
    if at is None or at <= current.now():
        return review_page(flow, status=422, problem=NOT_A_TIME)
    try:
        stopped = planning.plan(
            session=current.session(),
            actor=actor(),
            flow=flow,
            revision=revision_sent(),
            at=at,
            now=current.now(),
            note=note(),
            starts_again=asked_to_start_again(),
        )
    except NewerDraft:
        return review_page(flow, status=409, problem=NEWER)
    if stopped is not None:
        return review_page(flow, status=422, problem=PUT_RIGHT)
    current.session().commit()
    return go_to(url_for("flows.show", flow_id=flow.id))


def time_typed() -> datetime | None:
    """Return the moment that was typed, by the clock of the account; nothing where it is none."""
    try:
        local = datetime.fromisoformat(request.form.get("at", ""))
        zone = ZoneInfo(visitor().account.time_zone)
        return local.replace(tzinfo=zone).astimezone(UTC) if local.tzinfo is None else None
    except (ValueError, OverflowError):  # The latter for what is past the end of the calendar in UTC.
        return None


def review_page(flow: Flow, *, status: int = 200, problem: str = "", with_rest: bool = True) -> Response:
    """Return the review of a flow; with what went wrong, if something did."""
    found = views.review_view(current.session(), flow)
    rest = _values(flow) if with_rest and not found["has_errors"] else {"rest": None, **_chosen()}
    return page("review/show.html", status=status, problem=problem, **{**rest, **found})


def new_buyers() -> Assumed:
    """Return what is assumed of buyers that no answer is recorded of."""
    return "decline" if request.values.get("new_buyers") == "decline" else "accept"


def note() -> str:
    """Return the note for the history that was typed."""
    return " ".join(request.values.get("note", "").split())[:LONGEST_NOTE]


def _chosen() -> dict[str, Any]:
    return {
        "new_buyers": new_buyers(),
        "note": note(),
        "ticked": request.values.getlist("tick"),
        "at": request.values.get("at", ""),
        "starts_again": asked_to_start_again(),
    }


def _values(flow: Flow) -> dict[str, Any]:
    rest = views.rest_of(current.session(), flow, now=current.now(), new_buyers=new_buyers())
    publishers = views.publishers_of(current.session(), visitor().account.id)
    return {"flow": flow, "rest": rest, "publishers": publishers, **_chosen()}
