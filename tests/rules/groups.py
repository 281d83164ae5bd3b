"""Carries one lead through one group that a table describes."""

from dataclasses import replace
from typing import Any

from rules.flow import Flow
from rules.running import Lead
from tests.rules.flows import World, a_flow, a_lead

ZIP = {"key": "zip", "type": "postal_code"}
FIELDS = [
    {"key": "email", "type": "email"},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    ZIP,
]


def a_group(settings: dict[str, Any], rows: dict[str, dict[str, Any]]) -> Flow:
    """Return a flow with one group; a row without a price makes bids, or pays $42.00 where none are asked for."""
    is_auction = settings["mode"] in ("highest_bid", "fastest")
    usual = {} if is_auction else {"price": 42}
    buyers = []
    for name, row in rows.items():
        price = {} if {"price", "max_bid", "pricing"} & row.keys() else usual
        buyers.append({"id": name, "connection": f"con_{name}", **price, **row})
    return a_flow({"group": {"id": "g", "buyers": buyers, **settings}}, fields=FIELDS)


def the_lead(world: dict[str, Any]) -> Lead:
    """Return the lead of a table's world, whose `lead` names its id and values; it is from Beverly Hills."""
    values = {"zip": "90210"} | world.get("lead", {})
    return replace(a_lead(**values), id=values.pop("id", "lead-1"))


def carried(settings: dict[str, Any], rows: dict[str, Any], world: dict[str, Any]) -> World:
    """Carry a lead through a group, in a world as a table describes it."""
    given = {key: value for key, value in world.items() if key != "lead"}
    answers = {name: [said] for name, said in given.pop("answers", {}).items()}
    full, lists = set(given.pop("full", [])), {name: set(said) for name, said in given.pop("lists", {}).items()}
    return World(answers, full, lists=lists, **given).carry(a_group(settings, rows), the_lead(world))


def asked(world: World) -> list[str]:
    """Return who was offered the lead at which price (minor units), in that order."""
    return [f"{event.asks['buyer']} {event.asks['price']}" for event in world.events if event.effect == "offer"]


def outcome(world: World) -> dict[str, Any]:
    """Return what each row of the group paid (minor units), or why it did not get the lead."""
    assert world.settled is not None
    paid = {
        event.asks["buyer"]: event.result["price"]
        for event in world.events
        if event.effect == "offer" and event.result and event.result["answer"] == "accepted"
    }
    return {**{name: paid[name] for name in world.settled.winners}, **dict(world.settled.lost)}
