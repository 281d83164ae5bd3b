"""Fields proposed from a pasted example lead: its names as keys, and types guessed from names and values."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from rules import json_text
from rules.fields import TYPES, Field, normalise
from rules.text import fold, scalar_text, squeeze

MOST_FIELDS = 200
LONGEST_KEY = 64
ABOUT_THE_POST = ("istest", "testoutcome", "leadid", "pingid", "redirecturl", "campaignid", "categoryid")
"""Names that say something about the post itself, and nothing about the person."""
NAMED: tuple[tuple[str, str], ...] = (
    (r"e_?mail", "email"),
    (r"phone|mobile|cell|\btel(ephone)?\b|telefon", "phone"),
    (r"zip|postal|postcode|plz", "postal_code"),
    (r"\bstate\b|province|region_code", "state"),
    (r"\bcountry\b", "country"),
    (r"dob|birth", "dob"),
    (r"trustedform|leadid|jornaya|cert", "certificate"),
    (r"\bip\b|ip_addr", "ip"),
    (r"url|website|landing|referrer", "url"),
    (r"(first|last|full|middle|sur)_?name|\bname\b|lastname|firstname", "name"),
    (r"amount|price|income|salary|bill|budget|deposit|debt|\bcost\b|payment", "money"),
    (r"opt_?in|consent|is_|has_|owner", "boolean"),
    (r"created|submitted|timestamp|_at\b", "datetime"),
    (r"date|\bday\b", "date"),
    (r"score|\bage\b|count|number_of|years", "number"),
)
"""What a name says of its values, the first that fits and whose type can read the value."""
BY_VALUE = ("email", "certificate", "url", "ip", "datetime", "date")
"""Types whose values are known by themselves, whatever they are called."""
DATE = r"(\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{4})"
MOMENTS = {"date": re.compile(DATE), "datetime": re.compile(DATE + r"[T ].+")}
"""How days and moments are written that are known as such whatever they are called."""
PHONE = re.compile(r"\+\d[\d ()./-]{7,}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
AMOUNT = r"[$€£]?[\d,.]+k?"
RANGE = re.compile(rf"{AMOUNT}\s*(-|to|\u2013)\s*{AMOUNT}|(under|over|up to)\s+\S*\d.*|\d+\+", re.IGNORECASE)
MONEY = re.compile(r"[$€£]\s?[\d,.]+|[\d,.]+\s?(USD|EUR|GBP|CAD)")
ZIP = re.compile(r"\d{5}(-\d{4})?")
NUMBER = re.compile(r"-?(0|[1-9]\d{0,11})(\.\d+)?")
YES_OR_NO = ("yes", "no", "true", "false")


@dataclass(frozen=True, slots=True)
class Proposed:
    """One field of an example lead: as it would be written in a flow, the name it was posted by, and its value."""

    document: Mapping[str, Any]
    posted: str
    example: str
    is_known: bool = False

    @property
    def key(self) -> str:
        """Return the key of the field."""
        return str(self.document["key"])


@dataclass(frozen=True, slots=True)
class Proposal:
    """The fields of an example lead in its order, or why none could be read, as a sentence."""

    fields: tuple[Proposed, ...] = ()
    problem: str = ""
    taken: tuple[str, ...] = field(default=())
    """Names in the example that the flow's fields take already."""


def propose(text: str, *, known: Iterable[Mapping[str, Any]] = (), taken: Iterable[Field] = ()) -> Proposal:
    """Return the fields that a pasted lead would need: JSON, a line of CSV with or without its heads, or a form's post.

    `known` are fields of a catalogue, which are proposed as they are there; `taken` those that the flow has already.
    """
    try:
        pairs = list(_read(text))
    except json_text.JsonProblem as problem:
        return Proposal(problem=problem.message)
    if not pairs:
        return Proposal(problem="Paste a lead: JSON in braces, or one line of a CSV file.")
    by_name = {squeeze(name): written for written in reversed(list(known)) for name in _names_of(written)}
    had = {squeeze(name) for one in taken for name in (one.key, *one.aliases)}
    there = tuple(name for name, _ in pairs if squeeze(name) in had)
    found: dict[str, Proposed] = {}
    for name, value in pairs[:MOST_FIELDS]:
        if squeeze(name) not in had and squeeze(name) not in ABOUT_THE_POST:
            proposed = _proposed(name, value, by_name.get(squeeze(name)))
            found.setdefault(proposed.key, proposed)
    return Proposal(tuple(found.values()), taken=there)


