"""When posts are taken straight from the web, and how many of them go into a turn."""

import math
import time
from pathlib import Path

from workers.calling import Calling
from workers.carrying import Carried
from workers.claiming import MOST_CLAIMED, Claiming
from workers.listening import Listener
from workers.load import FEW, MANY, Load
from workers.posts import MOST_WAITING, Door, read

REST = 5.0
"""Seconds for which no posts are taken straight from the web after a turn with some of them failed."""
AGAIN = 1.0
"""Seconds after which a write that is lost, as somebody else was quicker, is no reason to rest."""


class Admission:
    """The rules by which one loop opens and shuts its door; for its own thread."""

    def __init__(self, load: Load, calling: Calling, claiming: Claiming, listener: Listener) -> None:
        self._load, self._calling, self._claiming, self._listener = load, calling, claiming, listener
        self._door = Door(None, listener.name, put=calling.hand_in)
        self._lost_at = -math.inf

    def take_from(self, home: Path) -> None:
        """Let in the web processes of this home; before anything is carried."""
        self._door = Door(home, self._listener.name, put=self._calling.hand_in)

    def open_or_shut(self) -> None:
        """Take posts straight from the web while this is the loop that others join and has room; else they are due.

        So what may end a process is claimed first, a loop that joins finds leads, and of many each account has some.
        """
        most = MANY if self._door.is_open else FEW
        is_full = len(self._load) >= most or self._calling.waiting_posts > MOST_WAITING
        if self._door.is_broken:
            self.shut(REST)
        elif is_full or self._claiming.is_careful or not self._listener.is_first:
            self.shut()
        else:
            self._calling.let_in(self._door.open())

    def shut(self, rest: float = 0.0) -> None:
        """Take no more posts, for so many seconds at least; those that wait for a turn belong to the web again."""
        self._door.shut(rest)
        self._calling.let_in(None)

    def rest(self, is_lost: bool) -> None:
        """Shut the door after a turn with posts that failed; for a moment only, where that was one lost write."""
        now = time.monotonic()
        is_rare, self._lost_at = now - self._lost_at > AGAIN, now
        self.shut(0.0 if is_lost and is_rare else REST)

    def take(self, wanted: int, room: int) -> tuple[list[Carried], int]:
        """Return posts for a turn into which so many more leads fit, and how many due ones are still wanted in it.

        Where there are both, each kind has half of the room at least.
        """
        room = max(0, min(MOST_CLAIMED, room))
        posts = read(self._calling.take_posts(room - min(wanted, (room + 1) // 2)))
        return posts, min(wanted, room - len(posts)) if posts else wanted
