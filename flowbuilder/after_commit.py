"""What is sent once a session's transaction is committed: a worker may be quicker than the row that it is told of."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from redis import Redis
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from flowbuilder.enqueue import enqueue_job

Send = Callable[[], object]

_WAITING = "sent after commit"
_Waiting = tuple[SessionTransaction | None, Send]


def after_commit(session: Session, send: Send) -> None:
    """Call `send` once the session's transaction is committed, and never if it, or its savepoint, is rolled back."""
    waiting: list[_Waiting] | None = session.info.get(_WAITING)
    if waiting is None:
        waiting = session.info[_WAITING] = []
        event.listen(session, "after_commit", _send_waiting)
        event.listen(session, "after_soft_rollback", _forget_rolled_back)
    waiting.append((session.get_nested_transaction(), send))


def enqueue_after_commit(session: Session, redis: Redis, name: str, *identifiers: UUID) -> None:
    """Queue a short job once the session's transaction is committed."""
    after_commit(session, partial(enqueue_job, redis, name, *identifiers))


def _send_waiting(session: Session) -> None:
    """A savepoint's release raises the same event and is no commit yet."""
    if session.in_nested_transaction():
        return
    waiting: list[_Waiting] = session.info[_WAITING]
    sends = [send for _, send in waiting]
    waiting.clear()
    for send in sends:
        send()


def _forget_rolled_back(session: Session, ended: SessionTransaction) -> None:
    waiting: list[_Waiting] = session.info[_WAITING]
    if ended.parent is None:
        waiting.clear()
    else:
        waiting[:] = [entry for entry in waiting if not _is_within(entry[0], ended)]


def _is_within(transaction: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while transaction is not None and transaction is not ended:
        transaction = transaction.parent
    return transaction is ended
