"""Hears for a loop when somebody nudges, and tells whoever nudges that it carries leads."""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from flowbuilder import enqueue
from workers.claiming import POLL
from workers.moving import RECOVER
from workers.outages import where

TELL_EVERY = 0.5
"""Seconds for which it need not be told again that a loop carries leads, which counts for some more."""

STANDS_STILL = 3.0
"""Seconds without a round after which a loop does not count as one that carries leads: the database may hold it up."""

log = logging.getLogger(__name__)


class Listener:
    """A thread that waits for nudges in Valkey; while it is away the loop looks at the database by itself.

    `wake` has the loop look for leads. `is_first` says whether this is the loop that others join, `is_asked_for`
    whether one was asked for, and nobody else was free, while this one only waited for its last calls. A loop notes
    each round; while it stands still nudges are for others.
    """

    def __init__(self, redis: Redis, wake: Callable[[], object]) -> None:
        self._redis, self._wake = redis, wake
        self.name, self.is_first = secrets.token_hex(8), True
        self._takes_nudges, self._is_over = threading.Event(), False
        self._takes_over = self.is_asked_for = False
        self._told_at = self._round_at = -math.inf
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    @property
    def takes_nudges(self) -> bool:
        """Return whether nudges are for this loop: while it carries leads."""
        return self._takes_nudges.is_set()

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end; safe in a signal."""
        self._is_over = True

    def join(self) -> None:
        """Wait until the thread has ended, once it was told to."""
        self._thread.join()

    def note_round(self) -> None:
        """Note that the loop goes on."""
        self._round_at = time.monotonic()

    def begin(self) -> None:
        """Take nudges from now on."""
        self.note_round()
        self._takes_over, self._told_at = False, -math.inf
        self._takes_nudges.set()

    def rest(self) -> None:
        """Leave nudges to others from now on, and have the next one begin a loop if there is no other."""
        self._takes_nudges.clear()
        try:
            enqueue.tell_idle(self._redis, self.name)
        except RedisError as problem:
            log.warning("Valkey did not answer: %s", where(problem))

    def wait_for_calls(self) -> None:
        """Leave nudges to others, and wake the loop where they find no worker that is free."""
        self.rest()
        self.is_asked_for, self._takes_over = False, True

    def end(self) -> None:
        """Listen no more, for a loop that has ended in whatever way."""
        self._takes_nudges.clear()
        self._takes_over = False

    def _run(self) -> None:
        while not self._is_over:
            try:
                # While another loop of this kind carries, this one must not take the nudges away from it; nor while it
                # only waits for its last calls to end.
                if not self._takes_nudges.wait(POLL):
                    self._look_whether_asked_for()
                    continue
                if time.monotonic() - self._round_at > STANDS_STILL:
                    time.sleep(POLL)
                    continue
                self._tell()
                self._pass_on(is_woken=enqueue.wait_for_wake(self._redis))
            except RedisError:
                time.sleep(RECOVER)

    def _tell(self) -> None:
        """Tell whoever nudges that this loop carries leads, now and then: not for each of many nudges."""
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY:
            self.is_first = enqueue.tell_carried(self._redis, self.name)
            self._told_at = now

    def _pass_on(self, *, is_woken: bool) -> None:
        """Wake the loop if somebody nudged; if it has begun to end meanwhile, the nudge is for others."""
        if self.takes_nudges:
            if is_woken:
                self._wake()
        elif not self._is_over:
            enqueue.tell_idle(self._redis, self.name)
            if is_woken:
                enqueue.nudge(self._redis)

    def _look_whether_asked_for(self) -> None:
        if not (self._takes_over and enqueue.take_over(self._redis)):
            return
        self.is_asked_for = True
        self._wake()
        if self._is_over or not self._takes_over:  # It has ended meanwhile, and may not have seen that.
            enqueue.nudge(self._redis, joins=True)
