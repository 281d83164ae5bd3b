"""Who did what: rows that are written once, beside the change they tell of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Audit


@dataclass(frozen=True)
class Actor:
    """On whose behalf something is done: an account, and the person or the API key that asked."""

    account_id: UUID
    person_id: UUID | None = None
    key_id: UUID | None = None


def record(*, session: Session, actor: Actor, action: str, subject: str, now: datetime, **detail: Any) -> None:
    """Add the audit row of an action on a subject (a shown id); `detail` holds ids and numbers, never secrets."""
    if actor.key_id:
        detail["api_key"] = ids.show(actor.key_id)
    row = Audit(id=ids.new_id(), account_id=actor.account_id, person_id=actor.person_id, at=now)
    row.action, row.subject, row.detail = action, subject, detail
    session.add(row)
