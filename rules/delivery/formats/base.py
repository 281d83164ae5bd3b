"""What a format is: a content type and a writer of mapped fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rules import json_text
from rules.text import scalar_text

Mapped = Sequence[tuple[str, Any]]


class NotWritable(ValueError):
    """A value that the format has no way to say; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write mapped fields as bytes; `nests` if a dot in a field's name makes an object.

    `is_query` says that what is written goes into the query of the address, and that the request has no body;
    `has_elements` that the names of fields become names of XML elements.
    """

    content_type: str
    nests: bool
    write: Callable[[Mapped], bytes]
    is_query: bool = False
    has_elements: bool = False


PLAIN = frozenset({str, int, float, bool, Decimal, type(None)})


def write_json(value: Any) -> bytes:
    """Return JSON; raise NotWritable for what has none."""
    try:
        return json_text.write(value)
    except TypeError as error:
        raise NotWritable("A value has no JSON, such as a number that is not one.") from error


def plain(value: Any) -> Any:
    """Return a value with its dates and moments as text, and nothing but objects, lists and scalars in it."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, date):
        return scalar_text(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def nested(mapped: Mapped) -> dict[str, Any]:
    """Return the fields as one object, dots in names making objects in it.

    Names that would be a value and an object at once were refused when the mapping was saved.
    """
    document: dict[str, Any] = {}
    for name, value in mapped:
        if "." not in name:
            document[name] = value
            continue
        *outer, last = name.split(".")
        place = document
        for key in outer:
            place = place.setdefault(key, {})
        place[last] = value
    return document
