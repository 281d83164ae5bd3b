"""The test call to a buyer: made by a job through the same door as leads, kept for the page that watches it."""

import queue
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from flowbuilder import clock, ids
from flowbuilder.config import settings, vault_keys_now
from flowbuilder.db import make_engine, write_json
from flowbuilder.vault import Vault
from rules.delivery.masking import masked, masked_reply
from rules.delivery.request import CannotBuild, build_request
from rules.delivery.response import read_answer, without_secrets
from rules.delivery.sample import sample_offer, sample_view
from rules.delivery.wire import HttpRequest
from workers.book import Book, Connection
from workers.crashpoints import committed
from workers.delivery.calls import Call, Sent
from workers.delivery.senders import make_sender

GRACE = 5.0

BEGIN = text("""
    UPDATE connection_test SET state = 'sending' WHERE id = :id AND state = 'queued' RETURNING connection_id, fields
""")
END = text("""
    UPDATE connection_test SET state = 'done', request = CAST(:request AS jsonb), reply = CAST(:reply AS jsonb),
                               answer = CAST(:answer AS jsonb), finished_at = :now
     WHERE id = :id
""")
TESTED = text("UPDATE connection SET tested_at = :now WHERE id = :id")


def run_test(shown: str) -> None:
    """Make the call of one test, if nobody has yet, and write down what was sent, answered and read."""
    own = settings()
    engine = make_engine(own.database_url, pool_size=2)
    test_id = ids.read(shown)
    with committed(engine, "test begun") as database:
        row = database.execute(BEGIN, {"id": test_id}).mappings().one_or_none()
        book = Book(Vault(own.vault_keys, newer=partial(vault_keys_now, own)))
        connection = book.connection(database, ids.show(row["connection_id"], "con")) if row else None
    if row is not None:
        told = (
            _try(engine, connection, row["fields"], test_id)
            if connection
            else _told({"kind": "cannot_build", "said": "It has no destination"})
        )
        _end(engine, test_id, row["connection_id"], told, clock.now())
    engine.dispose()


def _try(engine: Engine, connection: Connection, fields: dict[str, Any], test_id: UUID) -> dict[str, Any]:
    try:
        request = _request(connection, fields, test_id)
    except CannotBuild as problem:
        return _told({"kind": "cannot_build", "said": str(problem)})
    sent = _send(engine, request, connection.destination.timeout_ms)
    kept = masked(request, connection.credentials)
    if sent.reply is None:
        return _told({"kind": sent.kind, "said": sent.error, "ms": sent.ms}, kept)
    secrets = {**connection.credentials, **sent.secrets}
    answer = without_secrets(read_answer(connection.destination, sent.reply), secrets)
    read = {
        "kind": answer.kind,
        "reason": answer.reason,
        "said": answer.said,
        "price": answer.price,
        "reference": answer.reference,
        "notes": list(answer.notes),
        "ms": sent.ms,
    }
    return _told(read, kept, masked_reply(sent.reply, secrets))


def _request(connection: Connection, fields: dict[str, Any], test_id: UUID) -> HttpRequest:
    offer = sample_offer(ids.show(test_id), connection.name, clock.now())
    return build_request(connection.destination, sample_view(fields), offer, connection.credentials)


def _send(engine: Engine, request: HttpRequest, timeout_ms: int) -> Sent:
    results: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    sender = make_sender(settings(), engine, results.put)
    sender.start()
    try:
        sender.submit(Call("test", request, timeout_ms))
        return results.get(timeout=timeout_ms / 1000 + GRACE)
    finally:
        sender.stop(0)


def _told(
    answer: dict[str, Any], request: dict[str, Any] | None = None, reply: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"answer": answer, "request": request, "reply": reply}


def _end(engine: Engine, test_id: UUID, connection_id: UUID, told: dict[str, Any], now: datetime) -> None:
    with committed(engine, "test ended") as database:
        documents = {name: None if value is None else write_json(value) for name, value in told.items()}
        database.execute(END, documents | {"id": test_id, "now": now})
        database.execute(TESTED, {"id": connection_id, "now": now})
