"""What goes out to a buyer, for programs: the request that a lead would make, and the secrets that sign requests."""

from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import read_body
from flowbuilder.api.connections import STATE, connection_called, set_state, with_refusal
from flowbuilder.api.openapi import ANYTHING, MOMENT, TEXT, describe, or_null, shape
from flowbuilder.connections import operations, signing, tools
from flowbuilder.connections.preview import preview
from flowbuilder.web import current

bp = Blueprint("connection_requests", __name__)


@bp.put("/connections/<connection:connection_id>/signing")
@describe(
    "Sign requests with a new secret, made up unless given; the old one may stay in use for 7 days beside it",
    takes=shape("", secret=TEXT, keep_old={"type": "boolean"}) | {"required": []},
    body_needed=False,
    gives=shape(secret=TEXT, old_until=or_null(MOMENT)),
    refuses=(409,),
)
@keyed
def sign(connection_id: UUID) -> Response:
    """Answer the secret, this once, and until when the old one signs beside it."""
    row = connection_called(connection_id)
    body = read_body("secret", "keep_old", may_be_empty=True)
    secret, keeps_old = body.settings.get("secret"), body.flag("keep_old", default=False)
    given = signing.new_secret() if secret is None else str(secret).strip()
    if problem := signing.secret_problem("signing_secret", given):
        body.report("secret", "bad_signing_secret", problem)
    body.refuse_problems()
    old_until = current.now() + signing.OVERLAP if keeps_old else None
    with_refusal(
        lambda: operations.sign_with(
            session=current.session(), actor=caller().actor, vault=tools.vault(), connection=row, secret=given,
            now=current.now(), old_until=old_until,
        )
    )  # fmt: skip
    current.session().commit()
    until = signing.old_secret_until(row.destination)
    return shapes.answer({"secret": given, "old_until": shapes.moment(until)})


@bp.delete("/connections/<connection:connection_id>/signing")
@describe("Send requests unsigned; the signing secrets are deleted", gives=STATE, refuses=(409,))
@keyed
def stop_signing(connection_id: UUID) -> Response:
    """Stop signing."""
    return set_state(connection_id, operations.stop_signing)


@bp.post("/connections/<connection:connection_id>/preview")
@describe(
    "Read the request that a made-up lead, or one with these fields, would make; nothing is sent",
    takes=shape("", fields=ANYTHING) | {"required": []},
    body_needed=False,
    gives=shape(request={"type": ["object", "null"]}, ping={"type": ["object", "null"]}, problem=or_null(TEXT)),
)
@keyed
def show_request(connection_id: UUID) -> Response:
    """Answer the request with its secrets masked, or why there is none."""
    row = connection_called(connection_id)
    body = read_body("fields", may_be_empty=True)
    fields = body.optional_document("fields")
    body.refuse_problems()
    fields = tools.sample_for(current.session(), row) if fields is None else fields
    known = tools.fields_for(current.session(), row)
    seen = preview(row.destination, fields, known=known, buyer=row.name, now=current.now())
    return shapes.answer({"request": seen.request, "ping": seen.ping, "problem": seen.problem or None})
