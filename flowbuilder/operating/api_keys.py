"""The keys of the management API as the one who runs it sees them: all of them listed, never a secret, and revoked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.models import Account, ApiKey


class NoSuchKey(ValueError):
    """There is no such API key."""


@dataclass(frozen=True)
class ListedKey:
    """An API key without its secret."""

    id: str
    account: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def list_api_keys(session: Session) -> list[ListedKey]:
    """Return every key of every account, oldest first."""
    found = session.execute(select(ApiKey, Account.name).join(Account, Account.id == ApiKey.account_id))
    listed = [_listed(key, account) for key, account in found]
    return sorted(listed, key=lambda key: (key.created_at, key.id))


def revoke_api_key(*, session: Session, shown_id: str, now: datetime) -> bool:
    """Revoke a key for good; False when it was revoked before. Commits nothing; raises NoSuchKey."""
    key = _find(session, shown_id)
    if key.revoked_at is not None:
        return False
    key.revoked_at = now
    audit.record(
        session=session, actor=Actor(key.account_id), action="api_key.revoked", subject=ids.show(key.id), now=now
    )
    return True


def _find(session: Session, shown_id: str) -> ApiKey:
    try:
        key = session.get(ApiKey, ids.read(shown_id), with_for_update=True)
    except ids.NotAnId:
        key = None
    if key is None:
        raise NoSuchKey(f"There is no API key {shown_id!r}: `flowbuilder api-keys list` shows their ids.")
    return key


def _listed(key: ApiKey, account: str) -> ListedKey:
    return ListedKey(
        ids.show(key.id),
        account,
        key.name,
        key.hint,
        tuple(key.scopes),
        key.created_at,
        key.last_used_at,
        key.revoked_at,
    )
