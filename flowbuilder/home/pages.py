"""The first page: today's numbers, what needs a person, the flows, the last leads."""

from datetime import timedelta

from flask import Blueprint, Response, request

from flowbuilder.accounts.access import signed_in, visitor
from flowbuilder.home.today import caps_today, today
from flowbuilder.leads.listing import mark_of
from flowbuilder.web import current
from flowbuilder.web.fragments import nothing_new, page, wants_fragment

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in()
def index() -> Response:
    """Show today; a page that polls gets 204 while nothing is new."""
    offset = timedelta(seconds=current.settings().clock_offset)
    shown = today(current.session(), visitor().account, current.now(), offset)
    mark = mark_of(shown)
    if request.args.get("mark") == mark:
        return nothing_new()
    # Caps need the rules of every flow: they are looked at when the page is opened, and not each time it polls.
    caps = () if wants_fragment() else caps_today(current.session(), visitor().account.id, current.now())
    return page("home/index.html", "today", today=shown, mark=mark, caps=caps, now=current.now())
