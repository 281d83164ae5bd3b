"""Mixes: a buyer takes leads of several kinds in a ratio that it keeps over a window, such as premium 70 : raw 30."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.caps import MOST, Cap
from rules.reading import Part
from rules.text import fold, scalar_text
from rules.values import Value
from rules.windows import PERIODS

MOST_KINDS = 20


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the leads that one buyer gets, by the value of an expression; `window` counts them, kind by kind."""

    by: Value
    shares: Mapping[str, int]
    window: Cap

    def of(self, owner: str) -> "Mix":
        """Return the same mix for another buyer, who has windows of his own."""
        return Mix(self.by, self.shares, Cap(f"{owner}/mix", MOST, self.window.per, self.window.zone))

    def kind_of(self, view: Mapping[str, Any]) -> str | None:
        """Return the kind that a lead is of, None when it is of none in the mix."""
        value = fold(scalar_text(self.by(view)) or "")
        return next((kind for kind in self.shares if fold(kind) == value), None)

    def asks(self, view: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
        """Return the windows of all kinds, to be read, in their order."""
        window = self.window.ask(view, now)
        return [window | {"bucket": kind} for kind in self.shares]

    def ask(self, view: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Return the window of a lead's kind, to take a place in it."""
        return self.window.ask(view, now) | {"bucket": self.kind_of(view) or ""}

    def most(self, kind: str, counts: Sequence[int]) -> int:
        """Return up to how many leads of a kind may be sold to the buyer while it has so many of each.

        It is the most with which the kind's share of all is exact to one lead; some kind always has room.
        """
        whole, share = sum(self.shares.values()), self.shares[kind]
        others = sum(counts) - self._count(kind, counts)
        return MOST if share == whole else -(-(share * others + whole) // (whole - share)) - 1

    def has_room(self, kind: str, counts: Sequence[int]) -> bool:
        """Return whether one more lead of a kind keeps the mix."""
        return self._count(kind, counts) < self.most(kind, counts)

    def takes(self, view: Mapping[str, Any], counts: Sequence[int]) -> bool:
        """Return whether one more lead, of whatever kind it is, keeps the mix; one of no kind in it does not."""
        kind = self.kind_of(view)
        return kind is not None and self.has_room(kind, counts)

    def behind(self, kind: str, counts: Sequence[int]) -> int:
        """Return how far the buyer is behind its share of a kind, to be compared with others."""
        whole = sum(self.shares.values())
        return 1000 * (self.shares[kind] * (sum(counts) + 1) - whole * self._count(kind, counts)) // whole

    def _count(self, kind: str, counts: Sequence[int]) -> int:
        return counts[list(self.shares).index(kind)]

    def say(self) -> str:
        """Return `premium 70 : raw 30 over a day`."""
        per = self.window.per
        over = "all time" if per == "total" else f"{'an' if per == 'hour' else 'a'} {per}"
        return f"{' : '.join(f'{kind} {share}' for kind, share in self.shares.items())} over {over}"


def read_mix(part: Part, owner: str) -> Mix | None:
    """Return the mix of a part, written `{"by": expression, "shares": {"premium": 70, "raw": 30}, "over": "day"}`."""
    inner = part.inside("mix", "a mix")
    if inner is None:
        return None
    by, shares = inner.value("by"), _read_shares(inner)
    if not inner.has("by"):
        inner.report("by", "missing_expression", "A mix needs “by”: the value that tells the kinds of leads apart.")
    window = Cap(f"{owner}/mix", MOST, inner.choice("over", PERIODS, "day"), inner.zone())
    inner.finish()
    return Mix(by, shares, window) if by and shares else None


def _read_shares(part: Part) -> Mapping[str, int]:
    written = part.take("shares")
    listed = list(written.items()) if isinstance(written, dict) else []
    is_right = all(isinstance(share, int) and not isinstance(share, bool) and 1 <= share <= 100 for _, share in listed)
    kinds = {fold(kind) for kind, _ in listed}
    if not 2 <= len(listed) <= MOST_KINDS or not is_right or len(kinds) < len(listed) or "" in kinds:
        message = f"“shares” must name 2 to {MOST_KINDS} kinds of leads, each with a share from 1 to 100."
        part.report("shares", "not_shares", message)
        return {}
    return dict(listed)
