"""The one way in which a draft changes: an edit is made of the draft as it is now, and written into its history."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.drafts import queries
from flowbuilder.models import DraftEdit, DraftLooker, Flow
from rules.differences.base import same
from rules.editing import Edit, Edited, Gone, NotPossible, Overlap, settings_of

JOINED_FOR = timedelta(seconds=30)
"""Saves of the same settings that follow each other within this time are undone together."""
DEEPEST = 100
"""How many edits can be undone one after another; what is older is not kept for it."""


@dataclass(frozen=True)
class Change:
    """What came of an edit: the row of the history, None when it changed nothing, and what the edit said."""

    edit: DraftEdit | None
    edited: Edited


class Conflict(Exception):
    """The same step was changed since the page was made; nothing was changed.

    `base` are its settings as the page had them, `theirs` as they are now; None where the step is not there. `who`
    changed it last, `at` that moment; `is_own` where that was the same person, on another page.
    """

    def __init__(
        self,
        step: str,
        base: Mapping[str, Any] | None,
        theirs: Mapping[str, Any] | None,
        *,
        who: str,
        at: datetime,
        is_own: bool,
    ) -> None:
        super().__init__(step)
        self.step, self.base, self.theirs, self.who, self.at, self.is_own = step, base, theirs, who, at, is_own


class NothingToUndo(Exception):
    """What was to be undone or done again is not what comes next any more."""


class TooFarBack(NothingToUndo):
    """As many edits are undone as can be; there are older ones, but they are not kept."""


@dataclass(frozen=True)
class Page:
    """The open page that an edit comes from: the revision it was made of, and an id that no other page has."""

    revision: int
    id: str = ""


def change(
    *, session: Session, actor: Actor, flow: Flow, page: Page, edit: Edit, now: datetime, about: str = ""
) -> Change:
    """Make an edit of the draft as it is now; raises NotPossible, and Conflict when `about` was changed by others.

    `about` is the step whose settings the person has seen and which the edit is about, "" where it is about none.
    """
    _hold(session, flow)
    try:
        edited = edit(flow.draft)
    except (Gone, Overlap) as problem:
        if not about:
            raise
        raise _conflict(session, actor, flow, about, page) from problem
    if same(edited.document, flow.draft):
        return Change(None, edited)
    if about:
        _refuse_conflict(session, actor, flow, about, page)
    last = queries.last_edit(session, flow)
    row = _row(flow, actor, page, now, kind="edit", name=edited.name, step=edited.step, after=edited.document)
    row.said, row.joins = edited.said, edited.joins
    row.remark = asdict(edited.remark) if edited.remark else None
    row.under, row.next_undo, row.starts = (last.next_undo if last else None), row.revision, row.revision
    row.depth = min(last.depth + 1 if last else 1, DEEPEST)
    if last is not None and _joins(last, row):
        row.under, row.starts, row.depth = last.under, last.starts, last.depth
    _write(session, flow, row)
    return Change(row, edited)


def base_of(*, session: Session, flow: Flow, page: Page, step: str) -> Mapping[str, Any]:
    """Return the draft that the panel of a step shows on an open page, the one of now where no history reaches so far.

    What that page saved of the step itself is in it, also where the page was never told so.
    """
    return queries.document_at(session, flow, _seen_at(session, flow, page, step)) or flow.draft


def undo(*, session: Session, actor: Actor, flow: Flow, page: Page, target: int, now: datetime) -> DraftEdit:
    """Take back the edit of a revision, with those it was joined to.

    Raises NothingToUndo when another comes first, and TooFarBack.
    """
    _hold(session, flow)
    last = queries.last_edit(session, flow, with_documents=True)
    if last is not None and queries.is_at_end(last):
        raise TooFarBack
    if last is None or last.next_undo != target:
        raise NothingToUndo
    undone = session.get_one(DraftEdit, (flow.id, target))
    first = undone if undone.starts == target else session.get_one(DraftEdit, (flow.id, undone.starts))
    row = _row(flow, actor, page, now, kind="undo", name=undone.name, step=undone.step, after=first.before)
    row.starts, row.over = row.revision, last.next_redo
    row.next_undo, row.next_redo, row.depth = undone.under, row.revision, last.depth - 1
    row.said = f"Undone: {undone.name}."
    _write(session, flow, row)
    return row


def redo(*, session: Session, actor: Actor, flow: Flow, page: Page, target: int, now: datetime) -> DraftEdit:
    """Do again what the undo of a revision took back; raises NothingToUndo when another comes first."""
    _hold(session, flow)
    last = queries.last_edit(session, flow, with_documents=True)
    if last is None or last.next_redo != target:
        raise NothingToUndo
    undone = session.get_one(DraftEdit, (flow.id, target))
    row = _row(flow, actor, page, now, kind="redo", name=undone.name, step=undone.step, after=undone.before)
    row.starts, row.under = row.revision, last.next_undo
    row.next_undo, row.next_redo, row.depth = row.revision, undone.over, min(last.depth + 1, DEEPEST)
    row.said = f"Done again: {undone.name}."
    _write(session, flow, row)
    return row


def look(*, session: Session, flow: Flow, person_id: UUID, now: datetime) -> None:
    """Note that a person has the editor of a flow open."""
    seen = insert(DraftLooker).values(flow_id=flow.id, person_id=person_id, seen_at=now)
    keys = [DraftLooker.flow_id, DraftLooker.person_id]
    session.execute(seen.on_conflict_do_update(index_elements=keys, set_={"seen_at": now}))


def _hold(session: Session, flow: Flow) -> None:
    """Keep others from changing the draft until the transaction ends, and know it as it is now."""
    held = select(Flow.draft_revision).where(Flow.id == flow.id).with_for_update()
    if session.scalar(held) != flow.draft_revision:
        session.refresh(flow)


def _row(
    flow: Flow, actor: Actor, page: Page, now: datetime, *, kind: str, name: str, step: str, after: Mapping[str, Any]
) -> DraftEdit:
    row = DraftEdit(flow_id=flow.id, revision=flow.draft_revision + 1, kind=kind, name=name, step=step)
    row.before, row.after, row.made_in = flow.draft, dict(after), page.id
    row.person_id, row.at, row.said, row.joins = actor.person_id, now, "", ""
    return row


def _write(session: Session, flow: Flow, row: DraftEdit) -> None:
    flow.draft, flow.draft_revision, flow.updated_at = row.after, row.revision, row.at
    session.add(row)
    session.flush()


def _joins(last: DraftEdit, row: DraftEdit) -> bool:
    """Return whether an edit goes on with the last one, as typing in one field does."""
    is_going_on = last.kind == "edit" and last.next_undo == last.revision and row.at - last.at <= JOINED_FOR
    return bool(row.joins) and is_going_on and (last.joins, last.person_id) == (row.joins, row.person_id)


def _seen_at(session: Session, flow: Flow, page: Page, step: str) -> int:
    """Return the revision up to which an open page knows a step: the one it was made of, or its own last save of it."""
    if page.revision == flow.draft_revision:
        return page.revision
    return queries.last_save(session, flow, page.id, step, after=page.revision) or page.revision


def _refuse_conflict(session: Session, actor: Actor, flow: Flow, about: str, page: Page) -> None:
    """Raise Conflict when somebody else changed a step since the page showed it; its own changes are in none."""
    seen, theirs = _seen_at(session, flow, page, about), settings_of(flow.draft, about)
    base = _settings_at(session, flow, about, seen)
    if theirs is not None and base is not None and same(base, theirs):
        return
    made = _edits_of(session, flow, about, seen)
    if theirs is None or not page.id or not made or any(one.made_in != page.id for one in made):
        raise _conflict(session, actor, flow, about, page)


def _settings_at(session: Session, flow: Flow, step: str, revision: int) -> Mapping[str, Any] | None:
    document = queries.document_at(session, flow, revision)
    return settings_of(document, step) if document is not None else None


def _conflict(session: Session, actor: Actor, flow: Flow, about: str, page: Page) -> Conflict:
    """Return what is told of a step that is not what a page shows, with who changed it last."""
    seen = _seen_at(session, flow, page, about)
    base = _settings_at(session, flow, about, seen)
    edits = [*queries.edits_since(session, flow, seen), *_edits_of(session, flow, about, seen)]
    last = edits[-1] if edits else None
    return Conflict(
        about,
        base,
        settings_of(flow.draft, about),
        who=queries.name_of(session, last.person_id if last else None),
        at=last.at if last else flow.updated_at,
        is_own=last is not None and last.person_id is not None and last.person_id == actor.person_id,
    )


def _edits_of(session: Session, flow: Flow, step: str, revision: int) -> list[DraftEdit]:
    """Return the edits after a revision that changed a step, oldest first."""
    edits = queries.edits_since(session, flow, revision)
    return [one for one in edits if not same(settings_of(one.before, step), settings_of(one.after, step))]


__all__ = ["Change", "Conflict", "NotPossible", "NothingToUndo", "Page", "change", "look", "redo", "undo"]
