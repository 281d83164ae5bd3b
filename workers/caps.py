"""Takes and gives back places in cap windows: locked once per turn in the order of their ids, written once.

Places are dealt in memory between the lock and the write, lead by lead, all or nothing. The write repeats the limit
in its condition, so that no cap is passed whatever was dealt. On that rely turns whose windows are all so far from full
that nobody can have filled them since this loop looked: they lock none, which saves a trip to the database and lets
loops that sell under one cap work at the same time. Should it have filled all the same, such a turn fails as a whole,
and is taken again with its windows locked.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from workers.crashpoints import committed
from workers.documents import as_document
from workers.rows import Changes, WindowRow
from workers.statements import Statement

Place = list[Any]
"""One reservation as it stands in the journal: window id, how much, and whether it stays when the lead is not sold.

Of a cursor: window id, where it was moved to, false, and where it stood before.
"""

WindowKey = tuple[str, str, str]


def is_turn(place: Place) -> bool:
    """Return whether a place is somebody's turn in a round robin: a move of a cursor."""
    return len(place) == len(("window", "to", "stays", "before"))


CREATE = Statement("""
    INSERT INTO cap_window (cap, bucket, starts_at, ends_at)
    SELECT cap, bucket, starts, ends
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(cap text, bucket text, starts timestamptz, ends timestamptz)
     ORDER BY cap, bucket, starts
        ON CONFLICT DO NOTHING
""")
FIND = Statement("""
    SELECT w.id, r.key FROM cap_window w
      JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key int, cap text, bucket text, starts timestamptz)
        ON w.cap = r.cap AND w.bucket = r.bucket AND w.starts_at = r.starts
""")
LOCK = Statement("SELECT id, used FROM cap_window WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
MOST_KNOWN = 50_000
PLENTY = 1000
"""For how many leads more a window must have room to be dealt from unlocked: more than turns of other loops take at
once."""
TRUSTED_FOR = 5.0
"""Seconds for which what was used of a window is believed without a look."""


@dataclass(slots=True)
class Window:
    """A window in a turn: what is used in the database, what this turn changes, the limit that the write repeats.

    That is the highest limit dealt under of a locked window, which was dealt from as it is, and else the lowest.
    """

    used: int
    is_locked: bool = True
    change: int = 0
    ceiling: int = 0

    @property
    def now(self) -> int:
        """Return what is used with all that this turn took and gave back so far."""
        return self.used + self.change

    def has_room(self, take: int, limit: int) -> bool:
        """Return whether so much more still fits under a limit."""
        return self.now + take <= limit

    def take(self, take: int, limit: int) -> None:
        """Take so much under a limit."""
        self.change += take
        self.ceiling = max(self.ceiling, limit) if self.is_locked else min(self.ceiling or limit, limit)

    def move(self, to: int) -> None:
        """Have a cursor stand somewhere else."""
        self.change = to - self.used
        self.ceiling = max(self.ceiling, to)


@dataclass(slots=True)
class Ask:
    """A wanted reservation under its full name, as `rules.caps` asks for it."""

    cap: str
    own_key: str
    bucket: str
    limit: int
    take: int
    starts: str
    ends: str | None
    keep: bool

    @property
    def key(self) -> WindowKey:
        """Return what names the window."""
        return self.cap, self.bucket, self.starts


def named(asks: Iterable[Mapping[str, Any]], full_name: Callable[[UUID, str], str], whose: UUID) -> list[Ask]:
    """Return reservations as `rules` asks for them, under the full names of the caps of a flow or a source."""
    return [
        Ask(
            full_name(whose, ask["cap"]),
            ask["cap"],
            ask["bucket"],
            ask["limit"],
            ask["take"],
            ask["starts"],
            ask["ends"],
            ask["keep"],
        )
        for ask in asks
    ]


class KnownWindows:
    """What a loop knows of windows: their ids, and how much was used when it last looked.

    Windows that do not exist yet are created, in a transaction of their own.
    """

    def __init__(self, engine: Engine, plenty: int = PLENTY) -> None:
        self._engine, self._plenty = engine, plenty
        self._ids: dict[WindowKey, int] = {}
        self._seen: dict[int, tuple[int, float]] = {}

    def find(self, asks: Iterable[Ask]) -> list[int]:
        """Return the ids of the windows of some reservations."""
        if len(self._ids) > MOST_KNOWN:
            self._ids.clear()
        wanted = {ask.key: ask for ask in asks}
        missing = [ask for key, ask in wanted.items() if key not in self._ids]
        if missing:
            self._create(missing)
        return [self._ids[key] for key in wanted]

    def of(self, ask: Ask) -> int | None:
        """Return the id of a window that was found before."""
        return self._ids.get(ask.key)

    def remember(self, windows: Mapping[int, Window]) -> None:
        """Keep what is used of windows once a turn is committed; only a lock is a look."""
        now, seen = time.monotonic(), self._seen
        if len(seen) > MOST_KNOWN:
            self._seen = {}
        for identifier, window in windows.items():
            self._seen[identifier] = window.now, now if window.is_locked else seen[identifier][1]

    def recall(self, asks: Iterable[Ask], back: Iterable[int]) -> dict[int, Window] | None:
        """Return windows, unlocked, where all that are asked for have plenty of room; None where they must be locked.

        `back` are the ids of those that places may be given back to. How much an offer will take of a cap in money is
        not known before it is made.
        """
        ids = {*back}
        for ask in asks:
            identifier = self._ids[ask.key]
            used, _ = self._seen.get(identifier, (ask.limit, -math.inf))
            if not ask.take or used + self._plenty * ask.take > ask.limit:
                return None
            ids.add(identifier)
        oldest = time.monotonic() - TRUSTED_FOR
        found = {identifier: self._seen.get(identifier, (0, -math.inf)) for identifier in ids}
        if any(looked_at < oldest for _, looked_at in found.values()):
            return None
        return {identifier: Window(used, is_locked=False) for identifier, (used, _) in found.items()}

    def forget(self) -> None:
        """Have the next turn look at its windows, as one failed."""
        self._seen.clear()

    def _create(self, missing: Sequence[Ask]) -> None:
        rows = as_document(
            [
                {"key": at, "cap": ask.cap, "bucket": ask.bucket, "starts": ask.starts, "ends": ask.ends}
                for at, ask in enumerate(missing)
            ]
        )
        with committed(self._engine, "windows") as database:
            CREATE.count(database, {"rows": rows})
            found = FIND.rows(database, {"rows": rows})
        # Known once they are there for good: a lead would wait for ever for a window that is not.
        self._ids |= {missing[at].key: identifier for identifier, at in found}


@dataclass(slots=True)
class Dealer:
    """Deals the places of one turn's windows."""

    known: KnownWindows
    windows: dict[int, Window] = field(default_factory=dict)

    def lock(self, database: Connection, window_ids: Iterable[int]) -> None:
        """Lock windows in the order of their ids; only once in a transaction, before anything is written."""
        wanted = sorted(set(window_ids))
        if wanted:
            for identifier, used in LOCK.rows(database, {"ids": wanted}):
                self.windows[identifier] = Window(used)

    def recall(self, asks: Iterable[Ask], back: Iterable[int]) -> bool:
        """Have places dealt without a lock, as windows are remembered; return False where they must be locked."""
        recalled = self.known.recall(asks, back)
        self.windows = recalled or {}
        return recalled is not None

    def remember(self) -> None:
        """Keep what is used of the windows, once the turn is committed."""
        self.known.remember(self.windows)

    def holds(self, asks: Iterable[Ask], *, exactly: bool = False) -> bool:
        """Return whether it can be said of some reservations that they fit; or `exactly` how much is used.

        Of a window that is not locked nobody can say that it is full.
        """
        for ask in asks:
            window = self.windows.get(self.known.of(ask) or 0)
            if window is None:
                return False
            if not window.is_locked and (exactly or not window.has_room(ask.take, ask.limit)):
                return False
        return True

    def first_full(self, asks: Iterable[Ask]) -> Ask | None:
        """Return the first reservation that does not fit, of some that are held."""
        return next((ask for ask in asks if not self._window(ask).has_room(ask.take, ask.limit)), None)

    def take(self, asks: Iterable[Ask]) -> list[Place]:
        """Take places that were seen to fit; return them as the journal keeps them."""
        places: list[Place] = []
        for ask in asks:
            self._window(ask).take(ask.take, ask.limit)
            places.append([self.known.of(ask), ask.take, ask.keep])
        return places

    def used(self, ask: Ask) -> int:
        """Return what is used of a locked window, where a cursor stands."""
        return self._window(ask).now

    def move(self, cursor: Ask, to: int) -> Place:
        """Have a locked cursor stand at a number; return the move as the journal keeps it."""
        window = self._window(cursor)
        before = window.now
        window.move(to)
        return [self.known.of(cursor), to, False, before]

    def give_back(self, places: Iterable[Place]) -> None:
        """Give places back to the windows they were taken in; one may be tidied away by now.

        A cursor goes back to where it stood, unless it was moved on since.
        """
        for identifier, take, _, *before in places:
            window = self.windows.get(identifier)
            if window is None:
                continue
            if not before:
                window.change -= take
            elif window.now == take:
                window.move(before[0])

    def add_to(self, changes: Changes) -> None:
        """Have what was dealt written with a turn's other rows, in the order of the windows' ids."""
        for identifier, window in sorted(self.windows.items()):
            if window.change:
                changes.touch(WindowRow(identifier, window.change, window.ceiling))

    def _window(self, ask: Ask) -> Window:
        return self.windows[self.known.of(ask)]  # type: ignore[index]
