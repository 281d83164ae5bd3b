"""JSON: a dotted name nests, numbers stay exact decimals, moments are ISO 8601."""

from datetime import date
from typing import Any

from rules import json_text
from rules.delivery.formats.base import Format, Mapped
from rules.text import scalar_text


def write(mapped: Mapped) -> bytes:
    """Return one JSON object; names that would be a value and an object at once are refused when saved."""
    document: dict[str, Any] = {}
    for name, value in mapped:
        *outer, last = name.split(".")
        place = document
        for key in outer:
            place = place.setdefault(key, {})
        place[last] = _plain(value)
    return json_text.write(document)


def _plain(value: Any) -> Any:
    """Return the value with its dates and moments as text."""
    if isinstance(value, date):
        return scalar_text(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


FORMAT = Format("application/json", nests=True, write=write)
