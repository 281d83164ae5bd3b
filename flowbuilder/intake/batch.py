"""The batcher: leads that are posted at about the same time share one insert and one commit.

Nothing waits for company. While one batch is being committed, the posts that arrive meanwhile become the next.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue
from uuid import UUID

import psycopg

from flowbuilder.intake import meters
from flowbuilder.intake.handing import Handing
from flowbuilder.intake.refused import IN_DOUBT, Refused, unavailable
from flowbuilder.intake.store import TRY_AGAIN, Broken, LeadStore, is_about_data, refusal_of, sqlstate
from flowbuilder.intake.tickets import Entry, KeyUsed
from rules import json_text

MOST_AT_ONCE = 500
MOST_TRIES = 5
MOST_HALVINGS = 2
"""How many times leads are halved of which somebody else is storing one, so that few wait for that."""
LOCKED_FOR = "200ms"
"""For how long leads wait for whoever is storing one of them: a loop may stand still, and all of this process wait."""
RECOVER = 0.1  # seconds
MOST_REFUSALS = 1_000
REFUSALS_EVERY = 0.5  # seconds

log = logging.getLogger(__name__)


class Batcher:
    """The one thread of a web process that stores leads; refused posts are recorded between batches."""

    def __init__(
        self,
        store: LeadStore,
        announce: Callable[[int], object],
        handing: Callable[[LeadStore, Callable[[], object]], Handing] | None = None,
    ) -> None:
        self._store = store
        self._announce = announce
        self._entries: SimpleQueue[Entry | None] = SimpleQueue()
        self._refusals: list[bytes] = []
        self._refusals_due_at = 0.0
        self._ends = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._handing = handing(store, lambda: self._entries.put(None)) if handing else None

    def put(self, entry: Entry) -> None:
        """Hand a lead over; once stored its ticket is settled, unless its request waits for a buyer's answer."""
        self._entries.put(entry)
        self._start()

    def note_refusal(self, row: Mapping[str, object]) -> None:
        """Hand over the record of a refused post; when far too many come at once, some go unrecorded."""
        if len(self._refusals) < MOST_REFUSALS:
            self._refusals.append(json_text.write(row))
            self._entries.put(None)
            self._start()
        else:
            meters.REFUSALS_LOST.inc()

    def close(self) -> None:
        """Store what has come, then end the thread and let go of its connection; nothing may be put any more."""
        self._ends = True
        self._entries.put(None)
        if self._thread is not None:
            self._thread.join()
        self._store.drop()

    def _start(self) -> None:
        """The thread starts with the first lead: a server may fork after the app was made."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="intake-batcher", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while not self._ends or not self._entries.empty() or self._is_anything_out:
            try:
                self._go_on()
            except Exception as problem:  # noqa: BLE001 - the outermost place of a thread that must live on
                # The traceback is left out, because the values of leads may stand in it.
                log.error("storing leads was interrupted: %s", type(problem).__name__)  # noqa: TRY400
                time.sleep(RECOVER)

    def _go_on(self) -> None:
        if self._ends and self._handing:
            self._handing.end()
        self._store_or_refuse(self._hand(self._take()))
        self._store_or_refuse(self._handing.overdue() if self._handing else [])
        if self._refusals and time.monotonic() >= self._refusals_due_at:
            self._record_refusals()

    @property
    def _is_anything_out(self) -> bool:
        return self._handing is not None and self._handing.look_at is not None

    def _hand(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the leads that are not handed over to a loop."""
        try:
            return self._handing.hand(entries) if self._handing else entries
        except Exception as problem:  # noqa: BLE001 - this thread must live on, and what was handed over is looked for
            log.error("leads were not handed over: %s", type(problem).__name__)  # noqa: TRY400
            return entries

    def _take(self) -> list[Entry]:
        """Return what has come; waits for the first, but not past the time to record refusals."""
        taken = [self._first()]
        while len(taken) < MOST_AT_ONCE and not self._entries.empty():
            taken.append(self._entries.get_nowait())
        return [entry for entry in taken if entry is not None]

    def _first(self) -> Entry | None:
        moments = [self._refusals_due_at] if self._refusals else []
        if self._handing is not None and (look_at := self._handing.look_at) is not None:
            moments.append(look_at)
        patience = max(0.0, min(moments) - time.monotonic()) if moments else None
        try:
            return self._entries.get(timeout=patience)
        except Empty:
            return None

    def _store_or_refuse(self, entries: Sequence[Entry], halvings: int = MOST_HALVINGS) -> None:
        """Store the leads, or refuse those that cannot be; whatever happens, each request gets its answer."""
        if not entries:
            return
        try:
            self._store_batch(entries)
        except psycopg.Error as problem:
            self._go_on_after(problem, entries, halvings)
        except Exception as problem:  # noqa: BLE001 - each request gets its answer, whatever happens
            # The traceback is left out, because the values of leads may stand in it.
            log.error("a batch of %d leads failed: %s", len(entries), type(problem).__name__)  # noqa: TRY400
            self._refuse_or_look_again(entries, unavailable("not_stored", f"Storing failed, and {IN_DOUBT}"))

    def _go_on_after(self, problem: psycopg.Error, entries: Sequence[Entry], halvings: int) -> None:
        """Find those leads that are not the reason, and store them; the others are refused, or looked for later."""
        is_locked, middle = isinstance(problem, psycopg.errors.LockNotAvailable), len(entries) // 2
        if is_locked and halvings and middle:  # Somebody is storing one of them.
            self._store_or_refuse(entries[:middle], halvings - 1)
            self._store_or_refuse(entries[middle:], halvings - 1)
        elif is_locked:
            if late := self._looked_for_too_long(entries):
                _refuse(late, refusal_of(problem))
        elif not is_about_data(problem):
            self._refuse_or_look_again(entries, refusal_of(problem))
        elif middle:
            for entry in entries:
                self._store_or_refuse([entry])
        else:
            _refuse(entries, refusal_of(problem))

    def _refuse_or_look_again(self, entries: Sequence[Entry], refused: Refused) -> None:
        """Refuse leads that could not be stored; what was handed over may be stored all the same, or soon."""
        _refuse([entry for entry in entries if not entry.was_handed], refused)
        _refuse(self._looked_for_too_long([entry for entry in entries if entry.was_handed]), refused)

    def _looked_for_too_long(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Have leads that are not stored yet looked for later, and return those that came too long ago for that."""
        missing = [entry for entry in entries if not entry.is_stored]
        return self._handing.look_again(missing) if self._handing else missing

    def _store_batch(self, entries: Sequence[Entry]) -> None:
        unknown = self._insert(entries)
        if unknown:
            self._announce(unknown)
        missing = [entry for entry in entries if not entry.is_stored]
        if missing:
            self._answer_used_keys(missing)

    def _insert(self, entries: Sequence[Entry]) -> int:
        """Store leads, and return how many are stored of which no loop knows.

        They are looked for where somebody else may have stored them: a loop that they were handed to, or an insert of
        ours on a connection that broke. Whoever is at it still has committed by the time that ours meets the same ids.
        What fails for no fault of a row is tried again.
        """
        looks, is_broken = any(entry.was_handed for entry in entries), False
        for attempt in range(1, MOST_TRIES + 1):
            try:
                there = self._look_for(entries) if looks else []
                missing = [entry for entry in entries if not entry.is_stored]
                new = self._store.insert(entry.row for entry in missing) if missing else set()
            except (Broken, psycopg.errors.UniqueViolation) as problem:
                looks, is_broken = True, is_broken or isinstance(problem, Broken)
                if attempt == MOST_TRIES:
                    raise
            except psycopg.Error as problem:
                if sqlstate(problem) not in TRY_AGAIN or attempt == MOST_TRIES:
                    raise
                time.sleep(random.uniform(0.5, 1.5) * 0.005 * attempt)  # noqa: S311 - it hides nothing
            else:
                _note_stored(missing, new)
                if new:
                    meters.BATCH.observe(len(new))
                # A loop knows what it stored; what an insert of ours stored before its connection broke, nobody does.
                return len(new) + sum(is_broken or not entry.was_handed for entry in there)
        raise AssertionError("the last try returns or raises")

    def _look_for(self, entries: Sequence[Entry]) -> list[Entry]:
        """Note which leads are there, and return them; a loop that has not stored all by now is not trusted."""
        there = self._store.stored([entry.ticket.lead_id for entry in entries])
        _note_stored(entries, there)
        if self._handing and any(entry.was_handed and not entry.is_stored for entry in entries):
            self._handing.distrust()
        return [entry for entry in entries if entry.is_stored]

    def _answer_used_keys(self, entries: Sequence[Entry]) -> None:
        owners, own = self._store.key_owners({entry.full_key for entry in entries if entry.full_key}), 0
        for entry in entries:
            owner = owners.get(entry.full_key) if entry.full_key else None
            if owner is not None and owner[0].id == entry.ticket.lead_id:
                # By the loop that it was handed to, or by an insert of ours whose connection broke.
                _note_stored([entry], [owner[0].id])
                own += 1
            elif owner is not None:
                entry.ticket.settle(KeyUsed(*owner))
                if self._handing:
                    self._handing.expect_used_keys()
            else:
                self._try_again(entry)
        if own:
            self._announce(own)

    def _try_again(self, entry: Entry) -> None:
        """A key that was swept, or whose lead was not committed after all, is free again."""
        entry.tries += 1
        if entry.tries < MOST_TRIES:
            self._entries.put(entry)
        else:
            _refuse([entry], unavailable("not_stored", "The lead is not stored. Post it again."))

    def _record_refusals(self) -> None:
        rows, self._refusals = self._refusals, []
        self._refusals_due_at = time.monotonic() + REFUSALS_EVERY
        try:
            self._store.insert_refusals(rows)
        except psycopg.Error as problem:
            meters.REFUSALS_LOST.inc(len(rows))
            log.warning(
                "%d refused posts were not recorded: %s", len(rows), sqlstate(problem) or type(problem).__name__
            )


def _note_stored(entries: Iterable[Entry], stored: Collection[UUID]) -> None:
    for entry in entries:
        if entry.ticket.lead_id in stored:
            entry.is_stored = True  # First: the request stops to wait for more, and then looks.
            if not entry.waits:
                entry.ticket.settle(entry.pending)


def _refuse(entries: Sequence[Entry], refused: Refused) -> None:
    for entry in entries:
        if not entry.is_stored:
            entry.ticket.settle(refused)
