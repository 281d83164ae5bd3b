"""Rows as one JSON document: a statement that takes a whole turn's rows is far cheaper than one per row."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson


def as_document(rows: Sequence[object]) -> str:
    """Return rows (dataclasses or dictionaries) as the JSON text that `jsonb_to_recordset` takes.

    Ids, times and Decimals are written as PostgreSQL reads them.
    """
    return orjson.dumps(rows, default=_number).decode()


def _number(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no place in a row")
