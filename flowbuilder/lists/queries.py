"""Everything that reads stored lists."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, exists, or_, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.lists.lookup import KIND, Wanted, look_up, read_id
from flowbuilder.models import Flow, FlowVersion, StoredList


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


def flow_naming(session: Session, row: StoredList) -> Flow | None:
    """Return a flow whose draft or live version names the list, if there is one."""
    shown = ids.show(row.id, KIND)
    live = exists().where(
        FlowVersion.flow_id == Flow.id, FlowVersion.number == Flow.live_version, _names(FlowVersion.document, shown)
    )
    wanted = select(Flow).where(Flow.account_id == row.account_id, or_(_names(Flow.draft, shown), live))
    return session.scalars(wanted.order_by(Flow.id).limit(1)).first()


def _names(document: Any, shown: str) -> ColumnElement[bool]:
    return cast(document, String).contains(f'"{shown}"')
