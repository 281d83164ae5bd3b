"""The loop that carries many leads at once: one transaction per turn, calls in between, answers as they come."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy.exc import OperationalError

from flowbuilder import clock, enqueue
from workers import journal
from workers.book import Book
from workers.caps import Dealer, WindowIds
from workers.carrying import Carried
from workers.crashpoints import committed, crashpoint
from workers.delivery.calls import Call, Sent
from workers.delivery.send import Sender
from workers.quarantine import quarantine
from workers.steering import steer
from workers.turn import Turn

SLOTS = 2048
"""How many leads one loop carries at once."""
MOST_CLAIMED = 256
POLL = 0.5
"""Seconds between looks at the database when nobody says that there is work."""
RENEW_EVERY = 10.0
IDLE_FOR = 1.5
SOON = timedelta(seconds=6)
"""A loop that knows of a lead due within this time stays; later ones are the sweep's."""
LONGEST_SHIFT = 600.0
STOP_GRACE = 15.0
RECOVER = 0.5
ASYNCHRONOUS = text("SET LOCAL synchronous_commit = off")

CallKey = tuple[UUID, int]
"""Which lead a call is for, and under which lease it was made."""

log = logging.getLogger(__name__)


class Engine:
    """Carries leads until there is nothing to do, or until it is told to stop.

    Only the thread that calls `carry` touches the database; the sender's thread and the listener's put what they
    have into one queue, on which the loop sleeps.
    """

    def __init__(
        self,
        database: DatabaseEngine,
        redis: Redis,
        book: Book,
        *,
        sender: Callable[[Callable[[Sent], object]], Sender],
        secret: bytes,
        tell_alive: Callable[[], object] = lambda: None,
    ) -> None:
        self._database, self._redis, self._book, self._secret = database, redis, book, secret
        self._inbox: queue.SimpleQueue[Sent | None] = queue.SimpleQueue()
        self._sender = sender(self._inbox.put)
        self._tell_alive = tell_alive
        self._windows = WindowIds(database)
        self._leads: dict[UUID, Carried] = {}
        self._batch: list[Carried] = []
        self._link: Connection | None = None
        self._out: dict[UUID, str] = {}
        self._calls: Counter[str] = Counter()
        self._due: list[datetime] = []
        self._stopping = threading.Event()
        self._polled_at = self._renewed_at = 0.0
        self._wants_more = True
        self._suspects_at = 0.0
        self._listener = threading.Thread(target=self._listen, name="listener", daemon=True)
        self.is_carrying = False
        self.on_beat: Callable[[], object] = lambda: None

    def start(self) -> None:
        """Start the sender and the listener; once in the life of a process."""
        self._sender.start()
        self._listener.start()

    def stop(self) -> None:
        """Ask the loop to end: claim and send nothing more, let calls end, give back the rest. Safe in a signal."""
        self._stopping.set()
        self._inbox.put(None)

    def close(self) -> None:
        """Give up what the loop holds open, once it has ended."""
        self._sender.stop(0)
        self._listener.join()
        if self._link is not None:
            self._link.close()
        self._redis.close()
        self._database.dispose()

    @property
    def is_stopping(self) -> bool:
        """Return whether the loop was asked to end."""
        return self._stopping.is_set()

    def carry(self) -> None:
        """Carry leads until nothing was to do for a while, or ten minutes have passed, or `stop` was called."""
        self.is_carrying = True
        try:
            self._carry()
            self._wind_up()
        finally:
            self.is_carrying = False

    def _carry(self) -> None:
        began = idle_since = time.monotonic()
        self._wants_more = True
        while not self.is_stopping:
            worked = self._safe_turn()
            now = time.monotonic()
            idle_since = now if worked or self._leads or self._is_due_soon() else idle_since
            if now - idle_since > IDLE_FOR:
                return
            if now - began > LONGEST_SHIFT:
                enqueue.nudge(self._redis)
                return
            if not worked:
                self._sleep()

    def _sleep(self) -> None:
        """Wait for an answer, a nudge or the next look at the database."""
        self._take_in(timeout=POLL)

    def _take_in(self, timeout: float) -> None:
        """Put answers with their leads; what comes without an answer is a nudge."""
        try:
            arrived = self._inbox.get(timeout=timeout) if timeout else self._inbox.get_nowait()
            while True:
                self._receive(arrived)
                arrived = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _receive(self, sent: Sent | None) -> None:
        if sent is None:
            self._wants_more = True
            return
        lead_id, token = cast("CallKey", sent.key)
        self._calls[self._out.pop(lead_id)] -= 1
        carried = self._leads.get(lead_id)
        if carried is not None and carried.token == token:
            carried.arrived = sent
            self._batch.append(carried)

    def _safe_turn(self) -> bool:
        """Take a turn; return whether anything was done.

        A lead that ended a worker before has its turn alone. What fails is done again lead by lead.
        """
        self._take_in(timeout=0)
        batch, self._batch = self._batch, []
        suspects = [carried for carried in batch if carried.is_suspect]
        if suspects:
            self._one_by_one(suspects)
            batch = [carried for carried in batch if not carried.is_suspect]
        try:
            return self._turn(batch, claims=not self.is_stopping) or bool(suspects)
        except OperationalError as problem:
            self._wait_for_database(problem, batch)
        except Exception as problem:  # noqa: BLE001  (see below)
            # One lead's bad luck, whatever it is, must not stop the others: each gets a turn of its own.
            log.warning("a turn of %d leads failed: %s", len(batch), type(problem).__name__)
            self._disconnect()
            self._one_by_one(batch)
        return True

    def _one_by_one(self, batch: Sequence[Carried]) -> None:
        """Give each lead a turn of its own, from its journal; the one that fails alone is put aside with the error."""
        for carried in batch:
            carried.forget()
            try:
                self._turn([carried], claims=False)
            except OperationalError as problem:
                self._wait_for_database(problem, [carried])
            except Exception as problem:
                log.exception("lead %s cannot be carried", carried.id)
                self._disconnect()
                self._put_aside(carried, f"{type(problem).__name__}: {_first_line(problem)}")
            carried.is_suspect = False

    def _wait_for_database(self, problem: OperationalError, batch: Iterable[Carried]) -> None:
        """Have a later turn rebuild these leads from what was committed; answers that arrived are kept."""
        log.warning("the database did not answer: %s", type(problem.orig).__name__)
        self._disconnect()
        for carried in batch:
            carried.forget()
            self._batch.append(carried)
        self._stopping.wait(RECOVER)

    def _connect(self) -> Connection:
        if self._link is None:
            self._link = self._database.connect()
        return self._link

    def _disconnect(self) -> None:
        """Give up the connection with whatever it was doing."""
        if self._link is not None:
            self._link.invalidate()
            self._link.close()
            self._link = None

    def _turn(self, batch: Sequence[Carried], *, claims: bool) -> bool:
        """Do one turn and hand over its calls; return whether there was anything to do."""
        self._renew()
        wanted = self._most_to_claim() if claims else 0
        if not batch and not wanted:
            return False
        turn, claimed = self._transaction(batch, wanted)
        self._hand_over(turn)
        self._admit(claimed)
        return bool(batch or claimed)

    def _transaction(self, batch: Sequence[Carried], wanted: int) -> tuple[Turn, Sequence[RowMapping]]:
        """Decide, lock, write and claim, and commit all of it at once."""
        self._book.refresh()
        database = self._connect()
        if not batch:
            # A claim that is lost with the database was never made: its token is not in any row.
            database.execute(ASYNCHRONOUS)
        turn = Turn(clock.now(), database, self._book, Dealer(self._windows), self._secret, not self.is_stopping)
        turn.in_flight = dict(self._calls)
        held = self._guarded(turn, batch)
        if held:
            steer(turn, held)
            turn.dealer.write(database)
            journal.write(database, turn.changes)
        claimed = self._claim(turn, wanted)
        crashpoint("before turn")
        database.commit()
        crashpoint("after turn")
        return turn, claimed

    def _guarded(self, turn: Turn, batch: Sequence[Carried]) -> list[Carried]:
        """Return the leads of a batch that are still ours, and forget the others."""
        if not batch:
            return []
        held = journal.guard(turn.database, [(carried.id, carried.token) for carried in batch])
        for carried in batch:
            if carried.id not in held:
                self._leads.pop(carried.id, None)
        return [carried for carried in batch if carried.id in held]

    def _most_to_claim(self) -> int:
        """Return how many leads to claim in this turn: none unless somebody said so or it is time to look."""
        now = time.monotonic()
        if not self._wants_more and now - self._polled_at < POLL:
            return 0
        self._polled_at = now
        return min(MOST_CLAIMED, SLOTS - len(self._leads))

    def _claim(self, turn: Turn, most: int) -> Sequence[RowMapping]:
        """Lease due leads, or one that ended a worker before: it never shares a claim with others."""
        if not most:
            return []
        if time.monotonic() >= self._suspects_at:
            suspect = journal.claim(turn.database, 1, turn.now, alone=True)
            self._suspects_at = 0.0 if suspect else time.monotonic() + POLL
            self._wants_more = True
            if suspect:
                return suspect
        claimed = journal.claim(turn.database, most, turn.now)
        self._wants_more = len(claimed) == most
        return claimed

    def _admit(self, claimed: Iterable[RowMapping]) -> None:
        """Take claimed leads in hand; one that ended its worker too often is put aside for a person."""
        for row in claimed:
            carried = Carried(row, is_fresh=row["is_fresh"], run=row["run"], is_suspect=row["crashes"] > 1)
            if row["crashes"] > journal.ALONE_CRASHES + 1:
                self._put_aside(carried, "It ended its worker several times")
            else:
                self._leads[carried.id] = carried
                self._batch.append(carried)

    def _hand_over(self, turn: Turn) -> None:
        """Make the calls of a committed turn, let go of leads that wait or are done, and tell who waits for them."""
        for connection, call in turn.calls:
            self._send(connection, call)
        for lead_id in turn.left:
            self._leads.pop(lead_id, None)
        self._batch.extend(turn.stalled)
        self._due.extend(moment for moment in turn.due if moment - turn.now < SOON)
        if turn.finished:
            enqueue.announce_finished(self._redis, turn.finished)

    def _send(self, connection: str, call: Call) -> None:
        lead_id, _ = cast("CallKey", call.key)
        self._out[lead_id] = connection
        self._calls[connection] += 1
        self._sender.submit(call)

    def _is_due_soon(self) -> bool:
        now = clock.now()
        self._due = [moment for moment in self._due if moment > now - timedelta(seconds=POLL)]
        return bool(self._due)

    def _renew(self) -> None:
        """Prolong all leases every ten seconds, and tell RQ that this worker lives."""
        if time.monotonic() - self._renewed_at < RENEW_EVERY:
            return
        self._renewed_at = time.monotonic()
        if self._leads:
            with committed(self._database, "renewal") as database:
                held = journal.renew(database, self._leases())
            self._leads = {lead_id: carried for lead_id, carried in self._leads.items() if lead_id in held}
        self._tell_alive()
        try:
            self.on_beat()
        except RedisError as problem:
            log.warning("Valkey did not answer: %s", type(problem).__name__)

    def _leases(self) -> list[tuple[UUID, int]]:
        return [(carried.id, carried.token) for carried in self._leads.values()]

    def _put_aside(self, carried: Carried, why: str) -> None:
        self._leads.pop(carried.id, None)
        quarantine(self._database, carried.id, carried.token, why, clock.now())
        log.error("lead %s was quarantined: %s", carried.id, why)

    def _wind_up(self) -> None:
        """Let calls end, write what they answered, and give back every other lease."""
        deadline = time.monotonic() + STOP_GRACE
        while self._out and time.monotonic() < deadline:
            self._take_in(timeout=min(POLL, max(0.0, deadline - time.monotonic())))
            self._finish_arrived()
        self._finish_arrived()
        if self._leads:
            with committed(self._database, "return") as database:
                journal.give_back(database, self._leases())
        self._leads.clear()
        self._batch.clear()

    def _finish_arrived(self) -> None:
        """Write the answers that arrived; a lead that would be offered on is given back instead."""
        arrived = [carried for carried in self._batch if carried.arrived is not None]
        self._batch = []
        if arrived:
            self._batch = arrived
            self._safe_turn()

    def _listen(self) -> None:
        """Wait for nudges in Valkey; while it is away the loop looks at the database by itself."""
        while not self.is_stopping:
            try:
                if enqueue.wait_for_wake(self._redis):
                    self._inbox.put(None)
            except RedisError:
                self._stopping.wait(1.0)


def _first_line(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:300]