def guess_type(name: str, value: object) -> str:
    """Return the type that a name and an example value speak for, text where nothing else does."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        return "multi"
    text, words = (scalar_text(value) or "").strip(), _words(name)
    for key in BY_VALUE if text else ():
        if _reads(key, text) and (key not in MOMENTS or MOMENTS[key].fullmatch(text)):
            return "dob" if key == "date" and re.search("dob|birth", words) else key
    for pattern, key in NAMED:
        if re.search(pattern, words) and (not text or _fits(key, text)):
            return key
    return _by_form(text, value)


def _by_form(text: str, value: object) -> str:
    """Return the type of a value whose name says nothing."""
    if PHONE.fullmatch(text):
        return "phone"
    if RANGE.fullmatch(text):
        return "range"
    if MONEY.fullmatch(text):
        return "money"
    if fold(text) in YES_OR_NO:
        return "boolean"
    is_number = isinstance(value, int | float | Decimal) or bool(NUMBER.fullmatch(text))
    return "number" if is_number and text else "text"


def _fits(key: str, text: str) -> bool:
    """Return whether a value can be what its name says; a range is money of which nobody knows the exact amount."""
    if key in ("money", "number") and RANGE.fullmatch(text):
        return False
    if key == "phone":
        return sum(letter.isdigit() for letter in text) >= 7
    return _reads(key, text)


def _reads(key: str, text: str) -> bool:
    """Return whether a type reads a text as a value of its own."""
    normal = normalise(text, Field("x", key, region="US" if TYPES[key].has_region else None))
    return normal.value is not None and (normal.valid or key in ("postal_code", "name"))


def _proposed(name: str, value: object, known: Mapping[str, Any] | None) -> Proposed:
    example = ", ".join(map(str, value)) if isinstance(value, list) else scalar_text(value) or ""
    if known:
        return Proposed(dict(known), name, example, is_known=True)
    key = key_of(name)
    alias = [] if squeeze(key) == squeeze(name) else [name.strip()[:100]]
    document = {"key": key, "type": guess_type(name, value), **({"aliases": alias} if alias else {})}
    if document["type"] == "phone" or (document["type"] == "postal_code" and ZIP.fullmatch(example)):
        document["region"] = "US"
    return Proposed(document, name, example)


def key_of(name: str) -> str:
    """Return the key that a posted name becomes: `firstName` and `First name` are first_name."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    key = re.sub(r"[^a-z0-9]+", "_", parted.casefold()).strip("_")
    return (key if key[:1].isalpha() else f"field_{key}".rstrip("_"))[:LONGEST_KEY].rstrip("_")


def _read(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a pasted lead."""
    written = text.strip().lstrip("\ufeff")
    if written[:1] in "{[" and written:
        document = json_text.read(written)
        first = document[0] if isinstance(document, list) and document else document
        yield from _leaves(first) if isinstance(first, dict) else ()
    elif re.fullmatch(r"[^\s=&,;]+=[^&]*(&[^\s=&]+=[^&]*)*", written):
        yield from parse_qsl(written, keep_blank_values=True)
    elif written:
        yield from _from_lines(written.splitlines())


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what stands at the ends of nested objects, under its own last name."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        elif not isinstance(value, list) or not any(isinstance(entry, dict | list) for entry in value):
            yield name, value


def _from_lines(lines: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield the columns of a CSV: with its heads, of the heads alone, or of a line without them."""
    separator = max(",;\t|", key=lines[0].count)
    rows = list(csv.reader(lines[:2], delimiter=separator))
    first = [cell.strip() for cell in rows[0]]
    if len(first) == 1:
        return
    if not all(map(_is_head, first)) or len({squeeze(cell) for cell in first}) < len(first):
        yield from _without_heads(first)
    else:
        values = [*(cell.strip() for cell in (rows[1] if len(rows) > 1 else [])), *([""] * len(first))]
        yield from zip(first, values, strict=False)


def _is_head(cell: str) -> bool:
    """Return whether a cell could be the head of a column, and no value."""
    is_word = bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9 _.-]{1,60}", cell))
    return is_word and not _reads("state", cell) and fold(cell) not in YES_OR_NO


def _without_heads(cells: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield values without names under the names of their types; what is plain text is numbered."""
    used: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        guessed = guess_type("", cell)
        kind = "state" if guessed == "text" and len(cell) == 2 and _reads("state", cell) else guessed
        kind = "postal_code" if ZIP.fullmatch(cell) else kind
        used[kind] = used.get(kind, 0) + 1
        name = f"column_{number}" if kind in ("text", "number", "boolean") else kind
        yield (name if used[kind] == 1 or name.startswith("column") else f"{name}_{used[kind]}"), cell


def _names_of(written: Mapping[str, Any]) -> Iterator[str]:
    yield str(written.get("key", ""))
    yield from map(str, written.get("aliases", ()))


def _words(name: str) -> str:
    return f" {key_of(name)} ".replace("_", " ").strip().replace(" ", "_") if name else ""
