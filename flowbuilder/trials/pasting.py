"""Reads a lead that somebody pastes: JSON, a query string, or a line of CSV with or without its header."""

import csv
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flowbuilder.intake.wire import nest
from rules import json_text

LONGEST = 64 * 1024
NOTHING = "Paste a lead first: JSON, a query string, or a line of CSV."
NOT_JSON = "This begins like JSON, but it cannot be read: {}"
NOT_A_LEAD = "No field was found in this. Paste JSON, a query string, or a line of CSV with its header."
TOO_LONG = "This is too long for one lead."


class CannotRead(ValueError):
    """What was pasted is no lead; says why."""


def read_pasted(text: str, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return the fields of a pasted lead, by the names they have there. Raises CannotRead.

    `keys` are the flow's fields in their order: a single line of CSV is read as having its values in that order.
    """
    text = text.strip()
    if not text:
        raise CannotRead(NOTHING)
    if len(text) > LONGEST:
        raise CannotRead(TOO_LONG)
    if text[0] in "{[":
        return _read_json(text)
    found = _read_query(text) if "=" in text.splitlines()[0] else _read_csv(text, keys)
    if not found:
        raise CannotRead(NOT_A_LEAD)
    return found


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        document = json_text.read(text.encode())
    except json_text.JsonProblem as problem:
        raise CannotRead(NOT_JSON.format(problem.message)) from None
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        raise CannotRead(NOT_A_LEAD)
    return document


def _read_query(text: str) -> Mapping[str, Any]:
    query = urlsplit(text).query if "://" in text.partition("=")[0] else text.lstrip("?")
    return nest(parse_qsl("&".join(query.split()), keep_blank_values=True))


def _read_csv(text: str, keys: Sequence[str]) -> Mapping[str, Any]:
    lines = [line for line in text.splitlines() if line.strip()]
    separator = max(",;\t", key=lines[0].count)
    rows = list(csv.reader(lines[:2], delimiter=separator))
    header, values = (rows[0], rows[1]) if len(rows) > 1 else (list(keys), rows[0])
    if len(values) < 2 and len(rows) < 2:
        return {}
    named = zip(header, values, strict=False)
    return {name.strip(): value.strip() for name, value in named if name.strip() and value.strip()}
