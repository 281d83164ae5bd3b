"""The flows that are measured, and their ways of selling: what stands in one after its filter and its cap."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Step = dict[str, Any]
FIELDS = [
    {"key": "email", "type": "email", "required": True},
    {"key": "phone_1", "type": "phone", "required": True, "region": "US"},
    {"key": "first_name", "type": "name"},
    {"key": "last_name", "type": "name"},
    {"key": "state", "type": "state", "required": True},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "credit_score", "type": "number"},
    {"key": "monthly_bill", "type": "money"},
    {"key": "homeowner", "type": "boolean"},
    {"key": "city", "type": "text"},
]
THREE_RULES = {
    "and": [
        {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]},
        {"is": [{"var": "lead.product"}, "solar"]},
        {"at_least": [{"var": "lead.credit_score"}, 650]},
    ]
}


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


def short_flow(shape: Shape) -> Callable[[Connect], dict[str, Any]]:
    """Return what writes a flow of a filter with three rules, a cap and a way to sell."""
    return lambda connect: _document(shape(connect))


def _document(selling: Step) -> dict[str, Any]:
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": FIELDS,
        "steps": [
            {"filter": {"id": "s1", "continue_if": THREE_RULES, "reason": "Not wanted"}},
            {"cap": {"id": "s2", "limit": 100_000_000, "per": "day"}},
            selling,
        ],
        "fallback": {"id": "s4", "do": "reject"},
    }


SHORT_FLOW = short_flow(one_buyer)
