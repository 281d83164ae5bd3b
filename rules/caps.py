"""Caps: at most so many leads, or so much money, in a window of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from rules.money import say_money
from rules.reading import Part
from rules.values import Value
from rules.windows import PERIODS, window_said

MOST = 1_000_000_000
MONEY = "/spend"
"""How the keys of caps in money end."""
WHEN_FULL = ("reject", "fallback", "hold")


class Counter(Protocol):
    """A window in which sales are counted; it is never full."""

    def ask(self, view: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Return the window of a lead at a moment, to take a place in it."""


@dataclass(frozen=True, slots=True)
class Cap:
    """One cap: `limit` counts leads, or minor units of money when it `spends`; `owner` is what it is on."""

    owner: str
    limit: int
    per: str
    zone: str
    spends: bool = False
    received: bool = False
    count_by: Value | None = None
    when_full: str = "reject"

    @property
    def key(self) -> str:
        """Return the name under which its windows are kept: a new limit keeps the window, a new period does not."""
        return f"{self.owner}/{self.per}{MONEY if self.spends else ''}"

    def ask(self, view: Mapping[str, Any], now: datetime, price: int = 0) -> dict[str, Any]:
        """Return what to reserve: the window of a moment and how much of it."""
        starts, ends = window_said(self.per, now, self.zone)
        return {
            "cap": self.key,
            "bucket": "" if self.count_by is None else str(self.count_by(view)),
            "limit": self.limit,
            "take": price if self.spends else 1,
            "starts": starts,
            "ends": ends,
            "keep": self.received,
        }

    def say(self, currency: str) -> str:
        """Return `100 a day` or `$500.00 a month`."""
        amount = say_money(self.limit, currency) if self.spends else f"{self.limit:,}"
        return (
            f"{amount} in total"
            if self.per == "total"
            else f"{amount} {'an' if self.per == 'hour' else 'a'} {self.per}"
        )


def read_cap(part: Part, owner: str, *, may_spend: bool = False, at_door: bool = False) -> Cap:
    """Return the cap that a part describes; its problems are in the document.

    Only buyers have caps in money; only caps at the door (of a flow or source) can count what was received.
    """
    spends = may_spend and part.has("spend")
    return Cap(
        owner=owner,
        limit=part.money("spend") if spends else part.whole("limit", least=0, most=MOST),
        per=part.choice("per", PERIODS),
        zone=part.zone(),
        spends=spends,
        received=at_door and part.choice("count", ("sold", "received"), "sold") == "received",
        count_by=None if spends else part.value("count_by"),
        when_full=part.choice("when_full", WHEN_FULL, "reject") if at_door else "next",
    )


def read_caps(part: Part, key: str, owner: str, *, may_spend: bool = False, at_door: bool = False) -> tuple[Cap, ...]:
    """Return a list of caps; two with the same period and kind are a problem, because they would share a window."""
    caps: list[Cap] = []
    for inner in part.parts(key, "a cap"):
        cap = read_cap(inner, owner, may_spend=may_spend, at_door=at_door)
        inner.finish()
        if any((cap.per, cap.spends) == (other.per, other.spends) for other in caps):
            inner.report("per", "period_used_twice", f"There are two caps per {cap.per} here; keep one.")
        caps.append(cap)
    return tuple(caps)
