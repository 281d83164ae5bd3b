"""Named places at which a test may end the process at once, around every commit; they do nothing otherwise."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

_armed: dict[str, int] = {}
CRASHED = 137
LINGER = 0.1


def arm(name: str, passes: int = 1) -> None:
    """Have the process end when it comes to a place for the given time; for tests only."""
    _armed[name] = passes


def crashpoint(name: str) -> None:
    """End the process without any cleaning up, if this place is armed and its time has come.

    It lingers a moment before, so that a call that was handed over too early leaves the house and is found out.
    """
    if name in _armed:
        _armed[name] -= 1
        if not _armed[name]:
            time.sleep(LINGER)
            os._exit(CRASHED)


@contextmanager
def committed(engine: Engine, name: str) -> Iterator[Connection]:
    """Give a connection whose transaction is committed at the end, between two crash points."""
    with engine.connect() as database:
        yield database
        crashpoint(f"before {name}")
        database.commit()
        crashpoint(f"after {name}")
