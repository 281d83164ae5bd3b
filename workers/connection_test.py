"""The test call to a buyer: made by a job through the same door as leads, kept for the page that watches it."""

import queue
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Engine, text

from flowbuilder import clock, ids
from flowbuilder.config import settings, vault_keys_now
from flowbuilder.db import write_json
from flowbuilder.vault import Vault
from rules.delivery.mail import Mail, notice_mail
from rules.delivery.masking import masked_reply
from rules.delivery.methods import NOTICE, Method
from rules.delivery.outgoing import Entry, kept
from rules.delivery.request import CannotBuild
from rules.delivery.sample import fields_kept, sample_offer, sample_view
from rules.delivery.wire import HttpRequest
from workers.book import Book, Connection
from workers.connecting import LONGER, make_engine
from workers.crashpoints import committed
from workers.delivery.calls import Sent
from workers.delivery.senders import make_sender
from workers.outgoing import answer_of, call_of, inbox_address, make, secrets_of

GRACE = 5.0

BEGIN = text("""
    UPDATE connection_test SET state = 'sending' WHERE id = :id AND state = 'queued'
 RETURNING connection_id, fields, known
""")
END = text("""
    UPDATE connection_test SET state = 'done', request = CAST(:request AS jsonb), reply = CAST(:reply AS jsonb),
                               answer = CAST(:answer AS jsonb), finished_at = :now
     WHERE id = :id
""")
IN_INBOX = text("""
    INSERT INTO inbox_lead (id, account_id, connection_id, at) VALUES (:id, :account, :connection, :now)
        ON CONFLICT DO NOTHING
""")
COPY_WORDS = {"webhook": "The web request", "email": "The mail", "inbox": "The inbox", "notice": "The notice by mail"}
TESTED = text("UPDATE connection SET tested_at = :now WHERE id = :id")


def run_test(shown: str) -> None:
    """Make the call of one test, if nobody has yet, and write down what was sent, answered and read."""
    own = settings()
    engine = make_engine(own.database_url, pool_size=2, lock_timeout=LONGER)
    test_id = ids.read(shown)
    with committed(engine, "test begun") as database:
        row = database.execute(BEGIN, {"id": test_id}).mappings().one_or_none()
        book = Book(Vault(own.vault_keys, newer=partial(vault_keys_now, own)))
        connection = book.connection(database, ids.show(row["connection_id"], "con")) if row else None
    if row is not None:
        told = (
            Trial(engine, connection, test_id, row["fields"], row["known"], own.public_url).by_all()
            if connection
            else _told({"kind": "cannot_build", "said": "It has no destination"})
        )
        _end(engine, test_id, row["connection_id"], told, clock.now())
    engine.dispose()


@dataclass(frozen=True, slots=True)
class Trial:
    """A test of one connection with a made-up lead."""

    engine: Engine
    connection: Connection
    test_id: UUID
    fields: dict[str, Any]
    known: dict[str, Any]
    public_url: str

    def by_all(self) -> dict[str, Any]:
        """Return what came of the deciding method, with a note about each of the others."""
        first, *others = self.connection.destination.deliver_by
        told = self.by(first)
        notes = [_note(method, self.by(method)["answer"]) for method in others]
        if self.connection.destination.notice and "inbox" in (first, *others):
            notes.append(_note(NOTICE, self._sent(self._notice(), NOTICE)["answer"]))
        told["answer"]["notes"] = [*told["answer"].get("notes", ()), *notes]
        return told

    def by(self, method: Method) -> dict[str, Any]:
        """Return what was sent by one method, answered and read."""
        now = clock.now()
        view = sample_view(self.fields, fields_kept(self.known), now)
        offer = sample_offer(ids.show(self.test_id), self.connection.name, now)
        try:
            outgoing = make(self.connection, method, view, offer)
        except CannotBuild as problem:
            return _told({"kind": "cannot_build", "said": str(problem)})
        return self._in_inbox(outgoing) if isinstance(outgoing, Entry) else self._sent(outgoing, method)

    def _in_inbox(self, entry: Entry) -> dict[str, Any]:
        """Put the lead into the inbox, marked as a test: it stands there without a lead of its own."""
        own = self.connection
        with committed(self.engine, "test in inbox") as database:
            row = {"id": self.test_id, "account": own.account_id, "connection": own.id, "now": clock.now()}
            database.execute(IN_INBOX, row)
        return _told({"kind": "accepted", "ms": 0}, kept(entry, own.credentials))

    def _notice(self) -> Mail:
        name, key = self.connection.name, ids.show(self.test_id)
        address = inbox_address(self.public_url, self.connection.id, self.test_id)
        return notice_mail(self.connection.destination.notice, key, buyer=name, address=address, is_test=True)

    def _sent(self, outgoing: HttpRequest | Mail, method: str) -> dict[str, Any]:
        own = self.connection
        sent = _send(self.engine, outgoing, own.destination.timeout_ms)
        request = kept(outgoing, own.credentials)
        if sent.reply is None:
            return _told({"kind": sent.kind, "said": sent.error, "ms": sent.ms}, request)
        answer = answer_of(own, "email" if method == NOTICE else cast("Method", method), sent)
        read = {
            "kind": answer.kind,
            "reason": answer.reason,
            "said": answer.said,
            "price": answer.price,
            "reference": answer.reference,
            "notes": list(answer.notes),
            "ms": sent.ms,
        }
        return _told(read, request, masked_reply(sent.reply, secrets_of(own, sent)))


def _note(method: str, answer: Mapping[str, Any]) -> str:
    """Return in a sentence what came of a copy."""
    if answer["kind"] == "accepted":
        return f"{COPY_WORDS[method]}: delivered."
    return f"{COPY_WORDS[method]}: not delivered. {answer.get('said') or ''}".strip()


def _send(engine: Engine, outgoing: HttpRequest | Mail, timeout_ms: int) -> Sent:
    results: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    sender = make_sender(settings(), engine, results.put)
    sender.start()
    try:
        sender.submit(call_of("test", outgoing, timeout_ms))
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
