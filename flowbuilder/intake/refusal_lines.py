"""One line in the log for each kind of refused post: the first at once, more of the same counted and told later."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from flowbuilder import logs
from flowbuilder.intake import meters
from flowbuilder.intake.refused import Refused

EVERY = 10.0  # seconds
MOST_KINDS = 500

Kind = tuple[int, str]


@dataclass(slots=True)
class _Since:
    """How many of a kind came since its last line, and when the next may be written."""

    next_at: float = 0.0
    count: int = 0


class RefusalLines:
    """Strangers may post nonsense as fast as they like: the log grows by time and kinds, not by posts."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[Kind, _Since] = {}
        self._lock = threading.Lock()

    def note(self, refused: Refused) -> None:
        """Count a refused post, and write a line when none of its kind was written for a while."""
        kind = refused.status, refused.problems[0].code if refused.problems else ""
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
                kind = refused.status, "other"
            since = self._kinds.setdefault(kind, _Since())
            since.count += 1
            many, now = since.count, self._clock()
            is_due = now >= since.next_at
            if is_due:
                since.next_at, since.count = now + EVERY, 0
        meters.REFUSED.labels(str(kind[0]), kind[1]).inc()
        if is_due:
            level = logging.WARNING if kind[0] >= 500 else logging.INFO
            logs.tell("post_refused", level=level, status=kind[0], code=kind[1], posts=many)
