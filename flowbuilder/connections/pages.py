"""The pages of connections: the list, a manual destination's form, one connection, its tests, pause and revoke."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for

from flowbuilder.accounts.access import signed_in, visitor
from flowbuilder.audit import Actor
from flowbuilder.connections import operations, queries, tools
from flowbuilder.connections.checks import destination_problems, needed_secrets
from flowbuilder.connections.forms import ConnectionForm, RevokeForm, SecretForm
from flowbuilder.connections.operations import Revoked
from flowbuilder.connections.test_words import told
from flowbuilder.connections.written import show_rows
from flowbuilder.models import Connection
from flowbuilder.sources.posting import posted_keys
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page

bp = Blueprint("connections", __name__, url_prefix="/connections")

GONE = "This connection was revoked, which is final. Make a new one."


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the account's connections."""
    account_id = visitor().account.id
    rows = queries.connections_of(current.session(), account_id)
    offered = queries.offered_since(current.session(), account_id, current.now())
    return page("connections/index.html", connections=rows, offered=offered)


@bp.get("/new")
@signed_in("owner", "editor")
def new() -> Response:
    """Show the form for a new connection."""
    return _form_page(ConnectionForm(formdata=None))


@bp.post("/new")
@signed_in("owner", "editor")
def create() -> Response:
    """Create a connection, or show the form again with everything that is wrong."""
    form = ConnectionForm.sent()
    destination = _checked(form, {}, {})
    if destination is None:
        return _form_page(form, status=422)
    row = operations.create_connection(
        session=current.session(), actor=actor(), vault=tools.vault(), name=form.name.data, destination=destination,
        now=current.now(),
    )  # fmt: skip
    current.session().commit()
    return go_to(url_for("connections.show", connection_id=row.id))


@bp.get("/<connection:connection_id>")
@signed_in()
def show(connection_id: UUID) -> Response:
    """Show one connection: where leads go, what is sent, how answers are read, and its tests."""
    return _connection_page(connection_called(connection_id))


@bp.get("/<connection:connection_id>/edit")
@signed_in("owner", "editor")
def edit(connection_id: UUID) -> Response:
    """Show the form with the connection in it; its secrets only as hints."""
    row = connection_called(connection_id)
    return _form_page(ConnectionForm.of(row.name, row.destination), row)


@bp.post("/<connection:connection_id>/edit")
@signed_in("owner", "editor")
def change(connection_id: UUID) -> Response:
    """Change the connection; a secret that was not typed stays."""
    row, form = connection_called(connection_id), ConnectionForm.sent()
    stored = _stored(row)
    destination = _checked(form, row.destination, stored)
    if destination is None:
        return _form_page(form, row, status=422)
    return _changed(
        row,
        operations.change_connection,
        vault=tools.vault(),
        name=form.name.data,
        destination=destination,
    )


@bp.post("/<connection:connection_id>/secrets/<name>")
@signed_in("owner", "editor")
def replace_secret(connection_id: UUID, name: str) -> Response:
    """Put a new secret in the place of the old one."""
    row, form = connection_called(connection_id), SecretForm()
    found(needed_secrets(row.destination).get(name))
    if form.validate() and not form.secret.data.isprintable():
        form.secret.errors = ["A secret cannot hold line breaks or other control characters."]
    if form.errors or form.secret.errors:
        return _connection_page(row, secret_form=form, status=422)
    return _changed(row, operations.replace_secret, vault=tools.vault(), name=name, secret=form.secret.data)


@bp.post("/<connection:connection_id>/pause")
@signed_in("owner", "editor", "publisher")
def pause(connection_id: UUID) -> Response:
    """Pause the connection."""
    return _changed(connection_called(connection_id), operations.pause_connection)


@bp.post("/<connection:connection_id>/resume")
@signed_in("owner", "editor", "publisher")
def resume(connection_id: UUID) -> Response:
    """Resume the connection."""
    return _changed(connection_called(connection_id), operations.resume_connection)


@bp.get("/<connection:connection_id>/revoke")
@signed_in("owner", "editor")
def revoke_form(connection_id: UUID) -> Response:
    """Ask for the connection's name, because revoking is final."""
    return _revoke_page(connection_called(connection_id), RevokeForm())


