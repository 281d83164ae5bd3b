"""The event loop that requests of intake wait on: the server's own, or one in a thread where the server has none.

A post that waits for a buyer holds no thread. What blocks, and that is the database only, is done in a few threads.
"""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from flowbuilder.intake.refused import IN_DOUBT, unavailable
from flowbuilder.intake.tickets import Settlement, Ticket

READERS = 16
"""As many as there are connections to the database."""
BLOCKED_FOR = 10.0  # seconds that a request waits for its turn at the database and for what that says

P = ParamSpec("P")
T = TypeVar("T")


class IntakeLoop:
    """Waits for tickets and for what blocks; made before a server forks, at work from the first request on."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, "intake-reader")
        self._settled: deque[Ticket] = deque()
        self._is_called = False

    def adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait on a server's event loop, which runs already."""
        self._loop = loop

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns, for a thread that may wait for it; raises what that raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running()).result()

    async def blocking(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call returns that may block; raises what that raises, and Refused (503) when it takes long."""
        context = contextvars.copy_context()
        work = partial(context.run, partial(call, *args, **kwargs))
        try:
            async with asyncio.timeout(BLOCKED_FOR):
                return await asyncio.get_running_loop().run_in_executor(self._readers, work)
        except TimeoutError:
            raise unavailable("not_stored", f"The database is too slow, and {IN_DOUBT}") from None

    async def wait(self, ticket: Ticket, seconds: float) -> Settlement | None:
        """Return what the ticket is settled with, or None when nothing comes within so many seconds."""
        if ticket.settlement is not None:
            return ticket.settlement
        loop = asyncio.get_running_loop()
        bell = loop.create_future()
        ticket.wait_with(self._ring, bell)
        # Looked at again: whoever settled it meanwhile may not have found the bell.
        if ticket.settlement is None:
            late = loop.call_later(max(0.0, seconds), _ring, bell)
            try:
                await bell
            finally:
                late.cancel()
        return ticket.settlement

    def close(self) -> None:
        """End the threads; nobody may wait any more."""
        self._readers.shutdown()
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _ring(self, ticket: Ticket) -> None:
        """Wake who waits for a ticket; whatever other threads settle until the loop has its turn goes along."""
        self._settled.append(ticket)
        if not self._is_called and self._loop is not None:
            self._is_called = True
            with suppress(RuntimeError):  # The server is about to end, and its loop has.
                self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        # First, so that whoever comes later calls again.
        self._is_called = False
        while self._settled:
            _ring(self._settled.popleft().bell)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="intake-loop", daemon=True)
                self._thread.start()
            return self._loop


def _ring(bell: "asyncio.Future[None] | None") -> None:
    if bell is not None and not bell.done():
        bell.set_result(None)
