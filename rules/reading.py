"""Reads the settings of a document part by part, and collects every problem with its address."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from rules.durations import DurationError, seconds
from rules.fields import Field
from rules.logic import Rule, check_rule, compile_rule
from rules.money import LARGEST, exponent_of
from rules.naming import NAMES
from rules.problems import Problem
from rules.values import Value, check_value, compile_value
from rules.windows import is_zone

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
MISSING = object()
KEPT = 64
"""How many surroundings of steps are told apart: those of drafts that people work on."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """All that counts for a step beside what is written in it; the same object for the same."""

    fields: tuple[tuple[str, Field], ...]
    currency: str
    time_zone: str
    asks_lists: bool

    def document(self) -> "Document":
        """Return a document in which a step is read alone."""
        return Document(dict(self.fields), self.currency, self.time_zone, asks_lists=self.asks_lists)


_surroundings = lru_cache(maxsize=KEPT)(Surroundings)


@dataclass(slots=True)
class Document:
    """What all parts of one document share: its fields, its defaults, the ids seen and the problems found.

    `prefix` stands before every id that is read: ids from elsewhere are told apart from those of a flow by it.
    """

    fields: Mapping[str, Field] = field(default_factory=dict)
    currency: str = "USD"
    time_zone: str = "UTC"
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    asks_lists: bool = False
    prefix: str = ""

    def report(self, path: str, code: str, message: str) -> None:
        """Note a problem at a path."""
        self.problems.append(Problem(path, code, message))

    def surroundings(self) -> Surroundings:
        """Return what counts for every step."""
        return _surroundings(tuple(self.fields.items()), self.currency, self.time_zone, self.asks_lists)

    def add(self, ids: Mapping[str, str], problems: Iterable[Problem]) -> None:
        """Take over the ids of a step that was read alone, with their paths, and the problems found in it."""
        for identifier, path in ids.items():
            self.name(identifier, path)
        self.problems.extend(problems)

    def name(self, identifier: str, path: str) -> None:
        """Note the id of the part at a path; a problem when another part has it."""
        if identifier in self.ids:
            there = self.ids[identifier]
            self.report(f"{path}.id", "id_used_twice", f"The id “{identifier}” is already used at {there}.")
        self.ids.setdefault(identifier, path)

    def part(self, settings: object, path: str, what: str) -> "Part | None":
        """Return a part to read settings from, or None (and a problem) when it is not an object."""
        if isinstance(settings, dict):
            return Part(self, settings, path, what)
        self.report(path, "not_an_object", f"{what} must be an object with settings.")
        return None

    def rule(self, rule: object, path: str) -> Rule | None:
        """Return a compiled rule, or None and its problems."""
        found = check_rule(rule, path, self.fields, asks_lists=self.asks_lists)
        self.problems.extend(found)
        return None if found else compile_rule(rule, self.fields)

    def value(self, expression: object, path: str) -> Value | None:
        """Return a compiled expression, or None and its problems."""
        found = check_value(expression, path, self.fields, names=NAMES, asks_lists=self.asks_lists)
        self.problems.extend(found)
        return None if found else compile_value(expression, self.fields)


@dataclass(slots=True)
class Part:
    """The settings of one object; each is read once, and `finish` reports those that nobody asked for."""

    document: Document
    settings: Mapping[str, Any]
    path: str
    what: str
    read: set[str] = field(default_factory=set)

    def at(self, key: str) -> str:
        """Return the address of a setting."""
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str, default: Any = None) -> Any:
        """Return a setting as it is written."""
        self.read.add(key)
        return self.settings.get(key, default)

    def has(self, key: str) -> bool:
        """Return whether a setting is written at all."""
        return key in self.settings

    def report(self, key: str, code: str, message: str) -> None:
        """Note a problem with a setting."""
        self.document.report(self.at(key), code, message)

    def finish(self) -> None:
        """Report settings that this part does not know."""
        for key in self.settings:
            if key not in self.read:
                self.report(key, "unknown_setting", f"“{key}” is not a setting of {self.what}.")

    def identifier(self) -> str:
        """Return the part's id, unique in the document."""
        value = self.take("id")
        if not isinstance(value, str) or not IDENTIFIER.match(value):
            self.report("id", "missing_id", f"{self.what.capitalize()} needs an id of letters, digits, - and _.")
            return ""
        known = f"{self.document.prefix}{value}"
        self.document.name(known, self.path)
        return known

    def text(self, key: str, default: str | None = None, *, longest: int = 500) -> str:
        """Return a text; without a default it must be filled in."""
        value = self.take(key, MISSING)
        if value is MISSING and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.report(key, "missing_text", f"{self.what.capitalize()} needs “{key}” to be filled in with text.")
            return default or ""
        if len(value) > longest:
            self.report(key, "too_long", f"“{key}” is longer than {longest} characters.")
        return value.strip()

    def flag(self, key: str) -> bool:
        """Return a yes or no, no by default."""
        value = self.take(key, False)
        if not isinstance(value, bool):
            self.report(key, "not_yes_or_no", f"“{key}” must be true or false.")
        return value is True

    def choice(self, key: str, options: Iterable[str], default: str | None = None) -> str:
        """Return one of some words."""
        value, options = self.take(key, default), tuple(options)
        if value in options:
            return str(value)
        self.report(key, "not_an_option", f"“{key}” must be one of {', '.join(options)}.")
        return default or options[0]

    def whole(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number between two bounds, both allowed."""
        value = self.take(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.report(key, "not_a_whole_number", f"“{key}” must be a whole number from {least:,} to {most:,}.")
        return least

    def duration(self, key: str, default: str) -> int:
        """Return a duration such as `15m` in seconds."""
        value = self.take(key, default)
        try:
            return seconds(value)
        except DurationError as error:
            self.report(key, "not_a_duration", str(error))
            return seconds(default)

    def zone(self, key: str = "time_zone", default: str | None = None) -> str:
        """Return the name of a time zone, the document's own by default."""
        fallback = default or self.document.time_zone
        value = self.take(key, fallback)
        if isinstance(value, str) and is_zone(value):
            return value
        self.report(key, "unknown_time_zone", f"“{value}” is not a time zone such as America/Los_Angeles.")
        return fallback

    def moment_of_day(self, key: str) -> time:
        """Return a local time written as `08:00`; `24:00` is midnight at the end of the day."""
        value = self.take(key)
        found = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)", value) if isinstance(value, str) else None
        if not found or (found[1] == "24" and found[2] != "00"):
            self.report(key, "not_a_time", f"“{key}” must be a time of day such as 08:00.")
            return time()
        return time(int(found[1]) % 24, int(found[2]))

    def money(self, key: str) -> int:
        """Return an amount of money above zero in minor units of the document's currency."""
        return self.minor_units(self.take(key), key)

    def minor_units(self, value: object, key: str) -> int:
        """Return an amount in minor units; more decimals than the currency has are a problem."""
        amount = amount_of(value)
        if amount is None or not 0 <= amount < LARGEST:
            self.report(key, "not_money", f"“{key}” must be an amount of money such as 42.00.")
            return 0
        scaled = amount.scaleb(exponent_of(self.document.currency))
        if scaled != scaled.to_integral_value():
            currency = self.document.currency
            self.report(key, "too_many_decimals", f"“{key}” has more decimals than {currency} has.")
        return int(scaled)

    def rule(self, key: str) -> Rule | None:
        """Return the compiled rule of a setting, None when it is not written or has problems."""
        return self.document.rule(self.take(key), self.at(key)) if self.has(key) else None

    def value(self, key: str) -> Value | None:
        """Return the compiled expression of a setting, None when it is not written or has problems."""
        return self.document.value(self.take(key), self.at(key)) if self.has(key) else None

    def price(self, key: str) -> Value | None:
        """Return the compiled price of a setting as `value` does; an amount that no lead can cost is a problem."""
        amount = amount_of(self.take(key)) if self.has(key) else None
        if amount is not None and not 0 <= amount < LARGEST:
            self.report(key, "not_money", f"“{key}” must be an amount of money such as 42.00.")
        return self.value(key)

    def parts(self, key: str, what: str) -> "list[Part]":
        """Return the objects of a list."""
        value = self.take(key, [])
        if not isinstance(value, list):
            self.report(key, "not_a_list", f"“{key}” must be a list.")
            return []
        made = (self.document.part(item, f"{self.at(key)}[{i}]", what) for i, item in enumerate(value))
        return [part for part in made if part]

    def words(self, key: str, allowed: Callable[[str], bool], problem: str) -> tuple[str, ...]:
        """Return a list of words that each satisfy a test; `problem` says what is wrong with one that does not."""
        value = self.take(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self.report(key, "not_a_list", f"“{key}” must be a list of words.")
            return ()
        for position, word in enumerate(value):
            if not allowed(word):
                self.document.report(f"{self.at(key)}[{position}]", "unknown_word", problem.format(word))
        return tuple(value)

    def inside(self, key: str, what: str) -> "Part | None":
        """Return a nested object, None when it is not written or not an object."""
        if not self.has(key):
            return None
        return self.document.part(self.take(key), self.at(key), what)

    def described(self, path: str, what: str) -> "Part":
        """Return the same settings under another address and name."""
        return replace(self, path=path, what=what)


def amount_of(value: object) -> Decimal | None:
    """Return a finite number as Decimal, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    amount = Decimal(str(value))
    return amount if amount.is_finite() else None


__all__ = ["IDENTIFIER", "Document", "Part", "amount_of"]
