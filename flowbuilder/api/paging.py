"""Lists in pages: `?after=` the last id of the page before, `?limit=` how many; `next` is null on the last page."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, request

from flowbuilder import ids
from flowbuilder.api import shapes
from flowbuilder.api.errors import Refusal
from rules.problems import Problem

Row = TypeVar("Row")
USUAL, MOST = 50, 200


def after(kind: str | None = None) -> UUID | None:
    """Return the id after which the page begins, nothing for the first; refuses a text that is no such id."""
    text = request.args.get("after")
    return id_in_query("after", kind) if text else None


def id_in_query(name: str, kind: str | None = None) -> UUID | None:
    """Return the id that a query parameter shows, nothing when it is not given; refuses any other text."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        return ids.read(text, kind)
    except ids.NotAnId:
        raise Refusal(400, "not_an_id", f"“{name}” is not an id from here.") from None


def limit() -> int:
    """Return how many rows the page may hold, 50 unless asked otherwise, at most 200."""
    text = request.args.get("limit", str(USUAL))
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MOST:
        problem = Problem("limit", "not_a_whole_number", f"“limit” must be a whole number from 1 to {MOST}.")
        raise Refusal(400, "bad_limit", problem.message, [problem])
    return int(text)


def listed(
    noun: str, rows: Sequence[Row], show: Callable[[Row], dict[str, Any]], id_of: Callable[[Row], str]
) -> Response:
    """Answer one page of rows, of which one more than `limit()` was read, as `{noun: […], "next": id or null}`."""
    size = limit()
    page = rows[:size]
    following = id_of(page[-1]) if len(rows) > size else None
    return shapes.answer({noun: [show(row) for row in page], "next": following})
