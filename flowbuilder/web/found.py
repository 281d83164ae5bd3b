"""From a query to a page: what is not there, or belongs to somebody else, is 404."""

from typing import TypeVar

from flask import abort

T = TypeVar("T")


def found(row: T | None) -> T:
    """Return the row; answers 404 when there is none."""
    if row is None:
        abort(404)
    return row
