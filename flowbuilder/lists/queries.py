"""Everything that reads stored lists."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.lists.lookup import KIND, Wanted, look_up, read_id
from flowbuilder.models import Connection, Flow, FlowVersion, StoredList
from rules.stored_lists import PREFIX

NAMED = re.compile(rf'"({PREFIX}[0-9A-Za-z]+)"')
"""How a document names a list, wherever it does."""


What = Literal["flow", "connection"]


@dataclass(frozen=True)
class Use:
    """What names a list."""

    what: What
    id: UUID
    name: str


def lists_of(
    session: Session, account_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> Sequence[StoredList]:
    """Return the account's lists, oldest first."""
    wanted = select(StoredList).where(StoredList.account_id == account_id).order_by(StoredList.id).limit(limit)
    return session.scalars(wanted.where(StoredList.id > after) if after else wanted).all()


def list_of(session: Session, account_id: UUID, list_id: UUID) -> StoredList | None:
    """Return one of the account's lists."""
    return session.scalar(select(StoredList).where(StoredList.account_id == account_id, StoredList.id == list_id))


def list_names(session: Session, account_id: UUID) -> dict[str, str]:
    """Return the names of the account's lists by their shown ids."""
    wanted = select(StoredList.id, StoredList.name).where(StoredList.account_id == account_id)
    return {ids.show(identifier, KIND): name for identifier, name in session.execute(wanted)}


def known_lists(session: Session, account_id: UUID, named: Iterable[str]) -> set[str]:
    """Return which of the lists that are named, as documents name them, the account has."""
    wanted = {identifier: shown for shown in named if (identifier := read_id(shown))}
    of_account = select(StoredList.id).where(StoredList.account_id == account_id, StoredList.id.in_(wanted))
    return {wanted[identifier] for identifier in session.scalars(of_account)} if wanted else set()


def contains(session: Session, account_id: UUID, list_id: str, text: str) -> bool | None:
    """Return whether a value is in a list, None when the account has no such list."""
    wanted = Wanted(account_id, list_id, text)
    return look_up(session.connection(), [wanted], {})[wanted]


def uses_of(session: Session, account_id: UUID) -> dict[str, list[Use]]:
    """Return what names each of the account's lists, by their ids as shown: flows, draft or live, and connections."""
    is_live = (FlowVersion.flow_id == Flow.id) & (FlowVersion.number == Flow.live_version)
    flows = select(Flow.id, Flow.name, _text(Flow.draft), _text(FlowVersion.document)).outerjoin(FlowVersion, is_live)
    connections = select(Connection.id, Connection.name, _text(Connection.destination))
    wanted: list[tuple[What, Any, Any]] = [("flow", Flow, flows), ("connection", Connection, connections)]
    found: dict[str, list[Use]] = {}
    for what, owner, rows in wanted:
        for identifier, name, *documents in session.execute(rows.where(owner.account_id == account_id)):
            for shown in {shown for document in documents for shown in NAMED.findall(document or "")}:
                found.setdefault(shown, []).append(Use(what, identifier, name))
    return found


def _text(document: Any) -> ColumnElement[str]:
    return cast(document, String)
