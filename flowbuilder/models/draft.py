"""The history of a draft, and who has its editor open."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flowbuilder.models.base import Base


class DraftEdit(Base):
    """One change of a draft, written once: the draft had the document `before`, and has `after` at this revision.

    `next_undo` and `next_redo` are the revisions that the two buttons act on from here. Undoing goes back to what was
    before `starts`; from there `under` can be undone, and `over` done again after it. `depth` is how many edits can be
    undone from here, one after another. `made_in` is the open page that it was made in.
    """

    __tablename__ = "draft_edit"
    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flow.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    step: Mapped[str] = mapped_column(server_default="")
    said: Mapped[str] = mapped_column(server_default="")
    remark: Mapped[dict[str, Any] | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    starts: Mapped[int]
    joins: Mapped[str] = mapped_column(server_default="")
    under: Mapped[int | None]
    over: Mapped[int | None]
    next_undo: Mapped[int | None]
    next_redo: Mapped[int | None]
    depth: Mapped[int]
    made_in: Mapped[str] = mapped_column(server_default="")
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class DraftLooker(Base):
    """Somebody who has the editor of a flow open, or had it a moment ago."""

    __tablename__ = "draft_looker"
    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flow.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    seen_at: Mapped[datetime]
