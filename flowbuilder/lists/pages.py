"""The pages of stored lists: all of them, a new one, one with its entries' count, whether a value is in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.lists import operations, queries
from flowbuilder.lists.forms import ChangeForm, EntriesForm, MatchForm, NewListForm, noun_of, say_form
from flowbuilder.lists.lookup import KIND
from flowbuilder.lists.operations import MOST_ENTRIES, Filled, ListInUse, TooManyEntries, form_of
from flowbuilder.lists.reading import MOST_BYTES, NotText, split_for
from flowbuilder.models import StoredList
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules.stored_lists import SUPPRESSING, ListForm

bp = Blueprint("lists", __name__, url_prefix="/lists")

TOO_MANY = f"A list has at most {MOST_ENTRIES:,} entries. Nothing was changed."
NOT_TEXT = "The file is no text in UTF-8. Save it as CSV or text and choose it again. Nothing was changed."
NOTHING = "Type or paste entries, or choose a file."


@dataclass(frozen=True)
class Match:
    """What came of looking a value up: in which normal form, in which spellings, and whether it is there."""

    value: str
    normal: str | None
    spellings: tuple[str, ...]
    is_in: bool


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the account's lists, and what uses them."""
    session, account_id = current.session(), visitor().account.id
    rows = [(row, form_of(row)) for row in queries.lists_of(session, account_id)]
    return page("lists/index.html", lists=rows, uses=queries.uses_of(session, account_id), say_form=say_form)


@bp.get("/new")
@signed_in("owner", "editor")
def new() -> Response:
    """Show the form of a new list."""
    return page("lists/new.html", form=NewListForm(formdata=None))


@bp.post("/new")
@signed_in("owner", "editor", most_bytes=MOST_BYTES)
def create() -> Response:
    """Create a list with its entries, or show the form again with everything that is wrong."""
    form = NewListForm()
    if not form.validate():
        return page("lists/new.html", form=form, status=422)
    row = operations.create_list(
        session=current.session(),
        actor=actor(),
        name=form.name.data or "",
        form=form.form,
        now=current.now(),
        suppresses=form.suppresses.data,
    )
    problem, filled = _fill(row, form, "add") if form.has_entries else ("", None)
    if problem:
        form.entries.errors = [problem]
        return page("lists/new.html", form=form, status=422)
    current.session().commit()
    if filled is None or not filled.unreadable:
        return go_to(url_for("lists.show", list_id=row.id))
    return list_page(row, filled=filled, status=201)


@bp.get("/<list:list_id>")
@signed_in()
def show(list_id: UUID) -> Response:
    """Show one list; never its entries."""
    return list_page(list_called(list_id))


@bp.post("/<list:list_id>/entries")
@signed_in("owner", "editor", most_bytes=MOST_BYTES)
def change(list_id: UUID) -> Response:
    """Add entries, take some out or replace all, and say what could not be read."""
    row, form = list_called(list_id), EntriesForm()
    is_valid = form.validate()
    if not form.has_entries:
        form.entries.errors = [NOTHING]
    if not is_valid or not form.has_entries:
        return list_page(row, entries=form, status=422)
    problem, filled = _fill(row, form, form.mode.data)
    if problem:
        form.entries.errors = [problem]
        return list_page(list_called(list_id), entries=form, status=422)
    current.session().commit()
    return list_page(row, filled=filled)


@bp.post("/<list:list_id>/match")
@signed_in()
def match(list_id: UUID) -> Response:
    """Say whether a value is in the list, and what it was looked for as; other entries are never shown."""
    row, form = list_called(list_id), MatchForm()
    if not form.validate():
        return list_page(row, looked_for=form, status=422)
    return list_page(row, looked_for=form, matched=_match(row, form.value.data or ""))


@bp.post("/<list:list_id>/edit")
@signed_in("owner", "editor")
def edit(list_id: UUID) -> Response:
    """Give the list another name, and say whether it holds for all flows."""
    row, form = list_called(list_id), ChangeForm()
    suppresses = form.suppresses.data and row.kind in SUPPRESSING
    if not form.validate():
        return list_page(row, changed=form, status=422)
    _run(operations.change_list, row, name=form.name.data, suppresses=suppresses)
    return go_to(url_for("lists.show", list_id=row.id))


@bp.get("/<list:list_id>/delete")
@signed_in("owner", "editor")
def ask_to_delete(list_id: UUID) -> Response:
    """Ask before a list is deleted with all its entries."""
    return delete_page(list_called(list_id))


@bp.post("/<list:list_id>/delete")
@signed_in("owner", "editor")
def delete(list_id: UUID) -> Response:
    """Delete the list, unless something names it."""
    row = list_called(list_id)
    try:
        _run(operations.delete_list, row)
    except ListInUse:
        current.session().rollback()
        return delete_page(list_called(list_id), status=409)
    return go_to(url_for("lists.index"))


def list_called(list_id: UUID) -> StoredList:
    """Return the visitor's list; 404 for anybody else's."""
    return found(queries.list_of(current.session(), visitor().account.id, list_id))


def list_page(
    row: StoredList,
    *,
    status: int = 200,
    entries: EntriesForm | None = None,
    looked_for: MatchForm | None = None,
    changed: ChangeForm | None = None,
    filled: Filled | None = None,
    matched: Match | None = None,
) -> Response:
    """Return the page of one list, with what came of entries or of a value that was looked for; for htmx only that."""
    form = form_of(row)
    return page(
        "lists/show.html",
        "match" if looked_for else "entries",
        status=status,
        row=row,
        form=form,
        said=say_form(form),
        noun=noun_of,
        uses=_uses(row),
        entries=entries or EntriesForm(formdata=None),
        looked_for=looked_for or MatchForm(formdata=None),
        changed=changed or ChangeForm(formdata=None, obj=row),
        is_of_people=row.kind in SUPPRESSING,
        filled=filled,
        matched=matched,
    )


def delete_page(row: StoredList, *, status: int = 200) -> Response:
    """Return the question before deleting, or why the list has to stay."""
    return page("lists/delete.html", row=row, uses=_uses(row), status=status)


def _uses(row: StoredList) -> list[queries.Use]:
    return queries.uses_of(current.session(), row.account_id).get(ids.show(row.id, KIND), [])


def _fill(row: StoredList, form: NewListForm | EntriesForm, mode: str) -> tuple[str, Filled | None]:
    """Return what is wrong with the entries as a whole, or what came of them; with a problem nothing has changed."""
    how: dict[str, Any] = {"lines": form.lines(), "split": split_for(row.kind)}
    try:
        if mode == "remove":
            return "", _do(operations.take_out, row, **how)
        return "", _do(operations.fill_list, row, mode="replace" if mode == "replace" else "add", **how)
    except TooManyEntries:
        problem = TOO_MANY
    except NotText:
        problem = NOT_TEXT
    current.session().rollback()
    return problem, None


def _match(row: StoredList, value: str) -> Match:
    form: ListForm = form_of(row)
    is_in = queries.contains(current.session(), row.account_id, ids.show(row.id, KIND), value)
    normal = form.normal(value)
    spellings = form.spellings(normal) if normal and form.hashed != "plain" else ()
    return Match(value, normal, spellings, bool(is_in))


def _do(operation: Callable[..., Filled], row: StoredList, **values: Any) -> Filled:
    return operation(session=current.session(), actor=actor(), row=row, now=current.now(), **values)


def _run(operation: Callable[..., None], row: StoredList, **values: Any) -> None:
    operation(session=current.session(), actor=actor(), row=row, now=current.now(), **values)
    current.session().commit()
