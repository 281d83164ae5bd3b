"""A made-up lead and offer, as a buyer's request is built from them for a preview or a test call."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from rules.fields import Field
from rules.seen_values import Parts, Valid
from rules.text import moment_text


def sample_view(fields: Mapping[str, Any], known: Iterable[Field] = (), now: datetime | None = None) -> dict[str, Any]:
    """Return what the mapping of a destination sees, at an aware moment, of a made-up lead in normal form.

    `known` are the fields that such leads have: what is no field of theirs has no parts. Without a moment nobody has an
    age.
    """
    return {
        "lead": fields,
        "raw": fields,
        "valid": Valid(fields, frozenset()),
        "parts": Parts(fields, {field.key: field for field in known}),
        "source": {"name": "Test", "supplier": "Test", "is_test": True},
        "flow": {},
        "step": {},
        "run": {"now": now, "time_zone": "UTC", "is_test": True} if now else {},
    }


def kept_fields(known: Iterable[Field]) -> dict[str, Any]:
    """Return fields as JSON to keep: all that their types read of them."""
    return {
        field.key: {
            "type": field.type, "options": list(field.options), "region": field.region, "in": field.country_field,
        }
        for field in known
    }  # fmt: skip


def fields_kept(kept: Mapping[str, Any]) -> list[Field]:
    """Return the fields that `kept_fields` keeps."""
    return [
        Field(key, one["type"], options=tuple(one["options"]), region=one["region"], country_field=one["in"])
        for key, one in kept.items()
    ]


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
