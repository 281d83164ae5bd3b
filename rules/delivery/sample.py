"""A made-up lead and offer, as a buyer's request is built from them for a preview or a test call."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from rules.text import moment_text


def sample_view(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the mapping of a destination sees of a made-up lead in normal form."""
    valid = {key: value is not None for key, value in fields.items()}
    source = {"name": "Test", "supplier": "Test", "is_test": True}
    return {"lead": fields, "raw": fields, "valid": valid, "source": source, "flow": {}, "step": {}, "run": {}}


def sample_offer(identifier: str, buyer: str, now: datetime) -> dict[str, Any]:
    """Return an offer marked as a test, made at an aware moment."""
    moment = moment_text(now)
    return {
        "id": identifier,
        "lead_id": identifier,
        "attempt": 1,
        "is_test": True,
        "price": Decimal(0),
        "received_at": moment,
        "sent_at": moment,
        "flow_name": "Test",
        "source_name": "Test",
        "buyer": buyer,
    }
