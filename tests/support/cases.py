"""Reads test tables: JSON lists of `[heading]` strings and `[given, …, expected]` rows."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "cases"


def rows(name: str) -> list[Any]:
    """Return the rows of a table as parameters, each named after its heading and its number."""
    table = json.loads((FOLDER / name).read_text(), parse_float=Decimal)
    found, heading = [], name
    for number, row in enumerate(table):
        if len(row) == 1:
            heading = row[0]
        else:
            found.append(pytest.param(*row, id=f"{heading} #{number}"))
    return found
