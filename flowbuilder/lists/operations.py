"""Everything that changes stored lists: create, fill, delete."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Literal, TypeVar, get_args

from sqlalchemy import CursorResult, delete, text
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.lists import queries
from flowbuilder.lists.lookup import KIND
from flowbuilder.lists.queries import Use
from flowbuilder.lists.reading import Split, whole
from flowbuilder.models import StoredList, StoredListEntry
from rules.stored_lists import ListForm

Mode = Literal["replace", "add"]
MODES: tuple[Mode, ...] = get_args(Mode)
MOST_ENTRIES = 1_000_000
CHUNK = 10_000
MOST_TOLD, LONGEST_TOLD = 20, 80
"""How many entries that cannot be read are told, and how much of each."""
Key = TypeVar("Key", str, tuple[str, ...])
INSERT = text("""
    INSERT INTO stored_list_entry (list_id, key) SELECT :list, unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING
""")
REMOVE = text("DELETE FROM stored_list_entry WHERE list_id = :list AND key = ANY(:keys)")


class TooManyEntries(Exception):
    """The list would have more than a million entries; the transaction must be rolled back."""


class ListInUse(Exception):
    """Something names the list, so that it cannot be deleted; `uses` says what."""

    def __init__(self, uses: Sequence[Use]) -> None:
        super().__init__(uses[0].name)
        self.uses = uses


@dataclass(frozen=True)
class Unread:
    """An entry that says no value of the list's kind, and the line (from 1) that it stands in."""

    line: int
    text: str


@dataclass
class Filled:
    """What came of some entries: how many are new, or were taken out, and which say no value of the list's kind.

    `recognised` counts those that do, whether or not they were there already.
    """

    added: int = 0
    removed: int = 0
    recognised: int = 0
    unreadable: int = 0
    first_unreadable: list[Unread] = field(default_factory=list)


def create_list(
    *, session: Session, actor: Actor, name: str, form: ListForm, now: datetime, suppresses: bool = False
) -> StoredList:
    """Return a new list without entries; one that `suppresses` keeps people out of all flows of the account."""
    row = StoredList(id=ids.new_id(), account_id=actor.account_id, name=name, size=0, created_at=now, updated_at=now)
    row.kind, row.hashed, row.region = form.kind, form.hashed, form.region
    row.suppresses = suppresses
    session.add(row)
    _record(session, actor, row, "list.created", now)
    session.flush()
    return row


def change_list(*, session: Session, actor: Actor, row: StoredList, name: str, suppresses: bool, now: datetime) -> None:
    """Give a list another name, by which flows do not know it, and say whether it holds for all of them."""
    row.name, row.suppresses, row.updated_at = name, suppresses, now
    _record(session, actor, row, "list.changed", now, suppresses=suppresses)
    session.flush()


def fill_list(
    *,
    session: Session,
    actor: Actor,
    row: StoredList,
    lines: Iterable[str],
    mode: Mode,
    now: datetime,
    split: Split = whole,
) -> Filled:
    """Put entries into a list, beside or in the place of those that it has: from each line those that `split` finds.

    Rules see all of it or nothing, once this is committed. Raises TooManyEntries.
    """
    session.refresh(row, with_for_update=True)
    if mode == "replace":
        session.execute(delete(StoredListEntry).where(StoredListEntry.list_id == row.id))
        row.size = 0
    filled = Filled()
    for keys in _chunks(_keys(lines, split, form_of(row).entry_key, filled)):
        added = session.execute(INSERT, {"list": row.id, "keys": keys})
        filled.added += added.rowcount if isinstance(added, CursorResult) else 0
        if row.size + filled.added > MOST_ENTRIES:
            raise TooManyEntries
    row.size, row.updated_at = row.size + filled.added, now
    _record(session, actor, row, "list.filled", now, mode=mode, added=filled.added, size=row.size)
    session.flush()
    return filled


def take_out(
    *, session: Session, actor: Actor, row: StoredList, lines: Iterable[str], now: datetime, split: Split = whole
) -> Filled:
    """Take entries out of a list; of a hashed one by their hashes, or by the values that these were made of."""
    session.refresh(row, with_for_update=True)
    form, taken = form_of(row), Filled()

    def keys_of(entry: str) -> tuple[str, ...]:
        key = form.entry_key(entry)
        return (key,) if key is not None else form.keys_for(entry.strip())

    for keys in _chunks(key for found in _keys(lines, split, keys_of, taken) for key in found):
        removed = session.execute(REMOVE, {"list": row.id, "keys": keys})
        taken.removed += removed.rowcount if isinstance(removed, CursorResult) else 0
    row.size, row.updated_at = row.size - taken.removed, now
    _record(session, actor, row, "list.taken_out", now, removed=taken.removed, size=row.size)
    session.flush()
    return taken


def delete_list(*, session: Session, actor: Actor, row: StoredList, now: datetime) -> None:
    """Delete a list with its entries; raises ListInUse when a flow or a connection names it."""
    session.refresh(row, with_for_update=True)
    uses = queries.uses_of(session, row.account_id).get(ids.show(row.id, KIND))
    if uses:
        raise ListInUse(uses)
    session.execute(delete(StoredListEntry).where(StoredListEntry.list_id == row.id))
    session.delete(row)
    _record(session, actor, row, "list.deleted", now)
    session.flush()


def form_of(row: StoredList) -> ListForm:
    """Return what a list holds."""
    return ListForm(row.kind, row.hashed, row.region)


def _keys(lines: Iterable[str], split: Split, key_of: Callable[[str], Key | None], filled: Filled) -> Iterator[Key]:
    """Yield what `key_of` makes of the entries that say one, and count those of which it makes nothing."""
    for number, line in enumerate(lines, start=1):
        for entry in split(line):
            if not entry.strip():
                continue
            key = key_of(entry)
            if key:
                filled.recognised += 1
                yield key
                continue
            filled.unreadable += 1
            if len(filled.first_unreadable) < MOST_TOLD:
                filled.first_unreadable.append(Unread(number, entry.strip()[:LONGEST_TOLD]))


def _chunks(keys: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(keys, CHUNK)):
        yield chunk


def _record(session: Session, actor: Actor, row: StoredList, action: str, now: datetime, **detail: object) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(row.id, KIND), now=now, **detail)
