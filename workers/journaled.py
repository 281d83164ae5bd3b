"""What a lead's journal says of it beside its run: its source, its quote, what it holds, what people had done."""

from collections.abc import Iterable, Mapping
from typing import Any

from workers.caps import Place
from workers.rows import EventRow


def journaled_source(events: Iterable[EventRow]) -> dict[str, Any] | None:
    """Return what a journal says of the lead's source, None when it says nothing yet."""
    said = (event.result["source"] for event in events if event.result and "source" in event.result)
    return next(map(dict, said), None)


def quoted_by(events: Iterable[EventRow]) -> int | None:
    """Return what the supplier of a lead was quoted, in minor units, before it was posted; None where it was not."""
    for event in events:
        if event.effect == "quote" and (event.result or {}).get("answer") == "posted":
            price: int = event.asks["price"]
            return price
    return None


def counted_by(events: Iterable[EventRow]) -> frozenset[str] | None:
    """Return the caps at the door that count what comes in and count a lead already, since an earlier run.

    None where no such run let it in.
    """
    earlier = (event for event in events if event.effect == "intake")
    let_in = [event for event in earlier if event.result and event.result["outcome"] == "passed"]
    caps = frozenset(ask["cap"] for event in let_in for ask in event.asks["caps"] if ask["keep"])
    return caps if let_in else None


def instructed(events: Iterable[EventRow]) -> set[str]:
    """Return the ids of the instructions that a journal shows as carried out."""
    results = [event.result or {} for event in events]
    ids = [result.get("by_hand") or (result.get("told") or {}).get("id") for result in results]
    return {one for one in ids if one}


def has_ended(instruction: Mapping[str, Any] | None, events: Iterable[EventRow]) -> bool:
    """Return whether a lead has ended and is only back for an instruction that is still to be carried out.

    What it held it has given back, or keeps for good.
    """
    return instruction is not None and "ended" in instruction and instruction["id"] not in instructed(events)


def places_of(events: Iterable[EventRow]) -> list[Place]:
    """Return the places that a run holds: taken by its events, given back when it was held."""
    places: list[Place] = []
    for event in events:
        if event.effect == "hold" and not event.asks.get("keeps"):
            places = [place for place in places if place[2]]
        elif event.effect in ("intake", "reserve") and event.result:
            places.extend(event.result.get("places", []))
    return places
