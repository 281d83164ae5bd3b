"""The domain of an email or web address, the area code of a phone number, a country: parts compared with a list."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rules.bounds import Budget
from rules.countries import country_of_text
from rules.fields import TYPES, Field
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import entries_at, literal_list, text_key
from rules.operators.variables import look_up
from rules.problems import shorten

Read = Callable[[Node, object], str]
Recognise = Callable[[object], str | None]


def recognise_nothing(_value: object) -> None:
    """Return nothing: the part is only known from a value that has it."""


def part_in(parts: Mapping[str, str], read_literal: Read, recognise: Recognise = recognise_nothing) -> Build:
    """Return the building of a test whether one part of a value is in a list.

    `parts` names the part by the field types that have it; a value of another type is read as one of the first.
    `recognise` returns the part for a text that says it by itself.
    """

    def build(call: Call) -> Evaluate:
        left, right = read_part(call, parts, recognise), call.arguments[1]
        entries = literal_list(right)
        if entries is None:
            return part_in_computed(left, right.run, recognise)
        wanted = frozenset(read_literal(right, entry) for entry in entries)
        return lambda data, budget: text_key(left(data, budget)) in wanted

    return build


def part_in_computed(left: Evaluate, right: Evaluate, recognise: Recognise) -> Evaluate:
    """Return whether a part is in a list that is only known when the rule is decided."""

    def run(data: Any, budget: Budget) -> bool:
        part = text_key(left(data, budget))
        entries = entries_at(right(data, budget), budget)
        return part is not None and any(text_key(recognise(entry) or entry) == part for entry in entries)

    return run


def read_part(call: Call, parts: Mapping[str, str], recognise: Recognise) -> Evaluate:
    """Return the reading of a part: as the lead's own parts have it, or else taken out of the value."""
    run, field = call.left.run, call.left.field
    if field is not None and field.type in parts:
        return own_part(call, field, parts[field.type])
    key, part = next(iter(parts.items()))
    kind, plain = TYPES[key], Field(call.key, key)

    def read(data: Any, budget: Budget) -> object:
        value = run(data, budget)
        return recognise(value) or kind.parts(value, plain).get(part)

    return read


def own_part(call: Call, field: Field, part: str) -> Evaluate:
    """Return the reading of a part of a value whose type has it."""
    run, kind = call.left.run, TYPES[field.type]
    if (call.left.variable or "").startswith("lead."):
        return lambda data, budget: known_part(data, field, part, run(data, budget))
    return lambda data, budget: kind.parts(run(data, budget), field).get(part)


def known_part(data: Any, field: Field, part: str, value: object) -> object:
    """Return a part that was taken out before, or take it out now."""
    parts = look_up(data, ("parts", field.key))
    return look_up(parts, (part,)) if parts is not None else TYPES[field.type].parts(value, field).get(part)


def read_domain(node: Node, entry: object) -> str:
    """Return a literal domain as it is compared; refuse what is none."""
    domain = entry.strip().casefold().removeprefix("@") if isinstance(entry, str) else ""
    if "." not in domain.strip(".") or "@" in domain:
        node.refuse("bad_value", f"“{shorten(entry)}” is not a domain like gmail.com.")
    return domain


def read_area_code(node: Node, entry: object) -> str:
    """Return a literal area code as it is compared; refuse what is none."""
    code = str(entry).strip() if isinstance(entry, (str, int)) else ""
    if not re.fullmatch(r"[0-9]{1,6}", code):
        node.refuse("bad_value", f"“{shorten(entry)}” is not an area code like 213.")
    return code


def read_country(node: Node, entry: object) -> str:
    """Return a literal country as it is compared; refuse what is none."""
    country = recognise_country(entry)
    if country is None:
        node.refuse("bad_value", f"“{shorten(entry)}” is not a country, like US or Germany.")
    return country.casefold()


def recognise_country(entry: object) -> str | None:
    """Return the two-letter code of a country that a code or a name says, None for what says none."""
    return country_of_text(entry) if isinstance(entry, str) else None


build_domain_in = part_in({"email": "domain", "url": "domain"}, read_domain)
build_area_code_in = part_in({"phone": "area"}, read_area_code)
build_country_in = part_in(
    {"phone": "country", "postal_code": "country", "country": "code"}, read_country, recognise_country
)
