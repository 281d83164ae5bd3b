"""Stored lists for programs: create, fill line by line, ask, delete."""

from collections.abc import Iterator
from io import BufferedReader
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder.accounts.access import keyed
from flowbuilder.api import paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.openapi import MOMENT, PAGING, TEXT, WHOLE, YES_NO, describe, many, shape
from flowbuilder.lists import operations, queries
from flowbuilder.lists.operations import MODES, Filled, ListInUse, TooManyEntries
from flowbuilder.lists.reading import MOST_BYTES, NotText, lines_of
from flowbuilder.models import StoredList
from flowbuilder.web import current
from flowbuilder.web.found import found
from rules.stored_lists import FORMS, KINDS, SUPPRESSING, ListForm

bp = Blueprint("lists", __name__)

REMOVE = "remove"
REGION = 2

SUMMARY = {
    "id": TEXT,
    "name": TEXT,
    "kind": {"type": "string", "enum": list(KINDS)},
    "hashed": {"type": "string", "enum": list(FORMS)},
    "region": TEXT,
    "suppresses": YES_NO,
    "entries": WHOLE,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
LIST = shape(**SUMMARY)
NEW_LIST = shape(
    "name", "kind", name=TEXT, kind=SUMMARY["kind"], hashed=SUMMARY["hashed"], region=TEXT, suppresses=YES_NO
)
FILLED = shape(
    id=TEXT,
    entries=WHOLE,
    added=WHOLE,
    removed=WHOLE,
    unreadable=WHOLE,
    unreadable_lines={"type": "array", "items": WHOLE},
)


@bp.post("/lists")
@describe("Create a stored list, without entries", status=201, takes=NEW_LIST, gives=LIST)
@keyed
def create() -> Response:
    """Create a list; what it holds never changes afterwards."""
    body = read_body("name", "kind", "hashed", "region", "suppresses")
    name, form = body.name(), _form(body)
    suppresses = _suppresses(body, form.kind, before=False)
    body.refuse_problems()
    row = operations.create_list(
        session=current.session(), actor=caller().actor, name=name, form=form, now=current.now(), suppresses=suppresses
    )
    current.session().commit()
    return shapes.answer(summary(row), 201)


@bp.get("/lists")
@describe("List the stored lists", gives=many("lists", LIST), query=PAGING)
@keyed
def index() -> Response:
    """List the account's lists, oldest first."""
    rows = queries.lists_of(current.session(), caller().account.id, after=paging.after("lst"), limit=paging.limit() + 1)
    return paging.listed("lists", rows, summary, lambda row: shapes.list_id(row.id))


@bp.get("/lists/<list:list_id>")
@describe("Read what a stored list holds; never its entries", gives=LIST)
@keyed
def show(list_id: UUID) -> Response:
    """Answer one list."""
    return shapes.answer(summary(list_called(list_id)))


@bp.patch("/lists/<list:list_id>")
@describe(
    "Change a stored list's name, and whether it holds for all flows",
    takes=shape(name=TEXT, suppresses=YES_NO),
    gives=LIST,
)
@keyed
def change(list_id: UUID) -> Response:
    """Change what is given; what the list holds never changes."""
    row, body = list_called(list_id), read_body("name", "suppresses")
    name = body.name() if "name" in body.settings else row.name
    suppresses = _suppresses(body, row.kind, before=row.suppresses)
    body.refuse_problems()
    operations.change_list(
        session=current.session(), actor=caller().actor, row=row, name=name, suppresses=suppresses, now=current.now()
    )
    current.session().commit()
    return shapes.answer(summary(row))


@bp.put("/lists/<list:list_id>/entries")
@describe(
    "Fill a stored list or take entries out, one on each line; rules see all of it or nothing",
    takes=TEXT,
    takes_type="text/plain",
    gives=FILLED,
    query={"mode": "“replace” (the default), “add” or “remove”."},
)
@keyed
def fill(list_id: UUID) -> Response:
    """Replace the entries, add to them or take them out; lines that say no value of its kind are left out."""
    row, mode = list_called(list_id), request.args.get("mode", "replace")
    if mode not in (*MODES, REMOVE):
        raise Refusal(400, "bad_mode", f"“mode” must be one of {', '.join((*MODES, REMOVE))}.")
    if request.mimetype != "text/plain":
        raise Refusal(415, message="Send the entries as lines of text, with Content-Type: text/plain.")
    request.max_content_length = MOST_BYTES
    filled = _filled(row, mode, lines_of(BufferedReader(cast(Any, request.stream))))
    current.session().commit()
    return shapes.answer(
        {
            "id": shapes.list_id(row.id),
            "entries": row.size,
            "added": filled.added,
            "removed": filled.removed,
            "unreadable": filled.unreadable,
            "unreadable_lines": [unread.line for unread in filled.first_unreadable],
        }
    )


@bp.get("/lists/<list:list_id>/contains")
@describe(
    "Say whether a value is in a stored list, compared as rules compare it",
    gives=shape(contains=YES_NO),
    query={"value": "The value; it must be given."},
)
@keyed
def contains(list_id: UUID) -> Response:
    """Answer whether a lead with this value would be found in the list."""
    row, value = list_called(list_id), request.args.get("value", "").strip()
    if not value:
        raise Refusal(400, "no_value", "Say which value: ?value=…")
    is_in = queries.contains(current.session(), caller().account.id, shapes.list_id(row.id), value)
    return shapes.answer({"contains": found(is_in)})


@bp.delete("/lists/<list:list_id>")
@describe("Delete a stored list that no flow names", gives=shape(id=TEXT), refuses=(409,))
@keyed
def delete(list_id: UUID) -> Response:
    """Delete a list with its entries, for good."""
    row = list_called(list_id)
    try:
        operations.delete_list(session=current.session(), actor=caller().actor, row=row, now=current.now())
    except ListInUse as use:
        what = use.uses[0]
        said = f"The {what.what} “{what.name}” names this list. Take it out there."
        raise Refusal(409, "list_in_use", said) from None
    current.session().commit()
    return shapes.answer({"id": shapes.list_id(list_id)})


def list_called(list_id: UUID) -> StoredList:
    """Return the caller's list; 404 for anybody else's."""
    return found(queries.list_of(current.session(), caller().account.id, list_id))


def summary(row: StoredList) -> dict[str, Any]:
    """Return a list as lists of them show it."""
    return {
        "id": shapes.list_id(row.id),
        "name": row.name,
        "kind": row.kind,
        "hashed": row.hashed,
        "region": row.region,
        "suppresses": row.suppresses,
        "entries": row.size,
        "created_at": shapes.moment(row.created_at),
        "updated_at": shapes.moment(row.updated_at),
    }


def _suppresses(body: Body, kind: str, *, before: bool) -> bool:
    """Return whether a list holds for all flows, as it was `before` where nothing is said."""
    said = body.settings.get("suppresses", before)
    if not isinstance(said, bool):
        body.report("suppresses", "not_yes_or_no", "“suppresses” must be true or false.")
    elif said and kind not in SUPPRESSING:
        body.report("suppresses", "not_people", "Only lists of email addresses and phone numbers hold for all flows.")
    return said is True


def _form(body: Body) -> ListForm:
    kind, hashed = body.settings.get("kind"), body.settings.get("hashed", "plain")
    region = body.settings.get("region", "US")
    if kind not in KINDS:
        body.report("kind", "not_an_option", f"“kind” must be one of {', '.join(KINDS)}.")
    if hashed not in FORMS:
        body.report("hashed", "not_an_option", f"“hashed” must be one of {', '.join(FORMS)}.")
    if not isinstance(region, str) or len(region) != REGION or not (region.isascii() and region.isupper()):
        body.report("region", "not_a_country", "“region” must be two capital letters such as US.")
    return ListForm(str(kind), str(hashed), str(region))


def _filled(row: StoredList, mode: str, lines: Iterator[str]) -> Filled:
    how: dict[str, Any] = {"session": current.session(), "actor": caller().actor, "row": row, "now": current.now()}
    try:
        if mode == REMOVE:
            return operations.take_out(lines=lines, **how)
        return operations.fill_list(lines=lines, mode="add" if mode == "add" else "replace", **how)
    except TooManyEntries:
        raise Refusal(413, "too_many_entries", f"A list has at most {operations.MOST_ENTRIES:,} entries.") from None
    except NotText:
        raise Refusal(400, "not_utf8", "The text is not UTF-8.") from None
