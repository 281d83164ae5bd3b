"""One `serve` per home, and one short command at a time beside it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowbuilder.embedded.errors import EmbeddedError

FILE_NAME = "lock"
LONG = "serve"
SHORT = "command"


class HomeServedError(EmbeddedError):
    """Somebody serves this home already."""


@contextmanager
def home_lock(folder: Path, role: str, seconds: float = 30) -> Iterator[None]:
    """Hold the home while the block runs.

    Raises HomeServedError at once when a `serve` holds it; EmbeddedError when a command does not end in `seconds`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, folder, seconds)
        _write(descriptor, f"{role} {os.getpid()}")
        yield
        _write(descriptor, "")
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path, seconds: float) -> None:
    begun = time.monotonic()
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _give_up(os.pread(descriptor, 100, 0).decode(), folder, time.monotonic() - begun, seconds)
        time.sleep(0.05)


def _give_up(holder: str, folder: Path, waited: float, seconds: float) -> None:
    role, _, pid = holder.partition(" ")
    # The holder writes its name just after it got the lock, so the first look may see an older name.
    if role == LONG and waited > 0.3:
        raise HomeServedError(
            f"{folder} is served by process {pid}: stop that one, or choose another FLOWBUILDER_HOME."
        )
    if waited > seconds:
        raise EmbeddedError(f"{folder} is in use by process {pid}, which does not end.")


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
