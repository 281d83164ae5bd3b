"""When a loop claims due leads, how many, and whether they move in the same turn."""

import math
import time
from collections.abc import Callable, Iterable
from uuid import UUID

from workers.carrying import Carried
from workers.pace import LEAST, Pace
from workers.rota import NOBODY, SELDOM, Rota
from workers.turn import Turn

MOST_CLAIMED = 64
"""However cheap leads were so far, those that come next may be auctions."""
MANY_DUE = 4 * MOST_CLAIMED
"""How many leads in claims that were all full are many, however cheap they are."""
MOST_CAREFUL = 16
"""How many are claimed at once while a loop is careful: should it end then, so many at most have to be tried alone."""
POLL = 0.5
"""Seconds between looks at the database when nobody says that there is work."""
CAREFUL_FOR = 3.0
"""Seconds from a loop's first turn, and after an error, in which leads are claimed before they are moved: should one
of them end the process, its claim is in the database and is counted. Otherwise both happen in one turn. A few seconds
are enough: what ended a process is the oldest that is due, and so among the first that the next one claims."""

Claim = Callable[[int, frozenset[UUID]], list[Carried]]


class Claiming:
    """The rhythm in which one loop claims leads.

    `on_many` is called when more are due than fit into a turn, or many where they are so cheap that no claim says so.
    """

    def __init__(self, careful: float = CAREFUL_FOR, on_many: Callable[[], object] = lambda: None) -> None:
        self.wants_more, self._on_many = True, on_many
        self._careful, self._careful_until = careful, math.inf
        self._looked_at = self._suspects_at = 0.0
        self.pace = Pace()
        self._was_suspect = False
        self._in_full_claims = 0
        self._rota = Rota()

    def begin(self) -> None:
        """Look at once; the first time, carefully for a while."""
        self.wants_more = True
        self._careful_until = min(self._careful_until, time.monotonic() + self._careful)

    def be_careful(self) -> None:
        """Claim before moving for a while, counted from now."""
        self._careful_until = time.monotonic() + CAREFUL_FOR

    @property
    def is_careful(self) -> bool:
        """Return whether leads are claimed before they are moved."""
        return time.monotonic() < self._careful_until

    def fitting(self, ready: Iterable[Carried]) -> int:
        """Return how many of the leads that can move fit into a turn: fewer where some begin again."""
        return self.pace.beginning() if any(carried.walk is None for carried in ready) else self.pace.going_on

    def how_many(self, room: int) -> int:
        """Return how many leads to claim in this turn, of which only `room` fit in: none unless it is time to look."""
        now = time.monotonic()
        if not self.wants_more and now - self._looked_at < POLL:
            return 0
        self._looked_at = now
        return max(0, min(MOST_CLAIMED, room))

    def claim(self, turn: Turn, most: int, crowding: frozenset[UUID] = NOBODY) -> list[Carried]:
        """Claim due leads, or one that ended a worker before: it never shares a claim with others.

        The two take turns while there are both, so that many of one kind do not hold up the others. Those that come
        with their lease move in a later turn, the others in this one, which writes it too. Accounts that are `crowding`
        get nothing.
        """
        if not most:
            return []
        suspect = self._claim_suspect(turn)
        if suspect:
            return suspect
        if crowding and self._rota.is_in_vain:
            self.wants_more = True
            return []
        is_careful = self.is_careful
        most = min(most, MOST_CAREFUL) if is_careful else most
        claimed = self._claim_by_rota(turn.lease if is_careful else turn.claim, most, crowding)
        if not is_careful:
            self._note_whether_full(len(claimed), most)
        return claimed

    def _note_whether_full(self, claimed: int, most: int) -> None:
        """Tell of many leads that are due; a claim may be of half of the least, where posts have the other half."""
        self._in_full_claims = self._in_full_claims + claimed if claimed == most else 0
        if self._in_full_claims >= MANY_DUE or (claimed == most and LEAST // 2 <= most < MOST_CLAIMED):
            self._in_full_claims = 0
            self._on_many()

    def _claim_by_rota(self, claim: Claim, most: int, crowding: frozenset[UUID]) -> list[Carried]:
        """Claim leads of accounts that had no turn yet; where all had theirs, they have another one."""
        served = self._rota.served - crowding
        claimed = self._search(claim, most, served | crowding)
        if served and not claimed:
            return self._search(claim, most, crowding)
        self.wants_more = self.wants_more or bool(served)
        return claimed

    def _search(self, claim: Claim, most: int, passed_over: frozenset[UUID]) -> list[Carried]:
        began = time.monotonic()
        claimed = claim(most, passed_over)
        is_full = len(claimed) == most
        self.wants_more = self.wants_more or is_full
        accounts = (carried.row["account_id"] for carried in claimed)
        self._rota.note(accounts, passed_over, is_full=is_full, seconds=time.monotonic() - began)
        return claimed

    def _claim_suspect(self, turn: Turn) -> list[Carried]:
        """Claim a lead that ended a worker before, unless the last claim was such a one, or none was there just now."""
        now = time.monotonic()
        self.wants_more = self._was_suspect
        if self._was_suspect or now < self._suspects_at:
            self._was_suspect = False
            return []
        suspect = turn.lease(1, alone=True)
        self._was_suspect = self.wants_more = bool(suspect)
        # It reads past all leads that are due.
        self._suspects_at = 0.0 if suspect else now + max(POLL, (time.monotonic() - now) * SELDOM)
        return suspect
