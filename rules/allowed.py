"""Which values of one field make a condition true: some, all but some, or numbers and days between bounds."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

Bound = Decimal | int


class Stretch(NamedTuple):
    """Numbers from one bound to another, which is left out where it is open; None goes on for ever."""

    low: Bound | None = None
    high: Bound | None = None
    low_open: bool = False
    high_open: bool = False

    def is_empty(self) -> bool:
        """Say whether no number is in it."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def meets(self, other: "Stretch") -> "Stretch":
        """Return the numbers that are in both."""
        low, low_open = max(
            ((one.low, one.low_open) for one in (self, other) if one.low is not None), default=(None, False)
        )
        ends = [(one.high, not one.high_open) for one in (self, other) if one.high is not None]
        high, closed = min(ends, default=(None, True))
        return Stretch(low, high, low_open, not closed)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The values that make a condition true, and whether a blank one does.

    `values` are the only ones, or with `all_but` the only ones that do not; `stretches` stand in their place where
    values are numbers or days.
    """

    blank: bool
    values: frozenset[object] = frozenset()
    all_but: bool = False
    stretches: tuple[Stretch, ...] | None = None

    def is_empty(self) -> bool:
        """Say whether nothing makes it true."""
        some = bool(self.stretches) if self.stretches is not None else self.all_but or bool(self.values)
        return not self.blank and not some

    def meets(self, other: "Allowed") -> "Allowed":
        """Return what makes both true."""
        blank = self.blank and other.blank
        if self.stretches is not None and other.stretches is not None:
            met = (one.meets(another) for one in self.stretches for another in other.stretches)
            return Allowed(blank, stretches=tuple(one for one in met if not one.is_empty()))
        if self.all_but and other.all_but:
            return Allowed(blank, self.values | other.values, all_but=True)
        if self.all_but:
            return Allowed(blank, other.values - self.values)
        return Allowed(blank, self.values - other.values if other.all_but else self.values & other.values)

    def contrary(self) -> "Allowed":
        """Return what does not make it true."""
        if self.stretches is None:
            return Allowed(not self.blank, self.values, not self.all_but)
        rest = [Stretch()]
        for stretch in self.stretches:
            rest = [kept for one in rest for kept in _without(one, stretch)]
        return Allowed(not self.blank, stretches=tuple(rest))

    def joins(self, other: "Allowed") -> "Allowed":
        """Return what makes one of both true."""
        return self.contrary().meets(other.contrary()).contrary()


def numbers(*stretches: Stretch) -> Allowed:
    """Return the numbers of some stretches; a blank value is none of them."""
    return Allowed(blank=False, stretches=tuple(one for one in stretches if not one.is_empty()))


def points(values: Iterable[Bound]) -> Allowed:
    """Return some numbers and no others."""
    return numbers(*(Stretch(value, value) for value in sorted(set(values))))


def _without(one: Stretch, taken: Stretch) -> list[Stretch]:
    sides = []
    if taken.low is not None:
        sides.append(one.meets(Stretch(high=taken.low, high_open=not taken.low_open)))
    if taken.high is not None:
        sides.append(one.meets(Stretch(low=taken.high, low_open=not taken.high_open)))
    return [side for side in sides if not side.is_empty()]
