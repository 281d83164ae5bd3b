"""Who may open an inbox. Every page of an inbox asks here, and nothing else decides it."""

from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.accounts.access import Role
from flowbuilder.accounts.sessions import Visitor
from flowbuilder.connections import queries
from flowbuilder.models import Connection

READERS: tuple[Role, ...] = ("owner", "editor", "publisher")
"""Who may read the leads themselves, and say that they were read; analysts see only that they are there."""


def inbox_of(session: Session, visitor: Visitor, connection_id: UUID) -> Connection | None:
    """Return the connection whose inbox somebody may open, or nothing: the people of the account that sells."""
    return queries.connection_of(session, visitor.account.id, connection_id)
