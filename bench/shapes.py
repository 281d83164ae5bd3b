"""The ways of selling that are measured: what stands in a flow after its filter and its cap."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Step = dict[str, Any]


class Connect(Protocol):
    """Makes a connection to a path of the benchmark's buyer, with a ping to another path if one is given."""

    def __call__(self, path: str, ping: str = "") -> str:
        """Return the connection's id."""


Shape = Callable[[Connect], Step]


def one_buyer(connect: Connect) -> Step:
    """Sell to the only buyer."""
    return {"buyer": {"id": "s3", "connection": connect("leads"), "price": 42}}


def waterfall_of_three(connect: Connect) -> Step:
    """Sell to the third buyer, after two that say no."""
    paths = ("declines/1", "declines/2", "leads")
    rows = [{"id": f"b{at}", "connection": connect(path), "price": 42} for at, path in enumerate(paths)]
    return {"group": {"id": "s3", "mode": "waterfall", "buyers": rows}}


def weighted_of_ten(connect: Connect) -> Step:
    """Sell to one of ten buyers, drawn by weights."""
    rows = [{"id": f"b{at}", "connection": connect(f"leads/{at}"), "price": 42, "weight": at + 1} for at in range(10)]
    return {"group": {"id": "s3", "mode": "weighted", "buyers": rows}}


def auction_of_five(connect: Connect) -> Step:
    """Ask five buyers for a bid side by side, and sell to the highest."""
    rows = [{"id": f"b{at}", "connection": connect("leads", f"bids/{40 + at}")} for at in range(5)]
    return {"group": {"id": "s3", "mode": "highest_bid", "wait_ms": 1000, "buyers": rows}}


SHAPES: Mapping[str, Shape] = {
    "one buyer": one_buyer,
    "waterfall of 3": waterfall_of_three,
    "weighted group of 10": weighted_of_ten,
    "auction of 5": auction_of_five,
}
