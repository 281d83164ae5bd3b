"""What is shown of the person behind a lead: masked, unless somebody asked for it and it was written down."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rules.fields import TYPES, Field
from rules.fields.base import readable
from rules.flow import parse_flow
from rules.saying import say_literal

HIDDEN = "••••"
SEEN = ": lead has "
SAID = ("money", "choice", "multi", "number", "range", "date", "dob", "datetime")
"""Types whose values are shown as rules say them; the others are shown as they are."""
SHORTEST_TOLD = 3
"""Shorter values, like an initial, would be found inside other words."""


@dataclass(frozen=True)
class Detail:
    """One field of a lead as the page shows it."""

    label: str
    text: str
    is_masked: bool = False
    is_invalid: bool = False


def fields_of(document: Mapping[str, Any] | None) -> tuple[Field, ...]:
    """Return the fields of a published flow; none when the document is gone."""
    flow, _problems = parse_flow(document) if document else (None, [])
    return flow.fields if flow else ()


def is_personal(field: Field | None) -> bool:
    """Return whether a field may tell who somebody is: what the flow does not know, and free text, may."""
    return field is None or TYPES[field.type].personal or field.sensitive or field.type == "text"


def name_in(values: Mapping[str, Any], fields: Iterable[Field]) -> str:
    """Return the masked name of the person, or nothing when the lead has none."""
    names = (TYPES["name"].mask(values.get(field.key)) for field in fields if field.type == "name")
    return " ".join(filter(None, names))


def details(
    values: Mapping[str, Any], fields: Iterable[Field], invalid: Iterable[str], currency: str, *, in_full: bool
) -> tuple[Detail, ...]:
    """Return the fields of a lead in the flow's order, then what else it has; the personal ones masked."""
    known = {field.key: field for field in fields}
    wrong = frozenset(invalid)
    order = [key for key in known if key in values] + [key for key in values if key not in known]
    shown = (_detail(key, values[key], known.get(key), currency, in_full=in_full) for key in order)
    return tuple(replace(detail, is_invalid=key in wrong) for key, detail in zip(order, shown, strict=True))


def posted(values: Mapping[str, Any], *, in_full: bool) -> tuple[Detail, ...]:
    """Return what came in, name by name; without asking for it nothing but the names is shown."""
    shown = ((key, _text(value) if in_full or value is None else HIDDEN) for key, value in values.items())
    return tuple(Detail(key, text, is_masked=text == HIDDEN) for key, text in shown)


def hide_people(text: str, values: Mapping[str, Any], fields: Iterable[Field]) -> str:
    """Return a text with the personal values of a lead hidden: buyers and errors repeat what they were given."""
    known = {field.key: field for field in fields}
    personal = {
        str(part)
        for key, value in values.items()
        if value is not None and is_personal(known.get(key))
        for part in (value if isinstance(value, list) else [value])
    }
    told = sorted((value for value in personal if len(value) >= SHORTEST_TOLD), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, told)), HIDDEN, text, flags=re.IGNORECASE) if told else text


def harmless_words(values: Mapping[str, Any], fields: Iterable[Field], currency: str) -> frozenset[str]:
    """Return how the values that are not personal are said, and how a blank one is."""
    shown = (say_literal(values.get(field.key), field, currency) for field in fields if not is_personal(field))
    return frozenset(shown) | {say_literal(None)}


def hide_seen(condition: str, harmless: frozenset[str]) -> str:
    """Return a condition's line without the value that the lead had, unless that is known to be harmless."""
    said, separator, seen = condition.rpartition(SEEN)
    return f"{said}{separator}{HIDDEN}" if separator and seen not in harmless else condition


def _detail(key: str, value: Any, field: Field | None, currency: str, *, in_full: bool) -> Detail:
    label = field.label if field else readable(key)
    if is_personal(field) and not in_full and value is not None:
        return Detail(label, _masked(value, field), is_masked=True)
    if field and field.type in SAID and value is not None:
        return Detail(label, say_literal(value, field, currency))
    return Detail(label, _text(value))


def _masked(value: Any, field: Field | None) -> str:
    return TYPES[field.type].mask(value) if field else HIDDEN


def _text(value: Any) -> str:
    if value is None:
        return "Not given"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
