"""The pages of connections: the list, a manual destination's form, one connection, its tests, pause and revoke."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.accounts.own_paths import own_path
from flowbuilder.connections import breakers, operations, queries, real_sales, signing, tools
from flowbuilder.connections.checks import destination_problems, list_problems, needed_secrets
from flowbuilder.connections.described import where_to
from flowbuilder.connections.forms import ConnectionForm, RevokeForm, SecretForm, SigningForm
from flowbuilder.connections.operations import Revoked
from flowbuilder.connections.preview import Preview, preview
from flowbuilder.connections.rendering import connection_page, form_page, revoke_page, stored_secrets
from flowbuilder.connections.test_words import told
from flowbuilder.flows.forms import as_name
from flowbuilder.models import Connection
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules.fields import Field

bp = Blueprint("connections", __name__, url_prefix="/connections")

LETS_THROUGH = "Its leads are not stopped now, or one is being tried already."
GONE = "This connection was revoked, which is final. Make a new one."


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the account's connections."""
    account_id = visitor().account.id
    rows = queries.connections_of(current.session(), account_id)
    offered = queries.offered_since(current.session(), account_id, current.now())
    left_alone = breakers.closed_to_leads(current.session(), rows, current.now())
    return page("connections/index.html", connections=rows, offered=offered, left_alone=left_alone, where_to=where_to)


@bp.get("/new")
@signed_in("owner", "editor")
def new() -> Response:
    """Show the form for a new connection."""
    return form_page(ConnectionForm(formdata=None))


@bp.post("/new")
@signed_in("owner", "editor")
def create() -> Response:
    """Create a connection, or show the form again with what is wrong; `?next=` leads back to where it will be used."""
    form = ConnectionForm.sent()
    if _asks_to_look(form):
        return form_page(form, looked_at=_previewed(form, {}, tools.usual_sample(), tools.USUAL_FIELDS))
    destination = _checked(form, {}, {})
    if destination is None:
        return form_page(form, status=422)
    row = operations.create_connection(
        session=current.session(), actor=actor(), vault=tools.vault(), name=form.name.data, destination=destination,
        now=current.now(),
    )  # fmt: skip
    current.session().commit()
    back = own_path(request.args.get("next"))
    if back == "/":
        return go_to(url_for("connections.show", connection_id=row.id))
    return go_to(f"{back}{'&' if '?' in back else '?'}connection={ids.show(row.id, 'con')}")


@bp.get("/<connection:connection_id>")
@signed_in()
def show(connection_id: UUID) -> Response:
    """Show one connection: where leads go, what is sent, how answers are read, and its tests."""
    return connection_page(connection_called(connection_id))


@bp.get("/<connection:connection_id>/edit")
@signed_in("owner", "editor")
def edit(connection_id: UUID) -> Response:
    """Show the form with the connection in it; its secrets only as hints."""
    row = connection_called(connection_id)
    return form_page(ConnectionForm.of(row.name, row.destination), row)


@bp.post("/<connection:connection_id>/edit")
@signed_in("owner", "editor")
def change(connection_id: UUID) -> Response:
    """Change the connection; a secret that was not typed stays."""
    row, form = connection_called(connection_id), ConnectionForm.sent()
    if _asks_to_look(form):
        sample, known = tools.sample_for(current.session(), row), tools.fields_for(current.session(), row)
        return form_page(form, row, looked_at=_previewed(form, row.destination, sample, known))
    stored = stored_secrets(row)
    destination = _checked(form, row.destination, stored)
    if destination is None:
        return form_page(form, row, status=422)
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
    if form.validate() and (problem := signing.secret_problem(name, form.secret.data)):
        form.secret.errors = [problem]
    if form.errors or form.secret.errors:
        return connection_page(row, secret_form=form, status=422)
    return _changed(row, operations.replace_secret, vault=tools.vault(), name=name, secret=form.secret.data)


