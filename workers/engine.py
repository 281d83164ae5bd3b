"""The loop that carries many leads at once: one transaction per turn, calls in between, answers as they come."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine as DatabaseEngine

from flowbuilder import clock, enqueue
from workers import journal
from workers.admission import Admission
from workers.announcing import Announcer
from workers.book import Book
from workers.calling import Calling
from workers.campaigns import NO_CAMPAIGNS, Campaigns
from workers.carrying import Carried
from workers.claiming import CAREFUL_FOR, POLL, Claiming
from workers.crashpoints import committed
from workers.delivery.calls import AnySender, Sent
from workers.listening import Listener
from workers.load import FEW, MANY, Load
from workers.moving import Mover
from workers.outages import DATABASE_ERRORS, where
from workers.pausing import Pauses
from workers.renewing import Renewals
from workers.rows import FAR, CopyRow
from workers.tally import Tally
from workers.transactions import Transactions
from workers.turn import Turn

MANY_CALLS = 1024
FEW_CALLS = MANY_CALLS // 2
"""How many calls that are out are more than one loop should carry alone, and too few for one that joined it to stay."""
ASK_EVERY = 1.0
STAYS_FOR = 5.0
"""Seconds for which a loop that joined stays at least, and over which its leads in hand are looked at."""
IDLE_FOR = 1.5
SOON = timedelta(seconds=6)
"""A loop that knows of a lead due within this time stays; later ones are the sweep's."""
PATIENCE = 0.02
"""Seconds for which a loop waits for answers before it renews more."""
LONGEST_SHIFT = 600.0
STOP_GRACE = 15.0
LONGEST_CALL = 70.0
"""Seconds within which every call has ended, whatever its buyer does."""

log = logging.getLogger(__name__)


