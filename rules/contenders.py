"""The buyers of a group side by side, as one event of a journal knows them: who, what it bid or paid, why it lost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.event_words import joining_of
from rules.money import say_money
from rules.reasons import say_reason
from rules.telling import EventLike, Telling

Known = dict[str, int]


@dataclass(frozen=True, slots=True)
class Contender:
    """One buyer: its row's id, its name, its price in words ("" where none is known), and why it did not get the lead.

    `reason` is a code of `rules.reasons`, None for one that has the lead or is still in the running; `why` says it.
    """

    row: str
    name: str
    price: str
    has_it: bool
    reason: str | None
    why: str


@dataclass(slots=True)
class Prices:
    """What buyers of one run bid or were asked for so far, in minor units, by their rows' ids."""

    run: int = 0
    known: Known = field(default_factory=dict)

    def note(self, event: EventLike) -> None:
        """Note what an event says of prices; those of another run do not count any more."""
        if event.run != self.run:
            self.run, self.known = event.run, {}
        if event.effect == "ping":
            self.known |= {bid["buyer"]: bid["bid"] for bid in (event.result or {}).get("bids", ()) if bid["bid"]}
        elif event.effect == "offer":
            self.known[event.step] = event.asks["price"]
        if event.effect in ("offer", "await") and event.result and event.result["answer"] == "accepted":
            self.known[event.result.get("buyer", event.step)] = event.result["price"]


def contenders(telling: Telling, event: EventLike, prices: Prices) -> tuple[Contender, ...]:
    """Return the buyers that an event tells of: who could not be asked, who bid what, or what became of everyone."""
    if event.effect == "join":
        return tuple(_left_out(telling, event))
    found = _TOLD[event.effect](event) if event.effect in _TOLD else ()
    return tuple(_contender(telling, prices.known, *one) for one in found)


def _contender(telling: Telling, known: Mapping[str, int], row: str, reason: str | None, has_it: bool) -> Contender:
    connection = telling.connection_of(row)
    name = telling.names.called(connection) if connection else row
    price = say_money(known[row], telling.currency) if row in known else ""
    return Contender(row, name, price, has_it, reason, say_reason(reason) if reason else "")


def _left_out(telling: Telling, event: EventLike) -> Iterator[Contender]:
    """Yield the rows of a campaign that could not join their group, each with what is wrong with it."""
    for row in joining_of(telling.flow, event).left_out if telling.flow else ():
        name = telling.names.connections.get(row.connection, row.connection) or "A buyer without a name"
        yield Contender(row.id, name, "", has_it=False, reason="unusable", why=row.why)


Told = Iterator[tuple[str, str | None, bool]]


def _checked(event: EventLike) -> Told:
    """Yield who could not be asked."""
    for row, said in (event.result or {}).get("rows", {}).items():
        if said["reason"]:
            yield row, said["reason"], False


def _pinged(event: EventLike) -> Told:
    """Yield everyone that was asked for a bid."""
    for bid in (event.result or {}).get("bids", ()):
        yield bid["buyer"], None if bid["answer"] == "bid" else _no_bid(bid), False


def _no_bid(bid: Mapping[str, Any]) -> str:
    return bid["reason"] or ("error" if bid["answer"] == "not_asked" else bid["answer"])


def _settled(event: EventLike) -> Told:
    """Yield everyone: first who has the lead, then the others as they are written."""
    for row in event.asks["winners"]:
        yield row, None, True
    for lost in event.asks["lost"]:
        yield lost["buyer"], lost["reason"], False


_TOLD = {"check": _checked, "ping": _pinged, "settle": _settled}
