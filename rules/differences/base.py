"""One difference between two documents, and differences that no sentence has words for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from rules import json_text
from rules.saying import say_number

What = Literal["added", "removed", "changed", "moved", "renamed", "off", "on"]
SIGNS: Mapping[What, str] = {"added": "+", "removed": "-"}
"""The sign of a line; of all that is neither there for the first time nor gone it is `~`."""
LONGEST = 70
NUMBER = re.compile(r"\[(\d+)\]")
MISSING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed.

    `where` is the card or the part of the document (`Step 2 · Buyer`), `step` the id of the card to open, "" for none;
    `topic` is what it is about in one word. A change has both values in words, `before` and `after`.
    """

    what: What
    where: str
    step: str
    topic: str
    text: str
    before: str = ""
    after: str = ""

    @property
    def sign(self) -> str:
        """Return `+`, `-` or `~`."""
        return SIGNS.get(self.what, "~")

    @property
    def words(self) -> str:
        """Return what changed, without where."""
        if not self.before and not self.after:
            return self.text
        return f"{self.text}: {self.before} → {self.after}" if self.text else f"{self.before} → {self.after}"

    def say(self) -> str:
        """Return the whole line: `~ Step 2 · Buyer: Cap: 120 a day → 100 a day`."""
        return f"{self.sign} {self.where}: {self.words}"


def same(one: object, other: object) -> bool:
    """Return whether two JSON values are the same; numbers are compared by value, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def leaves(before: object, after: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield each place where two JSON values differ, with both values, MISSING where there is none."""
    if same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from leaves(before.get(key, MISSING), after.get(key, MISSING), inner)
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            old, new = (values[at] if at < len(values) else MISSING for values in (before, after))
            yield from leaves(old, new, f"{path}[{at}]")
    else:
        yield path, before, after


def say_json(value: object) -> str:
    """Return a JSON value as people read it, cut where it is long; `not set` for one that is missing."""
    if value is MISSING:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f"“{_cut(value)}”"
    if isinstance(value, int | Decimal):
        return say_number(value)
    return "nothing" if value is None else _cut(json_text.write(value).decode())


def plain_differences(before: Any, after: Any, *, where: str, step: str, topic: str) -> Iterator[Difference]:
    """Yield a difference for each setting that is not the same, named as the document names it."""
    for path, old, new in leaves(before, after):
        yield Difference("changed", where, step, topic, say_path(path), say_json(old), say_json(new))


def say_path(path: str) -> str:
    """Return a path in a document as people read it: `Caps 1, time zone`."""
    name = NUMBER.sub(lambda found: f" {int(found[1]) + 1}", path).replace(".", ", ").replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
