"""Pieces of flow documents, and buyers' answers that are not a plain yes or no."""

from typing import Any

BUSY = (503, {})
"""Surely not taken."""
SILENT = (502, {})
"""A gateway speaks for a buyer that may have taken the lead."""
YES = (200, {"status": "accepted", "id": "SX-1"})
NO = (200, {"status": "declined", "reason": "outside area"})


def buyer(connection: str, step: str = "s1", **settings: Any) -> dict[str, Any]:
    """Return a buyer step at $42.00."""
    return {"buyer": {"id": step, "connection": connection, "price": 42, **settings}}


def cap(limit: int, per: str = "day", step: str = "c", **settings: Any) -> dict[str, Any]:
    """Return a cap step."""
    return {"cap": {"id": step, "limit": limit, "per": per, **settings}}


def only(state: str, step: str = "f", **settings: Any) -> dict[str, Any]:
    """Return a filter for leads from one state."""
    return {"filter": {"id": step, "continue_if": {"is": [{"var": "lead.state"}, state]}, **settings}}


def group(*rows: dict[str, Any], step: str = "g", **settings: Any) -> dict[str, Any]:
    """Return a group whose rows, given as buyer steps, are asked in turn."""
    return {"group": {"id": step, "mode": "waterfall", "buyers": [row["buyer"] for row in rows], **settings}}


def split(name: str, rule: Any, *steps: dict[str, Any], rest: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Return a split with one named lane, and a lane for everything else."""
    return {"split": {"id": "lanes", "cases": [{"name": name, "when": rule, "steps": [*steps]}], "else": [*rest]}}


SURELY: dict[str, Any] = {"breaker": "off", "timeout_ms": 30_000}
"""How a connection is set to a buyer that is slow, or away, only where the machine is."""


def quickly(**changes: Any) -> dict[str, Any]:
    """Return a retry setting whose delays a test can sit out."""
    return {"retry": {"after": ["1s"], "for_up_to": "60s", **changes}}
