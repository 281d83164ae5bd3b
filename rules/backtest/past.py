"""What is recorded of one lead: how its buyers, services, lists and the door answered, and what it took of caps."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from rules.caps import MONEY
from rules.effects import Event, put_together
from rules.running import Lead

Asks = Mapping[str, Any]
WindowKey = tuple[str, str, str]
Later = Mapping[int, Asks]
"""What was said of offers after their own events, by their numbers."""
HAS_IT = ("accepted", "unknown", "open")
"""The answers after which an offer keeps its places: the buyer has the lead, or may have it."""


E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Said:
    """What was asked once, and what came of it; None while it is open."""

    asks: Asks
    result: Mapping[str, Any] | None


@dataclass(slots=True)
class Taken:
    """What a lead took from one wait to the next, or to its end: places and counts by window, and whose turn it was.

    `claims` are what it was the first with, or what a buyer got of it, by scope.
    """

    at: datetime
    places: dict[WindowKey, int] = field(default_factory=dict)
    cursors: dict[WindowKey, int] = field(default_factory=dict)
    claims: list[tuple[str, Asks]] = field(default_factory=list)


@dataclass(slots=True)
class Past:
    """One lead with its last run. What was asked several times stands in its order."""

    lead: Lead
    began: datetime
    outcome: str | None
    source_id: str
    intakes: list[Said] = field(default_factory=list)
    reserved: dict[str, list[Said]] = field(default_factory=dict)
    offers: dict[tuple[str, str], list[Said]] = field(default_factory=dict)
    facts: dict[tuple[str, str], list[Said]] = field(default_factory=dict)
    cursors: dict[WindowKey, list[int | None]] = field(default_factory=dict)
    bids: dict[tuple[str, str], list[Said]] = field(default_factory=dict)
    found: dict[str, list[Said]] = field(default_factory=dict)
    listed: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    campaigns: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    holds: list[tuple[str, Said]] = field(default_factory=list)
    times: dict[str, list[str]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the data that the lead was posted with."""
        return self.lead.post.fields if self.lead.post else self.lead.fields


def last_run(events: Iterable[E]) -> list[E]:
    """Return the events of a lead's last run, in order."""
    listed = [event for event in events if event.effect not in ("by_hand", "replaced")]
    newest = max((event.run for event in listed), default=0)
    return sorted((event for event in listed if event.run == newest), key=lambda event: event.seq)


def read_past(lead: Lead, events: Sequence[Event], *, outcome: str | None, source_id: str) -> Past | None:
    """Return what a lead's journal says, None when nothing was done with it yet."""
    run = last_run(events)
    if not run:
        return None
    past = Past(lead, run[0].at, outcome, source_id)
    later = _said_later([*run, *(event for event in events if event.effect == "by_hand")])
    for event in run:
        _note(past, event, later)
    past.taken = list(_segments(run, later, outcome))
    return past


def _said_later(events: Iterable[Event]) -> Later:
    """Return what was said of offers after their events: where they were left open, or a person settled them."""
    later: dict[int, Asks] = {}
    for event in events:
        if event.effect == "await" and event.result:
            later[event.result["offer"]] = event.result
        elif event.effect == "by_hand":
            said = {"answer": event.asks["answer"], "price": event.asks["price"]}
            later[event.asks["offer"]] = {**later.get(event.asks["offer"], {}), **said}
    return later


def _note(past: Past, event: Event, later: Later) -> None:
    result = put_together(event.effect, event.result, event.detail)
    said = Said(event.asks, result)
    if result is not None and "at" in result:
        past.times.setdefault(event.effect, []).append(result["at"])
    match event.effect:
        case "intake":
            past.intakes.append(said)
        case "offer":
            settled = _settled(said, later)
            past.offers.setdefault((event.asks["buyer"], event.asks["connection"]), []).append(settled)
        case "look_up":
            past.found.setdefault(event.asks["connection"], []).append(said)
        case "hold":
            past.holds.append((event.step, said))
        case _ if result is not None and event.effect in NOTED:
            NOTED[event.effect](past, event.asks, result)


def _note_reserve(past: Past, asks: Asks, result: Mapping[str, Any]) -> None:
    for ask in asks["caps"]:
        past.reserved.setdefault(ask["cap"], []).append(Said(ask, result))


