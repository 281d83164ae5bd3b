"""What goes out of a loop and what comes back: calls are handed to a sender, answers come in through one queue."""

import math
import queue
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from flowbuilder.handover import TOO_OLD, Handed
from workers.delivery.calls import AnyCall, AnySender, Sent
from workers.load import Load
from workers.pausing import Pauses


class Brought(NamedTuple):
    """Leads that a web process handed over, and the door at which it did."""

    door: object
    rows: list[Handed]


class Calling:
    """Hands calls to the sender and puts answers with their leads.

    All but `wake` and `hand_in` is for the loop's own thread; the sender's thread puts its results into the queue on
    which the loop sleeps, and so does the loop's door with what web processes hand over.
    """

    def __init__(self, load: Load, pauses: Pauses, sender: Callable[[Callable[[Sent], object]], AnySender]) -> None:
        self._load, self._pauses = load, pauses
        self._inbox: queue.SimpleQueue[Sent | Brought | None] = queue.SimpleQueue()
        self._posts: deque[Handed] = deque()
        self._door: object | None = None
        self._sender = sender(self._inbox.put)

    def start(self) -> None:
        """Start the sender; once in the life of a process."""
        self._sender.start()

    def stop(self) -> None:
        """Give up all calls that are out."""
        self._sender.stop(0)

    def wake(self) -> None:
        """End the wait for answers, and have the loop look for leads; from any thread, or a signal."""
        self._inbox.put(None)

    def hand_in(self, posts: Brought) -> None:
        """Have the loop take leads that web processes handed over at a door; from any thread."""
        self._inbox.put(posts)

    def let_in(self, door: object | None) -> None:
        """Take what is handed over at this door from now on, and forget what came by another one."""
        if door is not self._door:
            self._door = door
            self._posts.clear()

    def take_posts(self, most: int) -> list[bytes]:
        """Return leads that were handed over, in the order in which they came; the others wait for a later turn.

        Those that are too old are left to the web, which is about to store them.
        """
        earliest, taken = time.monotonic() - TOO_OLD, list[bytes]()
        while self._posts and len(taken) < most:
            at, row = self._posts.popleft()
            if at >= earliest:
                taken.append(row)
        return taken

    @property
    def waiting_posts(self) -> int:
        """Return how many leads that were handed over wait for a turn."""
        return len(self._posts)

    def take_in(self, timeout: float, *, may_call: bool) -> bool:
        """Put answers with their leads, and make calls that waited for room; return whether somebody woke the loop.

        Waits for some seconds at most, if there is nothing yet.
        """
        is_woken, answers = False, 0
        with suppress(queue.Empty):
            patience = min(timeout, self._load.waits_until() - time.monotonic())
            arrived = self._inbox.get(timeout=patience) if patience > 0 else self._inbox.get_nowait()
            while True:
                if arrived is None:
                    is_woken = True
                elif isinstance(arrived, Brought):
                    if arrived.door is self._door:
                        self._posts.extend(arrived.rows)
                else:
                    self._load.receive(arrived)
                    answers += 1
                arrived = self._inbox.get_nowait()
        if answers:
            self._pauses.note(answers, time.monotonic())
        self.let_out(may_call=may_call)
        return is_woken

    def let_out(self, *, may_call: bool) -> None:
        """Make the calls that waited for room; a loop that ends makes none."""
        if self._load.lines:
            now = time.monotonic() if may_call else math.inf
            for connection, call in self._load.let_out(now):
                self.send(connection, call)

    def send(self, connection: str, call: AnyCall) -> None:
        """Have a call made."""
        self._load.send(connection, call)
        self._sender.submit(call)
