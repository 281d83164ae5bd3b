"""Connections for programs: create, read, change, replace a secret, test, pause, resume, revoke."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.openapi import ANYTHING, MOMENT, PAGING, PROBLEMS, TEXT, describe, many, or_null, shape
from flowbuilder.connections import breakers, operations, queries, signing, tools
from flowbuilder.connections.checks import SECRET_WORDS, destination_problems, list_problems, needed_secrets
from flowbuilder.connections.operations import Revoked
from flowbuilder.models import Connection, ConnectionTest, Credential
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("connections", __name__)

SUMMARY = {
    "id": TEXT,
    "name": TEXT,
    "state": {"type": "string", "enum": ["active", "paused", "revoked"]},
    "tested_at": or_null(MOMENT),
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
SECRET = shape(name=TEXT, hint=TEXT, updated_at=MOMENT)
FAILED = shape(at=MOMENT, lead=TEXT, said=TEXT)
BREAKER = shape(
    phase={"type": "string", "enum": ["closed", "open", "ready", "probing"]}, limits=or_null(TEXT),
    opened_at=or_null(MOMENT), next_at=or_null(MOMENT), failures={"type": "array", "items": FAILED},
)  # fmt: skip
FULL = {**SUMMARY, "destination": ANYTHING, "secrets": {"type": "array", "items": SECRET}, "breaker": BREAKER}
TEST = {
    "id": TEXT,
    "connection": TEXT,
    "state": {"type": "string", "enum": ["queued", "sending", "done"]},
    "fields": ANYTHING,
    "request": {"type": ["object", "null"]},
    "reply": {"type": ["object", "null"]},
    "answer": {"type": ["object", "null"]},
    "created_at": MOMENT,
    "finished_at": or_null(MOMENT),
}
STATE = shape(id=TEXT, state=TEXT)
MADE = shape(id=TEXT, problems=PROBLEMS)
LONGEST_SECRET = 4000
T = TypeVar("T")


@bp.post("/connections")
@describe("Create a connection to a buyer", status=201, takes=shape(name=TEXT, destination=ANYTHING), gives=MADE)
@keyed
def create() -> Response:
    """Create a connection; the secrets in it are sealed and never shown again."""
    body = read_body("name", "destination")
    name, destination = body.name(), body.document("destination")
    _check(body, destination)
    row = operations.create_connection(
        session=current.session(), actor=caller().actor, vault=tools.vault(), name=name, destination=destination,
        now=current.now(),
    )  # fmt: skip
    current.session().commit()
    return shapes.answer({"id": shapes.connection_id(row.id), "problems": shapes.problems(body.problems)}, 201)


@bp.get("/connections")
@describe("List the connections", gives=many("connections", shape(**SUMMARY)), query=PAGING)
@keyed
def index() -> Response:
    """List the account's connections, oldest first."""
    rows = queries.connections_of(
        current.session(), caller().account.id, after=paging.after("con"), limit=paging.limit() + 1
    )
    return paging.listed("connections", rows, summary, lambda row: shapes.connection_id(row.id))


@bp.get("/connections/<connection:connection_id>")
@describe("Read a connection; of its secrets only what is not secret", gives=shape(**FULL))
@keyed
def show(connection_id: UUID) -> Response:
    """Answer one connection with its destination."""
    row = connection_called(connection_id)
    secrets = [_secret(credential) for credential in queries.credentials_of(current.session(), row)]
    breaker = _breaker(breakers.standing_of(current.session(), row, current.now()))
    return shapes.answer({**summary(row), "destination": row.destination, "secrets": secrets, "breaker": breaker})


@bp.put("/connections/<connection:connection_id>")
@describe(
    "Change a connection; secrets that are not given stay",
    takes=shape(name=TEXT, destination=ANYTHING),
    gives=MADE,
    refuses=(409,),
)
@keyed
def change(connection_id: UUID) -> Response:
    """Replace name and destination."""
    row = connection_called(connection_id)
    body = read_body("name", "destination")
    name, destination = body.name(), body.document("destination")
    stored = {credential.name for credential in queries.credentials_of(current.session(), row)}
    _check(body, destination, stored)
    with_refusal(
        lambda: operations.change_connection(
            session=current.session(), actor=caller().actor, vault=tools.vault(), connection=row, name=name,
            destination=destination, now=current.now(),
        )
    )  # fmt: skip
    current.session().commit()
    return shapes.answer({"id": shapes.connection_id(row.id), "problems": shapes.problems(body.problems)})


@bp.put("/connections/<connection:connection_id>/secrets/<name>")
@describe("Replace a secret", takes=shape(secret=TEXT), gives=SECRET, refuses=(409,))
@keyed
def replace_secret(connection_id: UUID, name: str) -> Response:
    """Put a new secret in the place of the old one."""
    row = connection_called(connection_id)
    found(needed_secrets(row.destination).get(name) or SECRET_WORDS.get(name))
    body = read_body("secret")
    secret = body.settings.get("secret")
    if not isinstance(secret, str) or not 1 <= len(secret.strip()) <= LONGEST_SECRET or not secret.isprintable():
        body.report("secret", "bad_secret", f"“secret” must be a text of 1 to {LONGEST_SECRET} printable characters.")
    elif problem := signing.secret_problem(name, secret.strip()):
        body.report("secret", "bad_secret", problem)
    body.refuse_problems()
    with_refusal(
        lambda: operations.replace_secret(
            session=current.session(), actor=caller().actor, vault=tools.vault(), connection=row, name=name,
            secret=str(secret).strip(), now=current.now(),
        )
    )  # fmt: skip
    current.session().commit()
    return shapes.answer(_secret(found(current.session().get(Credential, (row.id, name)))))


