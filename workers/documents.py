"""Rows as one JSON document: a statement that takes a whole turn's rows is far cheaper than one per row."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

import orjson

LONGEST = 2**63
"""Integers from here on are too long for the writer."""


def as_document(rows: Sequence[object], columns: tuple[str, ...] = ()) -> str:
    """Return rows (dataclasses or dictionaries) as the JSON text that `jsonb_to_recordset` takes.

    Ids, times and Decimals are written as PostgreSQL reads them, and integers of any length. Where two or more
    `columns` are named, each row is the list of their values, which PostgreSQL reads in two thirds of the time.
    """
    if columns:
        rows = list(map(attrgetter(*columns), rows))
    try:
        return orjson.dumps(rows, default=_number).decode()
    except TypeError:
        return orjson.dumps(_with_any_length(rows), default=_number).decode()


def as_extended(rows: Sequence[tuple[bytes, object]]) -> str:
    """Return rows that are written already as such a text, each with the fields of a dataclass beside its own."""
    own = (orjson.dumps(more, default=_number) for _, more in rows)
    both = (written[:-1] + b"," + more[1:] for (written, _), more in zip(rows, own, strict=True))
    return f"[{b','.join(both).decode()}]"


def _number(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _with_any_length(value: Any) -> Any:
    """Return a value in which long integers are Decimals; people post them, and services answer them."""
    if isinstance(value, int) and abs(value) >= LONGEST:
        return Decimal(value)
    if isinstance(value, Mapping):
        return {key: _with_any_length(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_any_length(inner) for inner in value]
    if is_dataclass(value):
        return {field.name: _with_any_length(getattr(value, field.name)) for field in fields(value)}
    return value
