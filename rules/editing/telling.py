"""One setting of a step in words on both sides, so that people can compare what they made of it."""

from collections.abc import Callable, Mapping
from typing import Any

from rules.buyer_words import say_conditions
from rules.caps import read_caps
from rules.differences.base import MISSING, leaves, say_json, say_path
from rules.differences.parts import field_differences
from rules.draft_cards import fields_of
from rules.editing.naming import SETTINGS, changed_keys
from rules.flow_wording import Names
from rules.reading import Document
from rules.saying import say_list, say_number
from rules.steps import READERS, Buyer, Step, Transform
from rules.steps.base import Words

RULES = frozenset({"accept_if", "continue_if", "stop_if", "when"})
MONEY = frozenset({"bids_up_to", "floor", "margin", "max_bid", "price", "shared_price"})
NOTHING = "not set"
LONGEST = 200
"""How much of a setting people compare, in characters."""
MOST_SAID = 4
"""How many of the places in which a setting differs are told one by one."""


def say_both(key: str, mine: object, theirs: object, document: Mapping[str, Any], names: Names) -> tuple[str, str]:
    """Return what a setting of a draft says as one person made it, and as another did: `$42.00` and `$40.00`.

    Where a setting has no words, or says the same in words on both sides, the places in which it differs are told.
    """
    return _Teller(document, names).both(key, mine, theirs)


class _Teller:
    """Says settings with the fields of a draft and the names around it; None of what has no words."""

    def __init__(self, document: Mapping[str, Any], names: Names) -> None:
        written = document.get("currency")
        currency = written if isinstance(written, str) else "USD"
        self.words = Words(fields_of(document), currency, names.connections, {}, names.lists)

    def both(self, key: str, mine: object, theirs: object) -> tuple[str, str]:
        """Return both sides of a setting."""
        here, there = self.say(key, mine), self.say(key, theirs)
        if here is None or there is None or _cut(here) == _cut(there):
            here, there = self.places(key, mine, theirs)
        return _cut(here), _cut(there)

    def say(self, key: str, value: object) -> str | None:
        """Return a setting in words."""
        if key == "off":
            return "off" if value is True else "on"
        if value is None:
            return NOTHING
        if key in RULES:
            return self.words.whole_rule(value)
        if key in WORDS:
            return WORDS[key](self, value)
        if key in MONEY:
            return self.money(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, dict | list):
            return None
        return value if isinstance(value, str) else say_number(value)  # type: ignore[arg-type]

    def places(self, key: str, mine: object, theirs: object) -> tuple[str, str]:
        """Return both sides of a setting by the places in which it is not the same."""
        if key == "fields":
            return _fields(mine, theirs)
        if key == "intake":
            return self.inside(_map(mine), _map(theirs))
        sides: tuple[list[str], list[str]] = ([], [])
        written = _known(mine, theirs), _known(theirs, mine)
        begins = SETTINGS.get(key, key) if isinstance(written[0], list) else ""
        for path, *values in list(leaves(*written, begins))[:MOST_SAID]:
            for side, value in zip(sides, values, strict=True):
                side.append(f"{say_path(path)}: {say_json(value)}" if path else say_json(value))
        return "; ".join(sides[0]) or NOTHING, "; ".join(sides[1]) or NOTHING

    def inside(self, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, str]:
        """Return both sides of an object of settings, each that is not the same by its name."""
        sides: tuple[list[str], list[str]] = ([], [])
        for key in changed_keys(mine, theirs):
            for side, text in zip(sides, self.both(key, mine.get(key), theirs.get(key)), strict=True):
                side.append(f"{SETTINGS.get(key, key.replace('_', ' '))}: {text}")
        return "; ".join(sides[0]), "; ".join(sides[1])

    def money(self, value: object) -> str:
        """Return a price, or a percentage of one."""
        if isinstance(value, dict) and set(value) == {"percent"}:
            return f"{value['percent']}%"
        return self.words.value(value, self.words.currency)

    def connection(self, value: object) -> str:
        """Return whom a step names."""
        return self.words.buyer(str(value)) if value else "not chosen"

    def caps(self, value: object) -> str | None:
        """Return caps: `100 a day and €500.00 a month`."""
        document = Document({}, self.words.currency)
        part = document.part({"caps": value}, "", "a step")
        caps = read_caps(part, "caps", "", may_spend=True) if part else ()
        said = [cap.say(self.words.currency) for cap in caps]
        return None if document.problems else say_list(said, "and") or "none"

    def changes(self, value: object) -> str | None:
        """Return what a transform sets: `State to NV; City to “Reno”, if Product is Solar`."""
        step = self.read("transform", {"id": "t", "set": value})
        return step.sentence(self.words).removeprefix("Set ") if isinstance(step, Transform) else None

    def lanes(self, value: object) -> str | None:
        """Return the lanes of a split, each with the leads that take it."""
        if not isinstance(value, list) or not all(isinstance(lane, dict) for lane in value):
            return None
        return "; ".join(self.lane(number, lane) for number, lane in enumerate(value, 1)) or "none"

    def lane(self, number: int, lane: Mapping[str, Any]) -> str:
        """Return `“big” where Monthly bill is at least $200, 2 steps`."""
        steps = lane.get("steps")
        many = len(steps) if isinstance(steps, list) else 0
        named = f"“{lane['name']}”" if lane.get("name") else f"lane {number}"
        rule = f" where {self.words.rule(lane['when'])}" if "when" in lane else ""
        share = f" with {say_json(lane['share'])}% of the leads" if "share" in lane else ""
        return f"{named}{rule}{share}, {many} step{'' if many == 1 else 's'}"

    def rows(self, value: object) -> str | None:
        """Return the buyers of a group by their names."""
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            return None
        return ", ".join(self.connection(row.get("connection")) for row in value) or "none"

    def read(self, kind: str, settings: Mapping[str, Any]) -> Step | None:
        """Return a step with these settings, None when something is wrong with them."""
        document = Document(self.words.fields, self.words.currency, asks_lists=True)
        part = document.part(settings, "", "a step")
        step = READERS[kind](part) if part else None
        return None if document.problems else step


