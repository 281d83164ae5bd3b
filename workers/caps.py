"""Takes and gives back places in cap windows: locked once per turn in the order of their ids, written once.

Places are dealt in memory between the lock and the write, lead by lead, all or nothing. The write repeats the limit
in its condition, so that a cap is not passed even where the code above is wrong.
"""

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


@dataclass(slots=True)
class Window:
    """A locked window: what is used in the database, what this turn changes, the highest limit dealt under."""

    used: int
    change: int = 0
    ceiling: int = 0

    @property
    def now(self) -> int:
        """Return what is used with all that this turn took and gave back so far."""
        return self.used + self.change

    def has_room(self, take: int, limit: int) -> bool:
        """Return whether so much more still fits under a limit."""
        return self.now + take <= limit

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


class WindowIds:
    """Knows the ids of windows, and creates those that do not exist yet, in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ids: dict[WindowKey, int] = {}

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
    """Deals the places of one turn's locked windows."""

    ids: WindowIds
    windows: dict[int, Window] = field(default_factory=dict)

    def lock(self, database: Connection, window_ids: Iterable[int]) -> None:
        """Lock windows in the order of their ids; only once in a transaction, before anything is written."""
        wanted = sorted(set(window_ids))
        if wanted:
            for identifier, used in LOCK.rows(database, {"ids": wanted}):
                self.windows[identifier] = Window(used)

    def holds(self, asks: Iterable[Ask]) -> bool:
        """Return whether the windows of some reservations are all locked."""
        return all(self.ids.of(ask) in self.windows for ask in asks)

    def first_full(self, asks: Iterable[Ask]) -> Ask | None:
        """Return the first reservation that does not fit; its window must be locked."""
        return next((ask for ask in asks if not self._window(ask).has_room(ask.take, ask.limit)), None)

    def take(self, asks: Iterable[Ask]) -> list[Place]:
        """Take places that were seen to fit; return them as the journal keeps them."""
        places: list[Place] = []
        for ask in asks:
            window = self._window(ask)
            window.change += ask.take
            window.ceiling = max(window.ceiling, ask.limit)
            places.append([self.ids.of(ask), ask.take, ask.keep])
        return places

    def used(self, ask: Ask) -> int:
        """Return what is used of a locked window, where a cursor stands."""
        return self._window(ask).now

    def move(self, cursor: Ask, to: int) -> Place:
        """Have a locked cursor stand at a number; return the move as the journal keeps it."""
        window = self._window(cursor)
        before = window.now
        window.move(to)
        return [self.ids.of(cursor), to, False, before]

    def give_back(self, places: Iterable[Place]) -> None:
        """Give places back to the windows they were taken in, which must be locked; one may be tidied away by now.

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
        return self.windows[self.ids.of(ask)]  # type: ignore[index]