@bp.post("/connections/<connection:connection_id>/test")
@describe(
    "Send a made-up lead, marked X-Test: true",
    status=202,
    takes=shape("", fields=ANYTHING) | {"required": []},
    body_needed=False,
    gives=shape(**TEST),
    refuses=(409,),
)
@keyed
def test(connection_id: UUID) -> Response:
    """Queue a test call; read the test to see what came of it."""
    row = connection_called(connection_id)
    body = read_body("fields", may_be_empty=True)
    fields = body.optional_document("fields")
    body.refuse_problems()
    fields = tools.sample_for(current.session(), row) if fields is None else fields
    known = tools.fields_for(current.session(), row)
    started = with_refusal(
        lambda: operations.start_test(
            session=current.session(),
            redis=current.queue(),
            connection=row,
            fields=fields,
            known=known,
            now=current.now(),
        )
    )
    current.session().commit()
    return shapes.answer(_test(started), 202)


@bp.get("/connections/<connection:connection_id>/tests/<any_id:test_id>")
@describe("Read what came of a test call", gives=shape(**TEST))
@keyed
def show_test(connection_id: UUID, test_id: UUID) -> Response:
    """Answer one test: what was sent, what was answered, how it was read."""
    row = connection_called(connection_id)
    return shapes.answer(_test(found(queries.test_of(current.session(), row, test_id))))


@bp.post("/connections/<connection:connection_id>/try")
@describe("Let the next lead through an open breaker", gives=BREAKER, refuses=(409,))
@keyed
def try_one_lead(connection_id: UUID) -> Response:
    """Make the next lead the probe of the connection's breaker; 409 when it is not open."""
    row = connection_called(connection_id)
    try:
        breakers.try_one_lead(session=current.session(), actor=caller().actor, connection=row, now=current.now())
    except breakers.NotOpen:
        raise Refusal(409, "not_open", "Its leads are not stopped now, or one is being tried already.") from None
    current.session().commit()
    return shapes.answer(_breaker(breakers.standing_of(current.session(), row, current.now())))


@bp.post("/connections/<connection:connection_id>/pause")
@describe("Pause a connection", gives=STATE, refuses=(409,))
@keyed
def pause(connection_id: UUID) -> Response:
    """Pause the connection."""
    return set_state(connection_id, operations.pause_connection)


@bp.post("/connections/<connection:connection_id>/resume")
@describe("Resume a paused connection", gives=STATE, refuses=(409,))
@keyed
def resume(connection_id: UUID) -> Response:
    """Resume the connection."""
    return set_state(connection_id, operations.resume_connection)


@bp.post("/connections/<connection:connection_id>/revoke")
@describe("Revoke a connection, for good", gives=STATE)
@keyed
def revoke(connection_id: UUID) -> Response:
    """Revoke the connection and delete its secrets."""
    return set_state(connection_id, operations.revoke_connection)


def connection_called(connection_id: UUID) -> Connection:
    """Return the caller's connection; 404 for anybody else's."""
    return found(queries.connection_of(current.session(), caller().account.id, connection_id))


def summary(row: Connection) -> dict[str, Any]:
    """Return a connection as lists show it."""
    return {
        "id": shapes.connection_id(row.id),
        "name": row.name,
        "state": row.state,
        "tested_at": shapes.moment(row.tested_at),
        "created_at": shapes.moment(row.created_at),
        "updated_at": shapes.moment(row.updated_at),
    }


def with_refusal(operation: Callable[[], T]) -> T:
    """Run an operation; answers 409 when the connection was revoked."""
    try:
        return operation()
    except Revoked:
        raise Refusal(409, "revoked", "This connection was revoked, which is final. Create a new one.") from None


def _check(body: Body, destination: dict[str, Any], stored: set[str] | None = None) -> None:
    body.refuse_problems()
    settings = current.settings()
    body.problems += destination_problems(
        destination, at="destination", stored=stored or (), allow=settings.outbound_allow
    )
    body.problems += list_problems(
        session=current.session(), account_id=caller().account.id, destination=destination, at="destination"
    )
    body.refuse_problems()


def set_state(connection_id: UUID, operation: Callable[..., None]) -> Response:
    """Run an operation that takes nothing more, and answer the state that the connection is in."""
    row = connection_called(connection_id)
    with_refusal(lambda: operation(session=current.session(), actor=caller().actor, connection=row, now=current.now()))
    current.session().commit()
    return shapes.answer({"id": shapes.connection_id(row.id), "state": row.state})


def _breaker(standing: breakers.Standing) -> dict[str, Any]:
    return {
        "phase": standing.phase,
        "limits": standing.limits or None,
        "opened_at": shapes.moment(standing.opened_at),
        "next_at": shapes.moment(standing.next_at),
        "failures": [
            {"at": shapes.moment(one.at), "lead": ids.show(one.lead_id), "said": one.words} for one in standing.failed
        ],
    }


def _secret(credential: Credential) -> dict[str, Any]:
    return {
        "name": credential.name,
        "hint": credential.hint,
        "updated_at": shapes.moment(credential.updated_at),
    }


def _test(test: ConnectionTest) -> dict[str, Any]:
    return {
        "id": ids.show(test.id),
        "connection": shapes.connection_id(test.connection_id),
        "state": test.state,
        "fields": test.fields,
        "request": test.request,
        "reply": test.reply,
        "answer": test.answer,
        "created_at": shapes.moment(test.created_at),
        "finished_at": shapes.moment(test.finished_at),
    }