def _condition(key: str) -> Callable[[_Teller, object], str | None]:
    """Return the saying of something that a buyer asks of leads, which the door may ask too."""

    def say(teller: _Teller, value: object) -> str | None:
        if isinstance(value, dict):
            value = {name: inner for name, inner in value.items() if name != "scope"}
        step = teller.read("buyer", {"id": "b", "connection": "c", "price": 1, key: value})
        return "; ".join(say_conditions(step, teller.words)) or "none" if isinstance(step, Buyer) else None

    return say


WORDS: Mapping[str, Callable[[_Teller, object], str | None]] = {
    "connection": _Teller.connection,
    "caps": _Teller.caps,
    "set": _Teller.changes,
    "cases": _Teller.lanes,
    "percent": _Teller.lanes,
    "buyers": _Teller.rows,
    **{key: _condition(key) for key in ("requires", "hours", "duplicates", "suppress")},
}
"""How settings are said that are more than one value."""


def _fields(mine: object, theirs: object) -> tuple[str, str]:
    """Return both sides of a flow's fields, each that is new, gone or not the same."""
    sides: tuple[list[str], list[str]] = ([], [])
    for one in field_differences({"fields": theirs or []}, {"fields": mine or []}):
        added, removed = one.what == "added", one.what == "removed"
        here = f"{one.text}: {one.after}" if one.after else f"without {one.text}" if removed else one.text
        there = f"{one.text}: {one.before}" if one.before else f"without {one.text}" if added else one.text
        sides[0].append(here)
        sides[1].append("as before" if one.what == "moved" else there)
    return "; ".join(sides[0][:MOST_SAID]), "; ".join(sides[1][:MOST_SAID])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _known(value: object, beside: object) -> object:
    """Return a value as it is compared: one that is not written is as empty as it can be beside the other."""
    if value is not None:
        return value
    return type(beside)() if isinstance(beside, dict | list) else MISSING


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