def _note_ping(past: Past, asks: Asks, result: Mapping[str, Any]) -> None:
    named = {bidder["buyer"]: bidder for bidder in asks["bidders"]}
    for bid in result["bids"]:
        asked = named[bid["buyer"]]
        past.bids.setdefault((bid["buyer"], asked["connection"]), []).append(Said(asked, bid))


def _note_lists(past: Past, asks: Asks, result: Mapping[str, Any]) -> None:
    asked_of = ((one["list"], one["of"]) for one in asks["lists"])
    past.listed.update(zip(asked_of, result["in"], strict=True))


def _note_join(past: Past, asks: Asks, result: Mapping[str, Any]) -> None:
    past.campaigns.setdefault(asks["campaign"], []).append(result)


def _note_check(past: Past, asks: Asks, result: Mapping[str, Any]) -> None:
    for row in asks["rows"]:
        facts = result["rows"][row["buyer"]]
        past.facts.setdefault((row["buyer"], row["connection"]), []).append(Said(row, facts))
    if asks["cursor"]:
        past.cursors.setdefault(key_of(asks["cursor"]), []).append(result["cursor"])


NOTED: Mapping[str, Callable[[Past, Asks, Mapping[str, Any]], None]] = {
    "reserve": _note_reserve,
    "join": _note_join,
    "check": _note_check,
    "ping": _note_ping,
    "lists": _note_lists,
}
"""How what is only said when it is done is noted."""


def _settled(said: Said, later: Later) -> Said:
    """Return an offer with what it came to in the end, at the moment when its run went on; None while it is open."""
    result = said.result or {}
    known = later.get(result.get("offer") or 0)
    if known is None:
        return Said(said.asks, None) if result.get("answer") == "open" else said
    return Said(said.asks, {**result, **known, "at": result["at"]})


def key_of(ask: Asks) -> WindowKey:
    """Return what names the window of a reservation."""
    return ask["cap"], ask["bucket"], ask["starts"]


def takes(ask: Asks, result: Mapping[str, Any]) -> int:
    """Return how much an offer that its buyer has keeps of a window: of money, what the lead was sold for."""
    return int(result["price"]) if ask["cap"].endswith(MONEY) else int(ask["take"])


def _segments(run: Sequence[Event], later: Later, outcome: str | None) -> Iterator[Taken]:
    """Yield what a run took, from its beginning to its first wait, and so on; what was given back is not in it."""
    taken, held = Taken(run[0].at), list[Asks]()
    for event in run:
        if event.effect == "hold":
            if event.asks.get("keeps"):
                _keep(taken, held)
            yield taken
            if event.result is None:
                return
            taken, held = Taken(datetime.fromisoformat(event.result["now"])), []
        elif event.result is not None:
            held += _take(taken, event, later)
    _keep(taken, held if outcome == "sold" else [ask for ask in held if ask["keep"]])
    yield taken


def _take(taken: Taken, event: Event, later: Later) -> list[Asks]:
    """Note what an event took, and return what its lead only holds until it waits or ends."""
    result = event.result
    if event.effect == "intake":
        if result["outcome"] in ("passed", "full") and event.asks["duplicates"]:
            taken.claims.append(("", event.asks["duplicates"]))
        return list(event.asks["caps"]) if result["outcome"] == "passed" else []
    if event.effect == "reserve":
        return [] if result["full"] else list(event.asks["caps"])
    if event.effect == "offer":
        result = _settled(Said(event.asks, result), later).result or result
        if result["answer"] in HAS_IT:
            take_offer(taken, event.asks, result)
    return []


def take_offer(taken: Taken, asks: Asks, result: Mapping[str, Any]) -> None:
    """Note what an offer took that its buyer has, or may have."""
    for ask in asks["caps"]:
        key = key_of(ask)
        taken.places[key] = taken.places.get(key, 0) + takes(ask, result)
    if asks.get("cursor"):
        taken.cursors[key_of(asks["cursor"])] = asks["cursor"]["to"]
    if asks.get("duplicates"):
        taken.claims.append((asks["connection"], asks["duplicates"]))


def _keep(taken: Taken, held: Iterable[Asks]) -> None:
    for ask in held:
        key = key_of(ask)
        taken.places[key] = taken.places.get(key, 0) + ask["take"]
