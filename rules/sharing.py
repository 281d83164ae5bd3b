"""To whom a lead is offered next: to one buyer alone, or shared among several, whichever brings more in all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rules.ranking import BY_PRICE, Seed, Standing

NO_SEED = Seed("", "")
"""Prices are ranked without one."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The row that is asked next, for which price (minor units), and whether it would get the lead alone."""

    row: Standing
    price: int
    is_alone: bool


def next_offer(
    mode: str, ranked: Sequence[Standing], sold: Sequence[Standing], sell_up_to: int, *, is_new: bool = True
) -> Planned | None:
    """Return who is asked next of those that were not asked yet; None when the lead can be sold to none of them.

    `sold` are those that have the lead already, or may have it; one that others bought before this is not `is_new`, and
    nobody gets it alone. What is sold to one alone is never offered again. While nobody has it, the first that takes it
    alone stands against the best that sharing it would bring; one buyer alone wins where both bring the same. Where
    prices rank, each row stands where what it pays for just that puts it.
    """
    one, several = _by_what_they_pay(mode, ranked)
    shared = _best_shared(several, sold, sell_up_to)
    alone = next((row for row in one if row.alone is not None), None) if is_new and not sold else None
    if alone and (not shared or _alone(alone) >= sum(map(_beside, shared))):
        return Planned(alone, _alone(alone), is_alone=True)
    return Planned(shared[0], _beside(shared[0]), is_alone=False) if shared else None


def _by_what_they_pay(mode: str, ranked: Sequence[Standing]) -> tuple[Sequence[Standing], Sequence[Standing]]:
    """Return the ranking by what each row pays for a lead that it has alone, and by what it pays beside others.

    They differ only where prices rank, and a row pays differently for the two.
    """
    rank = BY_PRICE.get(mode)
    if rank is None or not any(row.alone is not None and row.beside not in (None, row.alone) for row in ranked):
        return ranked, ranked
    known = {row.number: row for row in ranked}
    one = rank([replace(row, beside=None) for row in ranked if row.alone is not None], NO_SEED)
    several = rank([replace(row, alone=None) for row in ranked if row.beside is not None], NO_SEED)
    return [known[row.number] for row in one], [known[row.number] for row in several]


def _best_shared(ranked: Sequence[Standing], sold: Sequence[Standing], sell_up_to: int) -> Sequence[Standing]:
    """Return the rows that would share the lead with those that have it, and bring the most together."""
    return max(_ways_to_share(ranked, sold, sell_up_to), key=lambda rows: sum(map(_beside, rows)), default=())


def _ways_to_share(
    ranked: Sequence[Standing], sold: Sequence[Standing], sell_up_to: int
) -> Iterator[Sequence[Standing]]:
    """Yield for each number of buyers that may have the lead in the end the first rows that share it with so many."""
    has, most = len(sold), min([sell_up_to, *(row.most for row in sold)])
    for many in range(has + 1, most + 1):
        rows = [row for row in ranked if row.beside is not None and row.most >= many][: many - has]
        if len(rows) == many - has:
            yield rows


def _beside(row: Standing) -> int:
    return row.beside or 0


def _alone(row: Standing) -> int:
    return row.alone or 0
