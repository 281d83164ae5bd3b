"""Flows to begin with: each is whole but for the buyers, whom the seller chooses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.categories import BY_KEY

Steps = list[dict[str, Any]]
END: Mapping[str, Any] = {"id": "end", "do": "reject", "reason": "No buyer available"}
A_FIELD: Mapping[str, Any] = {"key": "email", "type": "email", "required": True}
STATE: Mapping[str, Any] = {"key": "state", "type": "state"}


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a starter's little rail: its kind (as icons are named), what it says, and its lanes."""

    kind: str
    text: str
    lanes: tuple[tuple[str, tuple["Stop", ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Starter:
    """One way to begin: its name, what it does in one line, what it looks like, and the steps that it makes."""

    key: str
    name: str
    about: str
    stops: tuple[Stop, ...]
    make: Callable[[], Steps]
    needs_state: bool = False


def _buyer(identifier: str) -> dict[str, Any]:
    return {"buyer": {"id": identifier, "connection": ""}}


def _group(mode: str, *rows: str, **settings: Any) -> dict[str, Any]:
    return {"group": {"id": "s1", "mode": mode, "buyers": [{"id": row, "connection": ""} for row in rows], **settings}}


def _by_state() -> Steps:
    in_california = {"any_of": [{"var": "lead.state"}, ["CA"]]}
    case = {"name": "California", "when": in_california, "steps": [_buyer("s2")]}
    return [{"split": {"id": "s1", "cases": [case], "else": [_buyer("s3")]}}]


_A_BUYER = Stop("buyer", "Buyer")

STARTERS: tuple[Starter, ...] = (
    Starter("one_buyer", "One buyer", "Every lead is offered to one buyer.", (_A_BUYER,), lambda: [_buyer("s1")]),
    Starter(
        "backup",
        "First buyer, then backup",
        "What the first buyer does not take is offered to a second.",
        (Stop("buyer", "First buyer"), Stop("buyer", "Backup")),
        lambda: [_buyer("s1"), _buyer("s2")],
    ),
    Starter(
        "take_turns",
        "Take turns",
        "Two buyers take turns; a lead that one does not take goes to the other.",
        (Stop("group", "2 buyers, in turn"),),
        lambda: [_group("round_robin", "b1", "b2")],
    ),
    Starter(
        "highest_bid",
        "Highest bidder",
        "Buyers are asked for bids side by side; the highest gets the lead.",
        (Stop("group", "2 buyers, highest bid"),),
        lambda: [_group("highest_bid", "b1", "b2")],
    ),
    Starter(
        "by_state",
        "By state",
        "Leads from some states go to one buyer, all others to another.",
        (Stop("split", "By state", (("California", (_A_BUYER,)), ("Everything else", (_A_BUYER,)))),),
        _by_state,
        needs_state=True,
    ),
)
"""In the order in which they are offered."""

STARTER: Mapping[str, Starter] = {starter.key: starter for starter in STARTERS}


def first_document(*, currency: str, time_zone: str, category: str = "", starter: str = "") -> dict[str, Any]:
    """Return a new flow: the fields of a category (by its key) and the steps of a starter, none of either without one.

    The steps of a starter have no buyers yet, and say so as problems; without them it is a valid flow.
    """
    about, begins = BY_KEY.get(category), STARTER.get(starter)
    fields = _fields(about.fields if about else [A_FIELD], needs_state=begins is not None and begins.needs_state)
    return {
        "schema": 1,
        "currency": currency,
        "time_zone": time_zone,
        "fields": fields,
        **({"intake": {"category": about.name}} if about else {}),
        "steps": begins.make() if begins else [],
        "fallback": dict(END),
    }


def _fields(written: Sequence[Mapping[str, Any]], *, needs_state: bool) -> list[dict[str, Any]]:
    has_state = any(field["key"] == "state" for field in written)
    return [dict(field) for field in (*written, *([STATE] if needs_state and not has_state else []))]