@bp.post("/<connection:connection_id>/signing")
@signed_in("owner", "editor")
def sign(connection_id: UUID) -> Response:
    """Sign with a new secret and show it, this once; the old one may stay in use beside it for a week."""
    row, form = connection_called(connection_id), SigningForm()
    secret = form.secret.data or signing.new_secret()
    form.validate()
    if problem := signing.secret_problem("signing_secret", secret):
        form.secret.errors = [problem]
    if form.errors or form.secret.errors:
        return connection_page(row, signing_form=form, status=422)
    old_until = current.now() + signing.OVERLAP if form.keep_old.data else None
    try:
        operations.sign_with(
            session=current.session(), actor=actor(), vault=tools.vault(), connection=row, secret=secret,
            now=current.now(), old_until=old_until,
        )  # fmt: skip
    except Revoked:
        return connection_page(row, problem=GONE, status=409)
    current.session().commit()
    return connection_page(row, new_signing_secret=secret)


@bp.post("/<connection:connection_id>/signing/stop")
@signed_in("owner", "editor")
def stop_signing(connection_id: UUID) -> Response:
    """Send requests unsigned from now on."""
    return _changed(connection_called(connection_id), operations.stop_signing)


@bp.post("/<connection:connection_id>/real-sales")
@signed_in("owner", "editor")
def confirm_sales(connection_id: UUID) -> Response:
    """Keep that sales are real although their answers say these words."""
    return _changed(connection_called(connection_id), real_sales.confirm, words=request.form.getlist("word"))


@bp.post("/<connection:connection_id>/real-sales/ask-again")
@signed_in("owner", "editor")
def ask_about_sales(connection_id: UUID) -> Response:
    """Ask again whether sales are real whose answers say a word."""
    return _changed(connection_called(connection_id), real_sales.ask_again, word=request.form.get("word", ""))


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
    return revoke_page(connection_called(connection_id), RevokeForm())


@bp.post("/<connection:connection_id>/revoke")
@signed_in("owner", "editor")
def revoke(connection_id: UUID) -> Response:
    """Revoke the connection, if its name was typed."""
    row, form = connection_called(connection_id), RevokeForm()
    if form.name.data != as_name(row.name):
        form.name.errors = [f"Type “{row.name}”, exactly as it is written."]
        return revoke_page(row, form, status=422)
    return _changed(row, operations.revoke_connection)


@bp.post("/<connection:connection_id>/try")
@signed_in("owner", "editor", "publisher")
def try_one_lead(connection_id: UUID) -> Response:
    """Let the next lead through the connection's open breaker."""
    row = connection_called(connection_id)
    try:
        breakers.try_one_lead(session=current.session(), actor=actor(), connection=row, now=current.now())
    except breakers.NotOpen:
        return connection_page(row, problem=LETS_THROUGH, status=409)
    current.session().commit()
    return go_to(url_for("connections.show", connection_id=row.id))


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
            known=tools.fields_for(current.session(), row),
            now=current.now(),
        )
    except Revoked:
        return connection_page(row, problem=GONE, status=409)
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


def _checked(form: ConnectionForm, base: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any] | None:
    """Return the destination that the form describes, or nothing once its problems are beside its fields."""
    form.validate()
    destination, problems = form.destination(base)
    allow = current.settings().outbound_allow
    problems += destination_problems(destination, stored=stored, allow=allow) if form.url.data or not form.calls else []
    problems += list_problems(session=current.session(), account_id=visitor().account.id, destination=destination)
    form.show_problems([problem for problem in problems if problem.severity == "error"])
    return None if form.has_problems else destination


def _changed(row: Connection, operation: Callable[..., None], **values: Any) -> Response:
    """Run an operation on the connection and show it; a revoked one stays as it is."""
    try:
        operation(session=current.session(), actor=actor(), connection=row, now=current.now(), **values)
    except Revoked:
        return connection_page(row, problem=GONE, status=409)
    current.session().commit()
    return go_to(url_for("connections.show", connection_id=row.id))


def _asks_to_look(form: ConnectionForm) -> bool:
    """Return whether the form was sent to be shown again: with a ready mapping in it, or with its request."""
    if "take" in request.form:
        form.take_ready_mapping(tools.ready_mappings(current.session(), visitor().account.id))
    return "take" in request.form or "preview" in request.form


def _previewed(
    form: ConnectionForm, base: dict[str, Any], sample: dict[str, Any], known: Iterable[Field]
) -> Preview | None:
    if "preview" not in request.form:
        return None
    destination, problems = form.destination(base)
    if problems:
        return Preview(None, problems[0].message)
    return preview(destination, sample, known=known, buyer=form.name.data or "", now=current.now())
