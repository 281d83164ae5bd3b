"""In which order the buyers of a group are asked: one function for each mode, over the rows that can be asked.

Nothing here is left to chance: what looks like it is drawn from the lead, the step and the rows, so that the same lead
is always ranked in the same way.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LAST = 100
"""The priority of a row that names none: asked after those that do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A row that can be asked, as the modes see it; `number` counts the rows from 1 as they are written.

    `alone` is what it pays (minor units) for a lead that nobody else gets, `beside` for one that it shares with others
    among at most `most` buyers; None where it does not take such a lead. `sold` is how many were sold to it today,
    `behind` how far it is behind its mix for leads of this kind. A row that `competes` is ranked by what it pays,
    before those that do not; one that made a bid answered after `ms` milliseconds.
    """

    id: str
    number: int
    priority: int = LAST
    weight: int = 1
    alone: int | None = None
    beside: int | None = None
    most: int = 1
    sold: int = 0
    behind: int = 0
    competes: bool = False
    bid: int | None = None
    bid_id: str | None = None
    ms: int = 0

    @property
    def pays(self) -> int:
        """Return the most that it pays, in minor units."""
        return max(self.alone or 0, self.beside or 0)


@dataclass(frozen=True, slots=True)
class Seed:
    """What a ranking knows beside the rows: lead, group, and the number of the row that bought `last` (0: none)."""

    lead: str
    step: str
    last: int = 0

    def draw(self, row: str) -> int:
        """Return a large number that looks drawn by chance, the same for the same lead, step and row."""
        return int.from_bytes(hashlib.sha256(f"{self.lead}/{self.step}/{row}".encode()).digest())


Ranked = list[Standing]
Ranker = Callable[[Sequence[Standing], Seed], Ranked]


def waterfall(rows: Sequence[Standing], _seed: Seed) -> Ranked:
    """Rank by priority, then as written."""
    return sorted(rows, key=lambda row: (row.priority, row.number))


def round_robin(rows: Sequence[Standing], seed: Seed) -> Ranked:
    """Rank by priority, then in turn: first who is written after the row that bought last."""
    return sorted(rows, key=lambda row: (row.priority, row.number <= seed.last, row.number))


def weighted(rows: Sequence[Standing], seed: Seed) -> Ranked:
    """Rank by priority, then drawn by weight; who is second is drawn by weight from those that are left, and so on."""
    left, ranked, before = waterfall(rows, seed), Ranked(), ""
    while left:
        drawn = _drawn_by_weight([row for row in left if row.priority == left[0].priority], seed.draw(before))
        left.remove(drawn)
        ranked.append(drawn)
        before = drawn.id
    return ranked


def _drawn_by_weight(rows: Sequence[Standing], number: int) -> Standing:
    rest = number % sum(row.weight for row in rows)
    for row in rows:
        rest -= row.weight
        if rest < 0:
            return row
    return rows[-1]


def least_loaded(rows: Sequence[Standing], seed: Seed) -> Ranked:
    """Rank by priority, then by how few were sold to each today; who has the same is ranked by draw."""
    return sorted(rows, key=lambda row: (row.priority, row.sold, seed.draw(row.id)))


def quota(rows: Sequence[Standing], _seed: Seed) -> Ranked:
    """Rank by priority, then by how far each is behind its mix for leads of this kind, then as written."""
    return sorted(rows, key=lambda row: (row.priority, -row.behind, row.number))


def highest_bid(rows: Sequence[Standing], _seed: Seed) -> Ranked:
    """Rank those that compete by what they pay, the others behind them by priority, then by what they pay.

    Of two that pay the same the one with the better priority is first, then the one that is written first.
    """
    competing = sorted(_competing(rows), key=lambda row: (-row.pays, row.priority, row.number))
    return competing + sorted(_direct(rows), key=lambda row: (row.priority, -row.pays, row.number))


def fastest(rows: Sequence[Standing], _seed: Seed) -> Ranked:
    """Rank those that bid by how soon they did, the others behind them by priority, then by what they pay."""
    competing = sorted(_competing(rows), key=lambda row: (row.ms, row.priority, row.number))
    return competing + sorted(_direct(rows), key=lambda row: (row.priority, -row.pays, row.number))


def broadcast(rows: Sequence[Standing], seed: Seed) -> Ranked:
    """Rank as in a waterfall: everyone is asked."""
    return waterfall(rows, seed)


def _competing(rows: Sequence[Standing]) -> Ranked:
    return [row for row in rows if row.competes]


def _direct(rows: Sequence[Standing]) -> Ranked:
    return [row for row in rows if not row.competes]


RANKERS: Mapping[str, Ranker] = {
    "waterfall": waterfall,
    "round_robin": round_robin,
    "weighted": weighted,
    "least_loaded": least_loaded,
    "quota": quota,
    "highest_bid": highest_bid,
    "fastest": fastest,
    "broadcast": broadcast,
}
"""Every mode by its name, in the order in which they are offered."""
BY_PRICE: Mapping[str, Ranker] = {"highest_bid": highest_bid, "fastest": fastest}
"""The modes in which what a row pays says, first or last, where it stands."""
