"""Sales whose answer sounds like a no: which they are, and what was said by somebody who knows that they are real."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.connections.operations import lock
from flowbuilder.connections.queries import last_yeses
from flowbuilder.connections.test_words import unheard_no
from flowbuilder.models import Connection


def doubted(session: Session, connection: Connection) -> list[tuple[UUID, str]]:
    """Return the newest leads that count as sold although the answer sounds like a no, each with the word it said."""
    said = ((lead, unheard_no(connection, reply)) for lead, reply in last_yeses(session, connection))
    return [(lead, word) for lead, word in said if word]


def confirm(*, session: Session, actor: Actor, connection: Connection, words: Collection[str], now: datetime) -> None:
    """Keep that sales are real whose answers say these words; others that nothing is asked about are left out."""
    lock(session, connection)
    asked = {word for _, word in doubted(session, connection)}
    known = [word for word in sorted(set(words) & asked) if word not in connection.real_words]
    if known:
        connection.real_words = [*connection.real_words, *known]
        _record(session, actor, connection, "connection.sales_confirmed", now, words=", ".join(known))


def ask_again(*, session: Session, actor: Actor, connection: Connection, word: str, now: datetime) -> None:
    """Forget that sales are real whose answers say a word, so that it is asked about again."""
    lock(session, connection)
    if word in connection.real_words:
        connection.real_words = [known for known in connection.real_words if known != word]
        _record(session, actor, connection, "connection.sales_asked_again", now, words=word)


def _record(session: Session, actor: Actor, connection: Connection, action: str, now: datetime, **detail: str) -> None:
    subject = ids.show(connection.id, "con")
    audit.record(session=session, actor=actor, action=action, subject=subject, now=now, **detail)
    session.flush()
