"""The flow that pages are measured on: forty steps, those in lanes included, of every kind that there is."""

from typing import Any

from bench.shapes import FIELDS, Connect, Step

MODES = ("waterfall", "round_robin", "weighted", "least_loaded")
"""How the buyers of the four groups are asked."""
TENS = len(MODES)


def long_flow(connect: Connect) -> dict[str, Any]:
    """Return the document of the flow with connections of its own."""
    return forty_steps(connect("bids/640"), connect("declines/1"), connect("leads"))


def forty_steps(service: str, declines: str, takes: str) -> dict[str, Any]:
    """Return the document of the flow, by the ids of three connections: a service, a buyer that says no, one that buys.

    A lead passes five steps, is declined three times, and is sold to the third buyer of the first group.
    """
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": FIELDS,
        "values": {"good_score": 700},
        "intake": {"accept_if": {"is_not": [{"var": "lead.city"}, "Nowhere"]}, "reason": "Not a place"},
        "steps": [step for ten in range(TENS) for step in _ten(ten, service, declines, takes)],
        "fallback": {"id": "end", "do": "reject", "reason": "No buyer available"},
    }


def _ten(ten: int, service: str, declines: str, takes: str) -> list[Step]:
    """Return ten steps, two of them in lanes."""
    return [
        {"filter": {"id": f"wanted{ten}", "continue_if": _wanted(600 + ten), "reason": "Not wanted"}},
        {"transform": {"id": f"set{ten}", "set": [["city", "{{lead.city}}"], ["monthly_bill", 180 + ten]]}},
        {"look_up": {"id": f"ask{ten}", "connection": service, **_known(ten)}},
        {"cap": {"id": f"room{ten}", "limit": 100_000_000, "per": "day", "reason": "Enough for today"}},
        {"split": _lanes(ten, _buyer(f"own{ten}", declines, 40 + ten), _buyer(f"rent{ten}", declines, 30 + ten))},
        {"group": {"id": f"group{ten}", "mode": MODES[ten], "buyers": _rows(ten, declines, declines, takes)}},
        {"buyer": _buyer(f"last{ten}", declines, 20 + ten)},
        {"filter": {"id": f"poor{ten}", "stop_if": {"at_most": [{"var": "lead.credit_score"}, 300 + ten]}}},
    ]


def _wanted(least: int) -> Step:
    return {
        "and": [
            {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]},
            {"is": [{"var": "lead.product"}, "solar"]},
            {"at_least": [{"var": "lead.credit_score"}, least]},
        ]
    }


def _known(ten: int) -> Step:
    return {"outputs": [[f"score_{ten}", "body.bid"]], "timeout": "5s", "on_error": "continue"}


def _lanes(ten: int, owner: Step, tenant: Step) -> Step:
    own = {"name": "Homeowners", "when": {"yes": [{"var": "lead.homeowner"}]}, "steps": [{"buyer": owner}]}
    return {"id": f"lanes{ten}", "cases": [own], "else": [{"buyer": tenant}]}


def _buyer(step: str, connection: str, price: int) -> Step:
    return {
        "id": step,
        "connection": connection,
        "price": price,
        "when": {"at_least": [{"var": "lead.credit_score"}, {"var": "flow.good_score"}]},
        "requires": ["phone_1"],
        "caps": [{"limit": 100_000_000, "per": "day"}, {"spend": 100_000_000, "per": "month"}],
        "hours": {"from": "00:00", "to": "24:00"},
        "retry": {"max_attempts": 2, "after": ["1s"], "for_up_to": "10s"},
        "note": "Asks for homeowners with a good score.",
    }


def _rows(ten: int, *connections: str) -> list[Step]:
    rows = [{"id": f"row{ten}{at}", "connection": one, "price": 20 + at} for at, one in enumerate(connections)]
    return [row | {"weight": at + 1} for at, row in enumerate(rows)] if MODES[ten] == "weighted" else rows
