"""How values look on the wire: times, money, ids, problems; and how answers are written."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response

from flowbuilder import ids
from rules import json_text
from rules.problems import Problem


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """Return the body as JSON; decimals are written exactly."""
    response = Response(json_text.write(body), status, mimetype="application/json")
    response.headers.update(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def moment(at: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC with milliseconds, `2026-11-20T18:41:58.120Z`."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problems(found: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems as the API shows them."""
    return [asdict(problem) for problem in found]


def flow_id(identifier: UUID) -> str:
    """Return the id of a flow as it is shown."""
    return ids.show(identifier, "flo")


def connection_id(identifier: UUID) -> str:
    """Return the id of a connection as it is shown."""
    return ids.show(identifier, "con")


def list_id(identifier: UUID) -> str:
    """Return the id of a stored list as it is shown."""
    return ids.show(identifier, "lst")


def source_id(identifier: UUID) -> str:
    """Return the id of a source as it is shown."""
    return ids.show(identifier, "src")
