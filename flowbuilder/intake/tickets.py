"""What a request holds while it waits, and what it may be told at the end."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from flowbuilder import ids
from flowbuilder.intake.answers import LeadAnswer
from flowbuilder.intake.posted import FullKey
from flowbuilder.intake.reading import Reading
from flowbuilder.intake.refused import Refused
from flowbuilder.intake.sources import OpenSource
from rules import json_text


class KeyUsed(NamedTuple):
    """The idempotency key belongs to a lead already: this one, which came with this body."""

    lead: LeadAnswer
    body_hash: bytes


Settlement = LeadAnswer | KeyUsed | Refused


class Ticket:
    """One request's wait for word about one lead; settled once, by whoever knows first."""

    __slots__ = ("_once", "_ring", "bell", "lead_id", "pending", "settlement", "since")

    def __init__(self, lead_id: UUID, pending: LeadAnswer | None = None) -> None:
        self.lead_id = lead_id
        self.pending = pending
        self.since = time.monotonic()
        self.settlement: Settlement | None = None
        self.bell: asyncio.Future[None] | None = None
        self._ring: Callable[[Ticket], object] | None = None
        self._once = threading.Lock()

    def wait_with(self, ring: Callable[["Ticket"], object], bell: "asyncio.Future[None]") -> None:
        """Call `ring` when the ticket is settled from now on, in the thread that does so, to have `bell` rung."""
        self.bell, self._ring = bell, ring

    def settle(self, settlement: Settlement) -> None:
        """Give the waiting request its answer; a second one is not heard."""
        if self._once.acquire(blocking=False):
            self.settlement = settlement
            if self._ring is not None:
                self._ring(self)

    def settle_sold(self, price: int) -> bool:
        """Give the waiting request the answer of a sold lead; False where what it was told at first is not known."""
        if self.pending is None:
            return False
        lead_id, _, _, reason, _, currency, ignored = self.pending
        self.settle(LeadAnswer(lead_id, "done", "sold", reason, price, currency, ignored))
        return True


class IdempotencyKey(NamedTuple):
    """A supplier's key for one post, and the SHA-256 of the fields that came with it; `field` is the one it came in."""

    text: str
    body_hash: bytes
    field: str = ""


@dataclass(slots=True)
class Entry:
    """One lead on its way into the database: its row as JSON, written once.

    `may_be_handed` where its request waits long enough for the loop that carries leads to store it, `was_handed` once
    that was tried.
    """

    ticket: Ticket
    source_id: UUID
    key: IdempotencyKey | None
    row: bytes
    pending: LeadAnswer
    waits: bool
    tries: int = 0
    is_stored: bool = False
    may_be_handed: bool = False
    was_handed: bool = False

    @property
    def full_key(self) -> FullKey | None:
        """Return its source and the key that it came with, None where it came without."""
        return (self.source_id, self.key.text) if self.key else None


def hash_fields(posted: Mapping[str, object], *, is_test: bool) -> bytes:
    """Return the SHA-256 of posted fields in key order, so that only what was said counts; a test is another post."""
    return hashlib.sha256(json_text.write([is_test, posted], in_key_order=True)).digest()


def make_entry(
    source: OpenSource, reading: Reading, key: IdempotencyKey | None, *, answer_to: str | None, now: datetime
) -> Entry:
    """Return the lead that a post or a ping becomes; `answer_to` names the web process whose request waits for it."""
    lead_id, form = ids.new_id(), source.form
    row: dict[str, object] = {
        "id": lead_id,
        "account_id": source.account_id,
        "flow_id": source.flow_id,
        "source_id": source.source_id,
        "version": form.version,
        "is_test": reading.is_test,
        "posted": reading.posted,
        "fields": reading.values,
        "invalid": reading.invalid,
        "ignored": reading.ignored,
        "currency": form.currency,
        "received_at": now.isoformat(),
    }
    # What is not there is NULL; leaving it out also spares the writer its search for what only looks like null.
    if reading.is_ping:
        row["kind"] = "ping"
    if reading.test_outcome:
        row["test_outcome"] = reading.test_outcome
    if answer_to:
        row["answer_to"] = answer_to
    if key:
        row |= {"key": key.text, "body_hash": key.body_hash.hex()}
    pending = LeadAnswer(lead_id, "received", None, None, 0, form.currency, reading.ignored)
    ticket = Ticket(lead_id, pending)
    return Entry(ticket, source.source_id, key, json_text.write(row), pending, waits=answer_to is not None)
