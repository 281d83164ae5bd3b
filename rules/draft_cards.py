"""The cards of a draft, whatever may be wrong with it: a step that cannot be read says at least what it is."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from rules.editing.naming import LABELS
from rules.editing.tree import Found, LaneFound, end_of, lanes_of, walk
from rules.fields import Field, parse_field
from rules.flow import parse_flow
from rules.flow_wording import Card, LaneCards, Names, card_of, door_card, rail
from rules.made_fields import made_fields
from rules.places import END
from rules.plain_words import say_flow
from rules.reading import Document
from rules.saying import say_list
from rules.steps import READERS, Fallback, Step, read_fallback
from rules.steps.base import Words
from rules.windows import is_zone

UNFINISHED: Mapping[str, str] = {
    "buyer": "Offer to a buyer that is yet to be chosen",
    "filter": "Continue only if a rule is true",
    "cap": "At most so many leads through here",
    "transform": "Set fields",
    "look_up": "Ask a service about the lead",
}
"""What a step says that cannot be read yet."""
NO_RULE_YET = "A rule that is yet to be set"
NOT_TOLD = "The story is told again once what is listed above is put right."


@dataclass(frozen=True, slots=True)
class Sketch:
    """A draft as far as it can be drawn: its story in plain words, and its cards."""

    words: str
    cards: tuple[Card, ...]


def sketch(document: Mapping[str, Any], names: Names) -> Sketch:
    """Return a draft in plain words and as cards; the words leave out steps that cannot be read, and say so."""
    flow, _ = parse_flow(document)
    if flow is not None:
        return Sketch(say_flow(flow, names), tuple(rail(flow, names)))
    pen = _Pen(document, names)
    return Sketch(pen.words(), tuple(pen.cards()))


class _Pen:
    """Draws one draft."""

    def __init__(self, document: Mapping[str, Any], names: Names) -> None:
        self.document, self.names = document, names
        self.fields = fields_of(document)
        currency, zone = document.get("currency"), document.get("time_zone")
        self.currency = currency if isinstance(currency, str) and len(currency) == 3 else "USD"
        self.zone = zone if isinstance(zone, str) and is_zone(zone) else "UTC"
        self.steps = {step.key: step for step in walk(document)}
        self.read = {key: self._read(step) for key, step in self.steps.items()}
        called = {key: f"step {step.number}" for key, step in self.steps.items()}
        bought = {key: self._buyer(step.settings) for key, step in self.steps.items() if step.kind == "buyer"}
        called |= {key: name for key, name in bought.items() if name} | {"fallback": "the last step"}
        self.talk = Words(self.fields, self.currency, names.connections, called, names.lists)
        self.positions = {key: step.number - 1 for key, step in self.steps.items()}

    def cards(self) -> Iterator[Card]:
        """Yield the cards from the first to the last."""
        yield door_card(len(self._written_fields()), self.names)
        yield from (self._card(step) for step in self.steps.values() if not step.lane)
        yield self._end()

    def words(self) -> str:
        """Return the story without the steps that cannot be read."""
        whole = deepcopy(dict(self.document))
        broken = []
        for step in reversed(list(walk(whole))):
            if self._read(step) is None:
                del step.holder[step.position]
                broken.append(step.number)
        flow, _ = parse_flow(whole)
        if flow is None or not broken:
            return NOT_TOLD
        numbers = say_list([str(number) for number in sorted(broken)], "and")
        left_out = f"Step {numbers} is not finished" if len(broken) == 1 else f"Steps {numbers} are not finished"
        return f"{say_flow(flow, self.names, is_whole=False)} {left_out} yet, and left out here."

    def _read(self, step: Found) -> Step | None:
        """Return a step, None while something is wrong with it."""
        document = Document(self.fields, self.currency, self.zone, asks_lists=True)
        part = document.part(step.settings, step.address, "a step")
        read = READERS[step.kind](part) if part and step.kind in READERS else None
        return None if document.problems else read

    def _card(self, step: Found) -> Card:
        read = self.read[step.key]
        if read is not None:
            return card_of(read, self.talk, self.positions)
        lanes = tuple(self._lane(step, lane) for lane in lanes_of(step.kind, step.settings, step.address))
        rows = tuple(self._rows(step)) if step.kind == "group" else ()
        return _plain_card(step, self._sentence(step, len(lanes), len(rows)), rows, lanes)

    def _sentence(self, step: Found, lanes: int, rows: int) -> str:
        match step.kind:
            case "split":
                how = "by share" if "percent" in step.settings else "the first that fits"
                return f"One of {lanes} lanes, {how}"
            case "group":
                return f"Offer to {rows or 'no'} buyer{'' if rows == 1 else 's'}"
            case "buyer" if self._buyer(step.settings):
                return f"Offer to {self._buyer(step.settings)}"
            case "filter" if "stop_if" in step.settings:
                return "Stop if a rule is true"
        return UNFINISHED.get(step.kind, f"“{step.kind}” is not a kind of step")

    def _lane(self, split: Found, lane: LaneFound) -> LaneCards:
        inside = (split.key, lane.number)
        cards = tuple(self._card(step) for step in self.steps.values() if step.lane == inside)
        return LaneCards(lane.key, self._lane_label(lane), cards)

    def _lane_label(self, lane: LaneFound) -> str:
        if lane.key == "else":
            return "Everything else"
        name, share = lane.settings.get("name"), lane.settings.get("share")
        if isinstance(name, str) and name:
            return name
        if share is not None:
            return f"{share}% of the leads"
        rule = Document(self.fields, self.currency, self.zone, asks_lists=True).rule(lane.settings.get("when"), "")
        return self.talk.whole_rule(rule.document) if rule and "when" in lane.settings else NO_RULE_YET

    def _rows(self, group: Found) -> Iterator[Card]:
        rows = group.settings.get("buyers")
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            if isinstance(row, dict):
                key = str(row.get("id") or f"{group.key}-{number}")
                name = self._buyer(row)
                yield _row_card(row, key, name or "A buyer that is yet to be chosen")

    def _buyer(self, settings: Mapping[str, Any]) -> str:
        return self.names.connections.get(str(settings.get("connection", "")), "")

    def _end(self) -> Card:
        written = self.document.get(END)
        document = Document(self.fields, self.currency, self.zone, asks_lists=True)
        part = document.part(written if isinstance(written, dict) else {}, END, "the fallback")
        read = read_fallback(part) if part else None
        if read is not None and not document.problems:
            return card_of(read, self.talk, {})
        settings = written if isinstance(written, dict) else {}
        found = Found([], 0, END, dict(settings), end_of(self.document), 0, (), END)
        return _plain_card(found, "What happens then is not set yet", (), ())

    def _written_fields(self) -> list[Any]:
        written = self.document.get("fields")
        return written if isinstance(written, list) else []


def fields_of(document: Mapping[str, Any]) -> dict[str, Field]:
    """Return the fields of a draft that can be read, with those that its steps make, by key."""
    written = document.get("fields")
    read = (parse_field(field, "", []) for field in (written if isinstance(written, list) else []))
    return made_fields(document.get("steps")) | {field.key: field for field in read if field}


def _plain_card(step: Found, sentence: str, rows: tuple[Card, ...], lanes: tuple[LaneCards, ...]) -> Card:
    """Return the card of a step that cannot be read yet."""
    settings = step.settings
    label = Fallback.label if step.kind == END else LABELS.get(step.kind, step.kind)
    number = step.number or None
    return Card(
        id=step.key,
        number=number,
        kind=step.kind,
        label=label,
        name=_text(settings, "name"),
        sentence=sentence,
        exits=(),
        note=_text(settings, "note"),
        is_off=settings.get("off") is True,
        caps=(),
        connection=_text(settings, "connection") or None,
        rows=rows,
        lanes=lanes,
    )


def _row_card(row: Mapping[str, Any], key: str, sentence: str) -> Card:
    return Card(
        id=key,
        number=None,
        kind="row",
        label="Buyer",
        name=_text(row, "name"),
        sentence=sentence,
        exits=(),
        note=_text(row, "note"),
        is_off=row.get("off") is True,
        caps=(),
        connection=_text(row, "connection") or None,
    )


def _text(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    return value if isinstance(value, str) else ""
