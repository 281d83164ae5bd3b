"""The pages of an inbox: its leads, and one of them with its fields."""

from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import signed_in, visitor
from flowbuilder.audit import Actor
from flowbuilder.inbox import operations, queries
from flowbuilder.inbox.access import READERS, inbox_of
from flowbuilder.models import Connection
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page

bp = Blueprint("inbox", __name__, url_prefix="/connections/<connection:connection_id>/inbox")

SHOWN_FOR = 60
"""Seconds for which personal data stays on the screen."""


@bp.get("")
@signed_in()
def index(connection_id: UUID) -> Response:
    """Show the leads of an inbox, newest first."""
    connection = _inbox(connection_id)
    listing = queries.listing(current.session(), connection, _before())
    return page("inbox/index.html", connection=connection, listing=listing, may_read=visitor().role in READERS)


@bp.get("/<any_id:row_id>")
@signed_in()
def show(connection_id: UUID, row_id: UUID) -> Response:
    """Show one lead with the names of its fields; their values only to those who ask."""
    return _lead_page(_inbox(connection_id), row_id, in_full=False)


@bp.post("/<any_id:row_id>/people")
@signed_in(*READERS)
def show_people(connection_id: UUID, row_id: UUID) -> Response:
    """Show the values for a minute, write down who asked for them, and count the lead as read."""
    connection = _inbox(connection_id)
    found(queries.row_of(current.session(), connection, row_id))
    actor = Actor(visitor().account.id, visitor().person.id)
    operations.show_lead(
        session=current.session(), actor=actor, connection=connection, row_id=row_id, now=current.now()
    )
    response = _lead_page(connection, row_id, in_full=True)
    address = url_for("inbox.show", connection_id=connection_id, row_id=row_id)
    response.headers["Refresh"] = f"{SHOWN_FOR}; url={address}"
    return response


@bp.post("/<any_id:row_id>/read")
@signed_in(*READERS)
def mark_read(connection_id: UUID, row_id: UUID) -> Response:
    """Count a lead as read."""
    return _marked(connection_id, row_id, is_read=True)


@bp.post("/<any_id:row_id>/unread")
@signed_in(*READERS)
def mark_unread(connection_id: UUID, row_id: UUID) -> Response:
    """Count a lead as not read yet."""
    return _marked(connection_id, row_id, is_read=False)


def _inbox(connection_id: UUID) -> Connection:
    return found(inbox_of(current.session(), visitor(), connection_id))


def _marked(connection_id: UUID, row_id: UUID, *, is_read: bool) -> Response:
    session, connection = current.session(), _inbox(connection_id)
    found(queries.row_of(session, connection, row_id))
    operations.mark(session=session, connection=connection, row_id=row_id, read_at=current.now() if is_read else None)
    session.commit()
    return go_to(url_for("inbox.index", connection_id=connection_id))


def _lead_page(connection: Connection, row_id: UUID, *, in_full: bool) -> Response:
    row = found(queries.row_of(current.session(), connection, row_id))
    return page(
        "inbox/show.html",
        connection=connection,
        row=row,
        fields=queries.fields_of(current.session(), row_id),
        in_full=in_full,
        may_read=visitor().role in READERS,
    )


def _before() -> UUID | None:
    text = request.args.get("before")
    try:
        return ids.read(text) if text else None
    except ids.NotAnId:
        abort(404)
