"""Everything that reads the history of drafts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from flowbuilder.models import DraftEdit, DraftLooker, Flow, Person

SEEN_FOR = timedelta(seconds=25)
"""How long after their page last asked somebody counts as being there."""
WITHOUT_DOCUMENTS = (defer(DraftEdit.before), defer(DraftEdit.after))
NAME = func.coalesce(func.nullif(Person.name, ""), Person.email)


@dataclass(frozen=True)
class Button:
    """Undo or redo: the revision that it acts on, and what it says that it will do."""

    revision: int
    name: str


@dataclass(frozen=True)
class History:
    """Where a draft stands in its history: its last edit, and what undo and redo would do.

    `is_at_end` says that all is undone that can be, though there were older edits.
    """

    last: DraftEdit | None
    undo: Button | None
    redo: Button | None
    is_at_end: bool = False


def last_edit(session: Session, flow: Flow, *, with_documents: bool = False) -> DraftEdit | None:
    """Return the edit that made the draft what it is, None where there is none, or the draft came in another way.

    Where its documents are not wanted, they are read once somebody asks for them.
    """
    options = () if with_documents else WITHOUT_DOCUMENTS
    return session.get(DraftEdit, (flow.id, flow.draft_revision), options=options)


def is_at_end(last: DraftEdit) -> bool:
    """Return whether undo reaches no further back from an edit, though there were older ones."""
    return last.next_undo is not None and last.depth == 0


def history_of(session: Session, flow: Flow, person_id: UUID | None) -> History:
    """Return where a draft stands; edits of others are named with who made them."""
    last = last_edit(session, flow)
    if last is None:
        return History(None, None, None)
    undoes = last.next_undo if last.depth else None
    names = _names_of(session, last, [revision for revision in (undoes, last.next_redo) if revision], person_id)
    undo, redo = (Button(at, names[at]) if at and at in names else None for at in (undoes, last.next_redo))
    return History(last, undo, redo, is_at_end(last))


def _names_of(session: Session, last: DraftEdit, wanted: Sequence[int], person_id: UUID | None) -> dict[int, str]:
    """Return what edits are called, by their revisions; that of somebody's own last one is at hand."""
    if not wanted or (list(wanted) == [last.revision] and last.person_id == person_id):
        return dict.fromkeys(wanted, last.name)
    rows = session.execute(
        select(DraftEdit.revision, DraftEdit.name, DraftEdit.person_id, NAME)
        .outerjoin(Person, Person.id == DraftEdit.person_id)
        .where(DraftEdit.flow_id == last.flow_id, DraftEdit.revision.in_(wanted))
    )
    return {row[0]: row[1] if row[2] == person_id or not row[3] else f"{row[1]} ({row[3]})" for row in rows}


def document_at(session: Session, flow: Flow, revision: int) -> Mapping[str, Any] | None:
    """Return the draft as it was at a revision, None when its history does not reach there."""
    if revision == flow.draft_revision:
        return flow.draft
    made = session.get(DraftEdit, (flow.id, revision))
    if made:
        return made.after
    following = session.get(DraftEdit, (flow.id, revision + 1))
    return following.before if following else None


def last_save(session: Session, flow: Flow, page_id: str, step: str, *, after: int) -> int | None:
    """Return the revision of the last save of a step's panel that an open page made after a revision, None without."""
    own = select(func.max(DraftEdit.revision)).where(DraftEdit.flow_id == flow.id, DraftEdit.revision > after)
    mine = own.where(DraftEdit.made_in == page_id, DraftEdit.step == step, DraftEdit.joins != "")
    return session.scalar(mine) if page_id else None


def edits_since(session: Session, flow: Flow, revision: int) -> Sequence[DraftEdit]:
    """Return the edits that a draft had after a revision, oldest first."""
    wanted = select(DraftEdit).where(DraftEdit.flow_id == flow.id, DraftEdit.revision > revision)
    return session.scalars(wanted.order_by(DraftEdit.revision)).all()


def edits_of(session: Session, flow: Flow, *, limit: int = 100) -> Sequence[tuple[DraftEdit, str]]:
    """Return the newest edits of a draft, newest first, each with the name of who made it."""
    wanted = (
        select(DraftEdit, func.coalesce(NAME, ""))
        .outerjoin(Person, Person.id == DraftEdit.person_id)
        .where(DraftEdit.flow_id == flow.id)
        .order_by(DraftEdit.revision.desc())
        .limit(limit)
    )
    return [(edit, name) for edit, name in session.execute(wanted)]


def name_of(session: Session, person_id: UUID | None) -> str:
    """Return how a person is called, `Somebody` where nobody is known."""
    name = session.scalar(select(NAME).where(Person.id == person_id)) if person_id else None
    return name or "Somebody"


def others_there(session: Session, flow: Flow, person_id: UUID, now: datetime) -> list[str]:
    """Return the names of the other people who have the editor of a flow open."""
    wanted = (
        select(NAME)
        .join(DraftLooker, DraftLooker.person_id == Person.id)
        .where(DraftLooker.flow_id == flow.id, DraftLooker.person_id != person_id)
        .where(DraftLooker.seen_at > now - SEEN_FOR)
        .order_by(DraftLooker.seen_at)
    )
    return list(session.scalars(wanted))
