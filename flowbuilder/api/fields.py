"""The catalogue of fields for programs: list, put, remove, and the names of leads that no field reads."""

from typing import Any

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.openapi import MOMENT, TEXT, WHOLE, YES_NO, describe, or_null, shape
from flowbuilder.catalogue import operations, queries
from flowbuilder.catalogue.operations import FieldProblems
from flowbuilder.catalogue.queries import Unread
from flowbuilder.models import CatalogueField
from flowbuilder.web import current
from flowbuilder.web.found import found
from rules.fields import TYPES, Field, parse_field

bp = Blueprint("fields", __name__)

TEXTS = {"type": "array", "items": TEXT}
SETTINGS = {
    "type": {"type": "string", "enum": list(TYPES)},
    "label": TEXT,
    "options": TEXTS,
    "region": or_null(TEXT),
    "sensitive": YES_NO,
    "aliases": TEXTS,
}
FIELD = shape(key=TEXT, **SETTINGS, created_at=MOMENT, updated_at=MOMENT)
UNREAD = shape(
    name=TEXT, supplier=TEXT, seen=WHOLE, first_at=MOMENT, last_at=MOMENT, looks_like=TEXT, field=or_null(TEXT)
)


@bp.get("/fields")
@describe("List the fields of the catalogue", gives=shape(fields={"type": "array", "items": FIELD}))
@keyed
def index() -> Response:
    """List the account's fields by their keys."""
    rows = queries.fields_of(current.session(), caller().account.id)
    return shapes.answer({"fields": [_shown(row) for row in rows]})


@bp.get("/fields/<field_key:key>")
@describe("Read one field of the catalogue", gives=FIELD)
@keyed
def show(key: str) -> Response:
    """Answer one field."""
    return shapes.answer(_shown(_field_called(key)))


@bp.put("/fields/<field_key:key>")
@describe(
    "Add a field to the catalogue, or replace it; flows keep theirs", takes=shape("type", **SETTINGS), gives=FIELD
)
@keyed
def put(key: str) -> Response:
    """Put a field under its key."""
    body = read_body(*SETTINGS)
    body.refuse_problems()
    written = {name: value for name, value in body.settings.items() if value is not None}
    try:
        row = operations.put_field(
            session=current.session(), actor=caller().actor, settings={"key": key, **written}, now=current.now()
        )
    except FieldProblems as refused:
        raise Refusal(422, problems=refused.problems) from None
    shown = _shown(row)
    current.session().commit()
    return shapes.answer(shown)


@bp.delete("/fields/<field_key:key>")
@describe("Take a field out of the catalogue; flows keep theirs", gives=shape(key=TEXT))
@keyed
def remove(key: str) -> Response:
    """Remove a field."""
    operations.remove_field(session=current.session(), actor=caller().actor, row=_field_called(key), now=current.now())
    current.session().commit()
    return shapes.answer({"key": key})


@bp.get("/unknown-fields")
@describe("List the names in the last leads that no field reads", gives=shape(names={"type": "array", "items": UNREAD}))
@keyed
def unread() -> Response:
    """List what leads come with and nobody reads; never their values."""
    names = queries.unread_names(current.session(), caller().account.id)
    return shapes.answer({"names": [_unread(one) for one in names]})


def _field_called(key: str) -> CatalogueField:
    return found(queries.field_of(current.session(), caller().account.id, key))


def _shown(row: CatalogueField) -> dict[str, Any]:
    field = parse_field(row.settings, "", []) or Field(row.key, "text")
    return {
        "key": field.key,
        "type": field.type,
        "label": field.label,
        "options": list(field.options),
        "region": field.region,
        "sensitive": field.sensitive,
        "aliases": list(field.aliases),
        "created_at": shapes.moment(row.created_at),
        "updated_at": shapes.moment(row.updated_at),
    }


def _unread(one: Unread) -> dict[str, Any]:
    return {
        "name": one.name,
        "supplier": one.supplier,
        "seen": one.count,
        "first_at": shapes.moment(one.first_at),
        "last_at": shapes.moment(one.last_at),
        "looks_like": one.type,
        "field": one.key or None,
    }
