"""What every kind of step has in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Literal, Protocol

from rules import json_text
from rules.fields import Field
from rules.reading import Part
from rules.remembering import read_again
from rules.running import Interpreting, Run
from rules.wording import say_rule, say_value

KEPT = 4096
"""How many sentences of rules are not put together again: on every page of a flow that somebody works on are all."""
Tone = Literal["ok", "bad", "que", "nxt", "wrn"]


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a step, named on its card."""

    tone: Tone
    text: str


NOT_HERE = "a connection that is not in this account"


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What a sentence needs to name things: fields by their labels, the rest by their names.

    The sentences of rules are kept with it.
    """

    fields: Mapping[str, Field]
    currency: str
    connections: Mapping[str, str]
    steps: Mapping[str, str]
    lists: Mapping[str, str] = field(default_factory=dict)

    def buyer(self, connection: str) -> str:
        """Return a connection's name, or that there is no such in the account."""
        return self.connections.get(connection, NOT_HERE)

    def list(self, identifier: str) -> str:
        """Return a stored list's name, its id when the name is not known."""
        return self.lists.get(identifier, identifier)

    def rule(self, document: object) -> str:
        """Return a rule to stand inside a sentence: its own first word is not the label of a field."""
        said = self.whole_rule(document)
        return said[0].lower() + said[1:] if said.startswith(("Either ", "It ")) else said

    def whole_rule(self, document: object) -> str:
        """Return a rule as a sentence without its full stop."""
        try:
            return _say_rule(self, json_text.write(document))
        except TypeError:
            return say_rule(document, self.fields, names=self.lists, currency=self.currency)

    def value(self, document: object, currency: str | None = None) -> str:
        """Return an expression; with a currency its plain numbers are amounts of money."""
        return say_value(document, self.fields, currency, names=self.lists)

    def step(self, target: str) -> str:
        """Return what a step is called."""
        return self.steps.get(target, target)


@lru_cache(maxsize=KEPT)
def _say_rule(words: Words, text: bytes) -> str:
    return say_rule(read_again(text), words.fields, names=words.lists, currency=words.currency)


@dataclass(frozen=True, slots=True)
class Common:
    """The settings that every step has."""

    id: str
    name: str = ""
    off: bool = False
    note: str = ""


class Step(Protocol):
    """A kind of step: its settings, its sentence, its exits, and what it does."""

    kind: ClassVar[str]
    label: ClassVar[str]

    @property
    def common(self) -> Common:
        """Return id, name, whether it is off, and the team's note."""

    def sentence(self, words: Words) -> str:
        """Return what the step does, as one sentence without a full stop."""

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return every way out of the step."""

    def interpret(self, run: Run) -> Interpreting:
        """Yield effects, take their results, and return where the lead goes."""


def read_common(part: Part) -> Common:
    """Return the settings that every step has."""
    return Common(
        id=part.identifier(),
        name=part.text("name", ""),
        off=part.flag("off"),
        note=part.text("note", "", longest=2000),
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any], keys: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """Return the fields, of those named, that have another value now, each with its value before and after."""
    return {key: (before.get(key), after.get(key)) for key in dict.fromkeys(keys) if before.get(key) != after.get(key)}