class Engine:
    """Carries leads until there is nothing to do, or until it is told to stop.

    Only the thread that calls `carry` touches the database; the sender's thread and the listener's put what they
    have into one queue, on which the loop sleeps, and so do those of its door.
    """

    def __init__(
        self,
        database: DatabaseEngine,
        redis: Redis,
        book: Book,
        *,
        sender: Callable[[Callable[[Sent], object]], AnySender],
        secret: bytes,
        tell_alive: Callable[[], object] = lambda: None,
        careful: float = CAREFUL_FOR,
        campaigns: Campaigns = NO_CAMPAIGNS,
    ) -> None:
        self._database, self._redis, self._book = database, redis, book
        self._load = Load()
        self._tally = Tally(redis)
        self._announcer = Announcer(redis)
        self._claiming = Claiming(careful, on_many=self._ask_for_help)
        self._pauses = Pauses(time.monotonic())
        self._calling = Calling(self._load, self._pauses, sender)
        self._listener = Listener(redis, wake=self._calling.wake)
        self._admission = Admission(self._load, self._calling, self._claiming, self._listener)
        self._transactions = Transactions(database, book, self._load, self._claiming, secret, campaigns=campaigns)
        self._mover = Mover(
            database,
            self._load,
            self._claiming,
            self._transactions,
            self._tally,
            hand_over=self._hand_over,
            may_call=lambda: not self._is_ending,
            on_error=self._admission.rest,
        )
        self.renewals = Renewals(database, redis, self._load, self._transactions, tell_alive)
        self._due_until = datetime.min.replace(tzinfo=UTC)
        self._asked_at = self._was_busy_at = 0.0
        self._is_winding_up = False
        self.is_stopping, self._stopped_at = False, math.inf
        self._carrying = threading.Event()

    def take_posts_in(self, home: Path) -> None:
        """Have web processes of a home hand posts straight to this loop; before it carries anything."""
        self._admission.take_from(home)

    @property
    def is_carrying(self) -> bool:
        """Return whether the loop runs."""
        return self._carrying.is_set()

    def start(self) -> None:
        """Start the sender and the listener; once in the life of a process."""
        self._calling.start()
        self._listener.start()
        self._tally.start()

    def stop(self) -> None:
        """Ask the loop to end: claim and send nothing more, let calls end, give back the rest. Safe in a signal."""
        if not self.is_stopping:
            self._stopped_at = time.monotonic()
        self.is_stopping = True
        self._listener.stop()
        self._calling.wake()

    def close(self) -> None:
        """Give up what the loop holds open, once it has ended."""
        self.stop()
        self._calling.stop()
        with suppress(RedisError):
            self._redis.rpush(enqueue.WAKE, "1")  # So that the listener need not wait until nobody has called.
        self._listener.join()
        self._transactions.disconnect()
        self._announcer.close()
        self._tally.close()
        self._redis.close()
        self._database.dispose()

    def carry(self) -> None:
        """Carry leads until nothing was to do for a while, or ten minutes have passed, or `stop` was called.

        A loop whose last calls hang keeps its worker: it goes on if one is asked for meanwhile and nobody else is free.
        """
        self._claiming.begin()
        self._carrying.set()
        try:
            self._carry()
            while self._wind_up():
                self._carry()
        finally:
            self._admission.shut()
            # What is still in hand after an error is nobody's now: its lease runs out, and another worker takes it.
            self._load.clear()
            self.renewals.forget()
            self._listener.end()
            self._carrying.clear()

    def _carry(self) -> None:
        began = idle_since = self._was_busy_at = time.monotonic()
        self._is_winding_up = False
        self._listener.begin()
        while not self.is_stopping:
            self._listener.note_round()
            self.renewals.renew()
            self._admission.open_or_shut()
            turned_at = time.monotonic()
            worked = self._turn(claims=True)
            self._pause(turned_at)
            if len(self._load) + self._calling.waiting_posts >= MANY or len(self._load.out) >= MANY_CALLS:
                self._ask_for_help()
            now = time.monotonic()
            idle_since = now if worked or len(self._load) or self._is_due_soon() else idle_since
            if now - idle_since > IDLE_FOR and not self._looks_again():
                return
            if self._is_too_many(now):
                return
            if now - began > LONGEST_SHIFT:
                if enqueue.nudge(self._redis, joins=True):
                    return
                began = now  # Without Valkey nobody else can begin.
            if not worked:
                self._take_in(timeout=self._patience)

    @property
    def _patience(self) -> float:
        return PATIENCE if self.renewals.is_under_way else POLL

    def _pause(self, turned_at: float) -> None:
        """Let answers come together after a turn that was short."""
        now = time.monotonic()
        pause = self._pauses.length(len(self._load), now) - (now - turned_at)
        if pause > 0 and not self.is_stopping:
            time.sleep(pause)

    def _ask_for_help(self) -> None:
        """Have a free worker join while there is a lot to carry: two turns at once gain more then than they cost.

        A thread of its own does it, as no turn waits for Valkey.
        """
        if time.monotonic() - self._asked_at > ASK_EVERY:
            self._asked_at = time.monotonic()
            threading.Thread(target=enqueue.nudge, args=(self._redis,), kwargs={"joins": True}, daemon=True).start()

    def _is_too_many(self, now: float) -> bool:
        """Return whether this loop joined another one that can carry what there is by itself."""
        if self._listener.is_first or len(self._load) >= FEW or len(self._load.out) >= FEW_CALLS:
            self._was_busy_at = now
        return now - self._was_busy_at > STAYS_FOR

    def _looks_again(self) -> bool:
        """Say that nobody carries leads any more, and then look once more: a nudge just before queued no job."""
        self._listener.rest()
        self._claiming.wants_more = True
        if not self._turn(claims=True):
            return False
        self._listener.begin()
        return True

    def _take_in(self, timeout: float) -> None:
        """Put answers with their leads; what comes without one is a nudge."""
        if self._calling.take_in(timeout, may_call=not self._is_ending):
            self._claiming.wants_more = True

    @property
    def _is_ending(self) -> bool:
        return self.is_stopping or self._is_winding_up

    def _turn(self, *, claims: bool) -> bool:
        """Take a turn; return whether anything was done. A lead that ended a worker before has its turn alone.

        The others go on in the order in which they came in, so that none is passed over where buyers are busy. However
        many answers came at once, no more are written than fit into a turn.
        """
        self._take_in(timeout=0)
        self._load.wake(time.monotonic())
        ready = sorted(self._load.take_ready(self._claiming.fitting(self._load.ready)), key=lambda carried: carried.key)
        suspects = [carried for carried in ready if carried.is_suspect]
        batch = [carried for carried in ready if not carried.is_suspect]
        for carried in suspects:
            self._mover.move_alone(carried)
        room = min(self._claiming.pace.beginning(beside=len(batch)), self._load.room)
        wanted = self._claiming.how_many(room) if claims else 0
        takes = claims and not any(carried.is_in_doubt for carried in batch)
        posts, wanted = self._admission.take(wanted, room) if takes else ([], wanted)
        if not batch and not wanted and not posts:
            return bool(suspects)
        return self._mover.move(batch, wanted, posts) or bool(suspects)

    def _hand_over(self, turn: Turn, batch: Sequence[Carried]) -> None:
        """Make the calls of a committed turn, let go of leads that wait or are done, and tell who waits for them."""
        self._tally.note(turn, batch)
        self._book.note_breakers(turn.breakers)
        for carried in batch:
            carried.is_cleared, carried.is_leased, carried.row["instruction"] = True, True, None
            carried.post = None
            carried.arrived.clear()
        for connection, call in turn.calls:
            self._calling.send(connection, call)
        for connection, room, call in turn.lined_up:
            self._load.line_up(connection, room, call, time.monotonic())
        for carried in turn.left.values():
            self._load.drop(carried)
        for connection, carried in turn.queued.values():
            self._load.queue(connection, carried, time.monotonic())
        self._wake_in_time(turn, batch)
        self._load.free_queues()
        self._calling.let_out(may_call=not self._is_ending)
        self._load.ready.extend(turn.stalled)
        self._due_until = max([self._due_until, *(moment for moment in turn.due if moment - turn.now < SOON)])
        if turn.changes.added(CopyRow):
            enqueue.nudge_copies(self._redis)
        if turn.finished:
            self._announcer.tell(turn.finished)

    def _wake_in_time(self, turn: Turn, batch: Sequence[Carried]) -> None:
        """Have leads that stay in hand move when one of their offers is to be tried again; what is due queues."""
        for carried in batch:
            if carried.walk is None or not carried.walk.state.open:
                continue
            later = [moment for moment in carried.next_tries if turn.now < moment < FAR]
            if later and self._load.holds(carried):
                self._load.wake_at(carried, later[0], time.monotonic())

    def _is_due_soon(self) -> bool:
        return self._due_until > clock.now() - timedelta(seconds=POLL)

    def _wind_up(self) -> bool:
        """Let calls end, write what they answered, and give back every other lease as soon as it waits for no call.

        Return whether the loop is to go on, with the calls that are out, because it was asked for.
        """
        self._is_winding_up = True
        self._admission.shut()
        self._listener.wait_for_calls()
        began = time.monotonic()
        self._rest()
        while (self._load.out or self._load.ready) and time.monotonic() < self._last_moment(began):
            if self._is_asked_for:
                return True
            self.renewals.renew()
            if not self._load.ready:
                self._take_in(timeout=self._patience)
            self._turn(claims=False)
            self._rest()
        self._give_back(list(self._load.leads.values()))
        self._listener.end()
        return self._is_asked_for

    def _last_moment(self, began: float) -> float:
        """Return until when a loop waits that began to wind up then; it may have been told to stop since."""
        return min(began + LONGEST_CALL, self._stopped_at + STOP_GRACE)

    @property
    def _is_asked_for(self) -> bool:
        return self._listener.is_asked_for and not self.is_stopping

    def _rest(self) -> None:
        """Move no lead but those whose answer came, and let others carry what would only wait here for calls to end."""
        self._load.ready = self._load.answered()
        self._give_back(self._load.take_idle())

    def _give_back(self, idle: Sequence[Carried]) -> None:
        if not idle:
            return
        try:
            with committed(self._database, "return") as database:
                journal.give_back(database, [carried.lease for carried in idle])
            for carried in idle:
                self._load.drop(carried)
        except DATABASE_ERRORS as problem:
            log.warning("leases were not given back, they run out: %s", where(problem))
