"""The pages of the catalogue: all fields, a new one, one with what taking it over would break; names nobody reads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.catalogue import operations, queries
from flowbuilder.catalogue.forms import FieldForm, form_of
from flowbuilder.catalogue.operations import FieldProblems
from flowbuilder.catalogue.taking_over import differences
from flowbuilder.models import CatalogueField
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules.categories import BY_KEY, CATEGORIES
from rules.fields import TYPES

bp = Blueprint("fields", __name__, url_prefix="/fields")

LONGEST_NAME = 100


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the account's fields, the flows that have them, and names in leads that no field reads."""
    session, account_id = current.session(), visitor().account.id
    return page(
        "fields/index.html",
        fields=queries.fields_of(session, account_id),
        uses=queries.uses_of(session, account_id),
        unread=queries.unread_names(session, account_id),
        types=TYPES,
        categories=CATEGORIES,
    )


@bp.get("/new")
@signed_in("owner", "editor")
def new() -> Response:
    """Show the form of a new field, filled in for a `name` that leads are posted with."""
    name = request.args.get("name", "")[:LONGEST_NAME]
    proposed = queries.proposed_for(current.session(), visitor().account.id, name) if name else None
    return page("fields/form.html", form=form_of(proposed) if proposed else FieldForm(formdata=None), row=None)


@bp.post("/new")
@signed_in("owner", "editor")
def create() -> Response:
    """Add a field, or show the form again with everything that is wrong."""
    form = FieldForm()
    is_valid, settings = form.validate(), form.settings()
    if is_valid and queries.field_of(current.session(), _account(), settings["key"]):
        form.key.errors = [*form.key.errors, f"There is a field “{settings['key']}” already."]
        is_valid = False
    if not is_valid or not _save(form, settings):
        return page("fields/form.html", form=form, row=None, status=422)
    return go_to(url_for("fields.index", done="added"))


@bp.post("/category")
@signed_in("owner", "editor")
def add_category() -> Response:
    """Add the fields of a category that are not there yet."""
    category = BY_KEY.get(request.form.get("category", "")) or abort(404)
    session = current.session()
    for settings in category.fields:
        if queries.field_of(session, _account(), settings["key"]) is None:
            operations.put_field(session=session, actor=actor(), settings=settings, now=current.now())
    session.commit()
    return go_to(url_for("fields.index", done="added"))


@bp.get("/<field_key:key>")
@signed_in()
def show(key: str) -> Response:
    """Show one field, and in which flows it is something else."""
    row = field_called(key)
    return _field_page(row, form_of(row.settings))


@bp.post("/<field_key:key>")
@signed_in("owner", "editor")
def change(key: str) -> Response:
    """Change a field of the catalogue; flows keep theirs."""
    row, form = field_called(key), FieldForm()
    if not form.validate() or not _save(form, form.settings(row.key)):
        return _field_page(row, form, status=422)
    return go_to(url_for("fields.show", key=row.key, done="saved"))


@bp.post("/<field_key:key>/remove")
@signed_in("owner", "editor")
def remove(key: str) -> Response:
    """Take a field out of the catalogue; flows keep theirs."""
    operations.remove_field(session=current.session(), actor=actor(), row=field_called(key), now=current.now())
    current.session().commit()
    return go_to(url_for("fields.index", done="removed"))


@bp.post("/unread")
@signed_in("owner", "editor")
def settle() -> Response:
    """Let a name mean a field of the catalogue (`same_as`), or show it no more."""
    name, session = request.form.get("name", "")[:LONGEST_NAME] or abort(400), current.session()
    same_as = request.form.get("same_as", "")
    if request.form.get("do") == "same":
        row, short = field_called(same_as), name.rpartition(".")[2]
        operations.add_alias(session=session, actor=actor(), row=row, name=short, now=current.now())
    else:
        operations.pass_over(session=session, actor=actor(), name=name, now=current.now())
    session.commit()
    return go_to(url_for("fields.index", done="settled"))


def field_called(key: str) -> CatalogueField:
    """Return the visitor's field; 404 for anybody else's."""
    return found(queries.field_of(current.session(), _account(), key))


def _save(form: FieldForm, settings: Mapping[str, Any]) -> bool:
    try:
        operations.put_field(session=current.session(), actor=actor(), settings=settings, now=current.now())
    except FieldProblems as refused:
        current.session().rollback()
        form.note(refused.problems)
        return False
    current.session().commit()
    return True


def _field_page(row: CatalogueField, form: FieldForm, *, status: int = 200) -> Response:
    session = current.session()
    flows = queries.uses_of(session, _account()).get(row.key, [])
    return page(
        "fields/form.html", form=form, row=row, flows=flows, differing=differences(row.settings, flows), status=status
    )


def _account() -> UUID:
    return visitor().account.id
