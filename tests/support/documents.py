"""Flow documents and destinations that tests are about."""

from collections.abc import Sequence
from typing import Any


def solar(connection: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a valid flow: California solar leads go to one buyer at $42.00, at most 100 a day."""
    filter_step = {"id": "s1", "continue_if": {"is": [{"var": "lead.state"}, "CA"]}, "reason": "Not CA solar"}
    buyer = {"id": "s2", "connection": connection, "price": 42, "caps": [{"limit": 100, "per": "day"}]}
    document = {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": [
            {"key": "email", "type": "email", "required": True},
            {"key": "phone_1", "type": "phone", "required": True, "region": "US"},
            {"key": "state", "type": "state", "required": True},
        ],
        "steps": [{"filter": filter_step}, *([{"buyer": buyer}] if connection else [])],
        "fallback": {"id": "end", "do": "reject", "reason": "No buyer available"},
    }
    return {**document, **changes}


def first_flow(first: str, second: str, *, steps: Sequence[str] = ("s1", "s2", "s3")) -> dict[str, Any]:
    """Return the flow that a newcomer makes: solar leads from California to one buyer, 100 a day, then to another.

    `steps` are the ids of its three steps.
    """
    sieve, buyer, backup = steps
    rule = {"and": [{"is": [{"var": "lead.state"}, "CA"]}, {"is": [{"var": "lead.product"}, "Solar"]}]}
    written = [
        {"filter": {"id": sieve, "continue_if": rule, "reason": "Not CA solar"}},
        {"buyer": {"id": buyer, "connection": first, "price": 42, "caps": [{"limit": 100, "per": "day"}]}},
        {"buyer": {"id": backup, "connection": second, "price": 38}},
    ]
    fields = [
        {"key": "email", "type": "email", "required": True},
        {"key": "phone", "type": "phone", "region": "US"},
        {"key": "state", "type": "state"},
        {"key": "product", "type": "text"},
    ]
    fallback = {"id": "end", "do": "hold", "reason": "No buyer available"}
    return solar(fields=fields, steps=written, fallback=fallback)


def sunrise(**changes: Any) -> dict[str, Any]:
    """Return a destination on loopback, with a secret in it."""
    destination = {
        "url": "http://127.0.0.1:9901/leads",
        "format": "json",
        "auth": {"type": "bearer", "token": "sk_live_planted_7Q2F"},
        "mapping": [["email", {"var": "lead.email"}], ["campaign", "ACME-77"]],
        "accepted_if": {"is": [{"var": "body.status"}, "accepted"]},
        "price_path": "body.price",
    }
    return {**destination, **changes}
