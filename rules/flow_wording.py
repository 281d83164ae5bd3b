"""Says a flow card by card: each step as a sentence with all its exits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from rules.buyer_words import say_conditions
from rules.caps import Cap
from rules.fields import Field
from rules.flow import KEPT, Flow
from rules.road import lanes_of
from rules.steps import Buyer, CapStep, Group, Lane, Row, Step
from rules.steps.base import NOT_HERE, Exit, Words
from rules.wording import begin

Named = TypeVar("Named")
Pairs = tuple[tuple[str, Named], ...]


@dataclass(frozen=True, slots=True)
class CapLine:
    """One cap as a card shows it; `key` finds its windows, `limit` is in leads or minor units.

    `place` says whose it is where it stands apart from its card: `step 4`, `Sunrise Energy, step 5`; nothing where it
    is the whole flow's.
    """

    key: str
    text: str
    limit: int
    per: str
    time_zone: str
    spends: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class LaneCards:
    """One lane of a split: what it is for, and the cards on it."""

    name: str
    label: str
    cards: tuple["Card", ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One stop on the rail; `number` is None for the fixed first and last one.

    `conditions` are what a buyer asks of a lead, `rows` the buyers of a group in the order of their priority,
    `lanes` those of a split.
    """

    id: str
    number: int | None
    kind: str
    label: str
    name: str
    sentence: str
    exits: tuple[Exit, ...]
    note: str
    is_off: bool
    caps: tuple[CapLine, ...]
    connection: str | None
    conditions: tuple[str, ...] = ()
    rows: tuple["Card", ...] = ()
    lanes: tuple[LaneCards, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What only the database knows: connections, lists and people by id, and how many sources a flow has.

    None stands for sources that are not told.
    """

    connections: Mapping[str, str]
    sources: int | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def called(self, connection: str) -> str:
        """Return a connection's name, or that there is no such in the account."""
        return self.connections.get(connection, NOT_HERE.capitalize())


def words_of(flow: Flow, names: Names) -> Words:
    """Return the words that sentences of a flow need, the same object where nothing is named otherwise."""
    steps = {spot.step.common.id: f"step {position + 1}" for position, spot in enumerate(flow.spots)}
    steps |= {step.common.id: names.connections.get(step.connection, "") for step in flow.buyers.values()}
    steps["fallback"] = "the last step"
    fields, connections = tuple(flow.by_key.items()), tuple(names.connections.items())
    return _words(flow.currency, fields, connections, tuple(steps.items()), tuple(names.lists.items()))


@lru_cache(maxsize=KEPT)
def _words(currency: str, fields: Pairs[Field], connections: Pairs[str], steps: Pairs[str], lists: Pairs[str]) -> Words:
    return Words(dict(fields), currency, dict(connections), dict(steps), dict(lists))


def rail(flow: Flow, names: Names) -> list[Card]:
    """Return the cards from “Leads arrive” to “When nobody takes the lead”."""
    words = words_of(flow, names)
    return [_door_card(flow, names), *_cards(flow.steps, words, flow.positions), card_of(flow.fallback, words, {})]


def every_card(cards: Iterable[Card]) -> Iterator[Card]:
    """Yield all cards with their rows and the cards in their lanes."""
    for card in cards:
        yield card
        yield from card.rows
        for lane in card.lanes:
            yield from every_card(lane.cards)


def cap_lines(flow: Flow, connections: Mapping[str, str] = MappingProxyType({})) -> list[CapLine]:
    """Return the caps that stand on the cards of a flow, in their order; `connections` are what buyers are called."""

    def of(buyer: Buyer, place: str) -> str:
        return f"{connections[buyer.connection]}, {place}" if buyer.connection in connections else place

    lines = [_cap_line(cap, flow.currency) for cap in flow.door.caps]
    for number, spot in enumerate(flow.spots, 1):
        step, place = spot.step, f"step {number}"
        whose = of(step, place) if isinstance(step, Buyer) else place
        placed = [(whose, cap) for cap in _caps_of(step)]
        rows = [row.buyer for row in step.in_order] if isinstance(step, Group) else []
        placed += [(of(row, f"buyer {at} of {place}"), cap) for at, row in enumerate(rows, 1) for cap in row.caps]
        lines += [_cap_line(cap, flow.currency, where) for where, cap in placed]
    return lines


def _cards(steps: Iterable[Step], words: Words, positions: Mapping[str, int]) -> tuple[Card, ...]:
    return tuple(card_of(step, words, positions) for step in steps)


def card_of(step: Step, words: Words, positions: Mapping[str, int]) -> Card:
    """Return the card of a step; steps are numbered as they stand in the document, lanes included."""
    position = positions.get(step.common.id)
    return Card(
        id=step.common.id,
        number=None if position is None else position + 1,
        kind=step.kind,
        label=step.label,
        name=step.common.name,
        sentence=step.sentence(words),
        exits=step.exits(words),
        note=step.common.note,
        is_off=step.common.off,
        caps=tuple(_cap_line(cap, words.currency) for cap in _caps_of(step)),
        connection=step.connection if isinstance(step, Buyer) else None,
        conditions=_conditions(step, words) if isinstance(step, Buyer) else (),
        rows=tuple(_row_card(row, step, words) for row in step.in_order) if isinstance(step, Group) else (),
        lanes=tuple(_lane_cards(lane, words, positions) for lane in lanes_of(step)),
    )


def _row_card(row: Row, group: Group, words: Words) -> Card:
    """Return a row of a group: its buyer on the group's own card."""
    buyer = row.buyer
    return Card(
        id=row.id,
        number=None,
        kind="row",
        label="Buyer",
        name=buyer.common.name,
        sentence=group.terms(row, words),
        exits=buyer.other_exits(words, "next buyer"),
        note=buyer.common.note,
        is_off=buyer.common.off,
        caps=tuple(_cap_line(cap, words.currency) for cap in buyer.caps),
        connection=buyer.connection,
        conditions=_conditions(buyer, words),
    )


def _conditions(buyer: Buyer, words: Words) -> tuple[str, ...]:
    """Return what a buyer asks of a lead, its rule first."""
    rule = [f"only if {words.rule(buyer.when.document)}"] if buyer.when else []
    return tuple(begin(said) for said in (*rule, *say_conditions(buyer, words)))


def _lane_cards(lane: Lane, words: Words, positions: Mapping[str, int]) -> LaneCards:
    return LaneCards(lane.name, lane.say(words), _cards(lane.steps, words, positions))


def _door_card(flow: Flow, names: Names) -> Card:
    exits = [Exit("nxt", "Passes the checks: first step")]
    if any(field.required for field in flow.fields):
        exits.append(Exit("bad", "A required field is missing: refused"))
    if flow.door.accept_if:
        exits.append(Exit("bad", f"Otherwise: reject “{flow.door.reason}”"))
    if flow.door.duplicates:
        exits.append(Exit("que", "Seen before: duplicate"))
    caps = tuple(_cap_line(cap, flow.currency) for cap in flow.door.caps)
    return replace(door_card(len(flow.fields), names), exits=tuple(exits), caps=caps)


def door_card(fields: int, names: Names) -> Card:
    """Return the first card of a flow with so many fields, without its ways out."""
    checked = f"{fields} field{'' if fields == 1 else 's'} checked"
    return Card(
        id="intake",
        number=None,
        kind="intake",
        label="Leads arrive",
        name="",
        sentence=f"{_count_sources(names.sources)}{checked}".capitalize(),
        exits=(),
        note="",
        is_off=False,
        caps=(),
        connection=None,
    )


def _count_sources(sources: int | None) -> str:
    if sources is None:
        return ""
    return f"from {sources or 'no'} source{'' if sources == 1 else 's'}, "


def _caps_of(step: Step) -> tuple[Cap, ...]:
    match step:
        case CapStep():
            return (step.cap,)
        case Buyer():
            return step.caps
    return ()


def _cap_line(cap: Cap, currency: str, place: str = "") -> CapLine:
    return CapLine(cap.key, cap.say(currency), cap.limit, cap.per, cap.zone, cap.spends, place)
