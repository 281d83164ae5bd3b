"""Everything that changes stored lists: create, fill, delete."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Literal

from sqlalchemy import CursorResult, delete, text
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.lists import queries
from flowbuilder.lists.lookup import KIND
from flowbuilder.models import Flow, StoredList, StoredListEntry
from rules.stored_lists import ListForm

Mode = Literal["replace", "add"]
MOST_ENTRIES = 1_000_000
CHUNK = 10_000
MOST_TOLD = 20
INSERT = text("""
    INSERT INTO stored_list_entry (list_id, key) SELECT :list, unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING
""")


class TooManyEntries(Exception):
    """The list would have more than a million entries; the transaction must be rolled back."""


class ListInUse(Exception):
    """A flow names the list, so that it cannot be deleted; `flow` is one of them."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow.name)
        self.flow = flow


@dataclass
class Filled:
    """What came of filling a list: how many entries are new, and which lines (from 1) say no value of its kind."""

    added: int = 0
    unreadable: int = 0
    first_unreadable: list[int] = field(default_factory=list)


def create_list(*, session: Session, actor: Actor, name: str, form: ListForm, now: datetime) -> StoredList:
    """Return a new list without entries."""
    row = StoredList(id=ids.new_id(), account_id=actor.account_id, name=name, size=0, created_at=now, updated_at=now)
    row.kind, row.hashed, row.region = form.kind, form.hashed, form.region
    session.add(row)
    _record(session, actor, row, "list.created", now)
    session.flush()
    return row


def fill_list(
    *, session: Session, actor: Actor, row: StoredList, lines: Iterable[str], mode: Mode, now: datetime
) -> Filled:
    """Put entries into a list, one from each line that is not blank, beside or in the place of those that it has.

    Rules see all of it or nothing, once this is committed. Raises TooManyEntries.
    """
    session.refresh(row, with_for_update=True)
    if mode == "replace":
        session.execute(delete(StoredListEntry).where(StoredListEntry.list_id == row.id))
        row.size = 0
    filled = Filled()
    for keys in _chunks(_keys(lines, form_of(row), filled)):
        added = session.execute(INSERT, {"list": row.id, "keys": keys})
        filled.added += added.rowcount if isinstance(added, CursorResult) else 0
        if row.size + filled.added > MOST_ENTRIES:
            raise TooManyEntries
    row.size, row.updated_at = row.size + filled.added, now
    _record(session, actor, row, "list.filled", now, mode=mode, added=filled.added, size=row.size)
    session.flush()
    return filled


def delete_list(*, session: Session, actor: Actor, row: StoredList, now: datetime) -> None:
    """Delete a list with its entries; raises ListInUse when the draft or the live version of a flow names it."""
    session.refresh(row, with_for_update=True)
    flow = queries.flow_naming(session, row)
    if flow is not None:
        raise ListInUse(flow)
    session.execute(delete(StoredListEntry).where(StoredListEntry.list_id == row.id))
    session.delete(row)
    _record(session, actor, row, "list.deleted", now)
    session.flush()


def form_of(row: StoredList) -> ListForm:
    """Return what a list holds."""
    return ListForm(row.kind, row.hashed, row.region)


def _keys(lines: Iterable[str], form: ListForm, filled: Filled) -> Iterator[str]:
    """Yield the keys of lines that say an entry, and count those that do not."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        key = form.entry_key(line)
        if key is not None:
            yield key
            continue
        filled.unreadable += 1
        if len(filled.first_unreadable) < MOST_TOLD:
            filled.first_unreadable.append(number)


def _chunks(keys: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(keys, CHUNK)):
        yield chunk


def _record(session: Session, actor: Actor, row: StoredList, action: str, now: datetime, **detail: object) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(row.id, KIND), now=now, **detail)
