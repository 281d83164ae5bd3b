"""The domain of an e-mail address, the area code and country of a phone number: parts compared with a list."""

import re
from collections.abc import Callable
from typing import Any

from phonenumbers import SUPPORTED_REGIONS

from rules.bounds import Budget
from rules.fields import TYPES, Field
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import entries_at, literal_list, text_key
from rules.operators.variables import look_up
from rules.problems import shorten

Read = Callable[[Node, object], str]


def part_in(type_key: str, part: str, read_literal: Read) -> Build:
    """Return the building of a test whether one part of a value is in a list."""

    def build(call: Call) -> Evaluate:
        left, right = read_part(call, type_key, part), call.arguments[1]
        entries = literal_list(right)
        if entries is None:
            return part_in_computed(left, right.run)
        wanted = frozenset(read_literal(right, entry) for entry in entries)
        return lambda data, budget: text_key(left(data, budget)) in wanted

    return build


def part_in_computed(left: Evaluate, right: Evaluate) -> Evaluate:
    """Return whether a part is in a list that is only known when the rule is decided."""

    def run(data: Any, budget: Budget) -> bool:
        part = text_key(left(data, budget))
        entries = entries_at(right(data, budget), budget)
        return part is not None and any(text_key(entry) == part for entry in entries)

    return run


def read_part(call: Call, type_key: str, part: str) -> Evaluate:
    """Return the reading of a part: as the lead's own parts have it, or else taken out of the value."""
    run, field = call.left.run, call.left.field or Field(call.key, type_key)
    if field.type == type_key and (call.left.variable or "").startswith("lead."):
        return lambda data, budget: known_part(data, field, part, run(data, budget))
    kind = TYPES[type_key]
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
    country = entry.strip().upper() if isinstance(entry, str) else ""
    if country not in SUPPORTED_REGIONS:
        node.refuse("bad_value", f"“{shorten(entry)}” is not a two-letter country code like US.")
    return country.casefold()


build_domain_in = part_in("email", "domain", read_domain)
build_area_code_in = part_in("phone", "area", read_area_code)
build_country_in = part_in("phone", "country", read_country)