@bp.post("/<connection:connection_id>/revoke")
@signed_in("owner", "editor")
def revoke(connection_id: UUID) -> Response:
    """Revoke the connection, if its name was typed."""
    row, form = connection_called(connection_id), RevokeForm()
    if form.name.data != row.name:
        form.name.errors = [f"Type “{row.name}”, exactly as it is written."]
        return _revoke_page(row, form, status=422)
    return _changed(row, operations.revoke_connection)


@bp.post("/<connection:connection_id>/tests")
@signed_in("owner", "editor")
def start_test(connection_id: UUID) -> Response:
    """Queue a test call with a made-up lead, and watch it."""
    row = connection_called(connection_id)
    try:
        test = operations.start_test(
            session=current.session(),
            redis=current.queue(),
            connection=row,
            fields=tools.sample_for(current.session(), row),
            now=current.now(),
        )
    except Revoked:
        return _connection_page(row, problem=GONE, status=409)
    current.session().commit()
    return go_to(url_for("connections.show_test", connection_id=row.id, test_id=test.id))


@bp.get("/<connection:connection_id>/tests/<any_id:test_id>")
@signed_in()
def show_test(connection_id: UUID, test_id: UUID) -> Response:
    """Show a test call: what was sent, what was answered, how it was read; asks again each second until it is done."""
    row = connection_called(connection_id)
    test = found(queries.test_of(current.session(), row, test_id))
    return page("connections/test.html", "panel", connection=row, test=test, told=told(test, row, current.now()))


def connection_called(connection_id: UUID) -> Connection:
    """Return the visitor's connection; 404 for anybody else's."""
    return found(queries.connection_of(current.session(), visitor().account.id, connection_id))


def actor() -> Actor:
    """Return on whose behalf operations run."""
    return Actor(account_id=visitor().account.id, person_id=visitor().person.id)


def _checked(form: ConnectionForm, base: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any] | None:
    """Return the destination that the form describes, or nothing once its problems are beside its fields."""
    form.validate()
    destination, problems = form.destination(base)
    allow = current.settings().outbound_allow
    problems += destination_problems(destination, stored=stored, allow=allow) if form.url.data else []
    form.show_problems([problem for problem in problems if problem.severity == "error"])
    return None if form.has_problems else destination


def _changed(row: Connection, operation: Callable[..., None], **values: Any) -> Response:
    """Run an operation on the connection and show it; a revoked one stays as it is."""
    try:
        operation(session=current.session(), actor=actor(), connection=row, now=current.now(), **values)
    except Revoked:
        return _connection_page(row, problem=GONE, status=409)
    current.session().commit()
    return go_to(url_for("connections.show", connection_id=row.id))


def _stored(row: Connection) -> dict[str, Any]:
    return {credential.name: credential for credential in queries.credentials_of(current.session(), row)}


def _form_page(form: ConnectionForm, row: Connection | None = None, *, status: int = 200) -> Response:
    known = posted_keys(current.session(), visitor().account.id)
    stored = _stored(row) if row else {}
    return page("connections/form.html", form=form, connection=row, stored=stored, known_fields=known, status=status)


def _connection_page(
    row: Connection, *, status: int = 200, problem: str = "", secret_form: SecretForm | None = None
) -> Response:
    session = current.session()
    return page(
        "connections/show.html",
        status=status,
        problem=problem,
        connection=row,
        destination=row.destination,
        rows=show_rows(row.destination.get("mapping", [])),
        shown=ConnectionForm.of(row.name, row.destination),
        secrets=queries.credentials_of(session, row),
        secret_form=secret_form or SecretForm(formdata=None),
        flows=queries.flows_with(session, row),
        tests=[(test, told(test, row, current.now())) for test in queries.last_tests(session, row)],
    )


def _revoke_page(row: Connection, form: RevokeForm, *, status: int = 200) -> Response:
    flows = queries.flows_with(current.session(), row)
    return page("connections/revoke.html", connection=row, form=form, flows=flows, status=status)
