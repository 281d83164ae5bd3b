"""How the demo's seller reaches the three buyers for homes: address, credentials, mapping, how the answer is read."""

from collections.abc import Mapping
from typing import Any

Credentials = Mapping[str, str]
Destination = dict[str, Any]

IS_2XX = {"and": [{">=": [{"var": "status"}, 200]}, {"<": [{"var": "status"}, 300]}]}


def sunrise(port: int, credentials: Credentials) -> Destination:
    """Return Sunrise Energy's: nested JSON, a bearer token."""
    return {
        "url": f"http://127.0.0.1:{port}/v2/leads",
        "format": "json",
        "auth": {"type": "bearer", "token": credentials["sunrise_token"]},
        "headers": {"X-Campaign": "ACME-77"},
        "mapping": [
            ["contact.first", {"var": "lead.first_name"}, {"required": True}],
            ["contact.last", {"var": "lead.last_name"}],
            ["contact.email", {"lower": [{"var": "lead.email"}]}, {"required": True}],
            ["contact.phone", {"phone": [{"var": "lead.phone_1"}, "in_country"]}, {"required": True}],
            ["address.state", {"var": "lead.state"}],
            ["address.zip", {"var": "lead.postal_code"}],
            ["monthly_bill", {"var": "lead.monthly_bill"}],
            ["credit_score", {"var": "lead.credit_score"}],
            ["service", {"var": "lead.service"}],
            ["received_at", {"var": "offer.received_at"}],
        ],
        "accepted_if": {"and": [IS_2XX, {"is": [{"var": "body.status"}, "accepted"]}]},
        "reason_path": "body.reason",
        "reference_path": "body.id",
        "reasons": [
            [{"is": [{"var": "body.reason"}, "duplicate"]}, "duplicate"],
            [{"contains": [{"var": "body.reason"}, "credit"]}, "rule_not_met"],
        ],
    }


def brightroof(port: int, credentials: Credentials) -> Destination:
    """Return BrightRoof Homes': a form, user name and password; the buyer says in its answer what it pays."""
    return {
        "url": f"http://127.0.0.1:{port}/partners/acme/leads",
        "format": "form",
        "auth": {"type": "basic", "username": "acme", "password": credentials["brightroof_password"]},
        "mapping": [
            ["name", "{{lead.first_name}} {{lead.last_name}}"],
            ["email", {"var": "lead.email"}, {"required": True}],
            ["phone", {"phone": [{"var": "lead.phone_1"}, "e164"]}, {"required": True}],
            ["state", {"state_name": [{"var": "lead.state"}]}],
            ["bill", {"var": "lead.monthly_bill"}],
            ["roof_age", {"var": "lead.roof_age"}],
            ["job", {"upper": [{"var": "lead.service"}]}],
            ["offered", {"var": "offer.price"}],
        ],
        "accepted_if": {"is": [{"var": "body.result"}, "buy"]},
        "price_path": "body.price",
        "price_from": "answer",
        "reason_path": "body.why",
        "reference_path": "body.ref",
        "reasons": [[{"is": [{"var": "body.why"}, "duplicate"]}, "duplicate"]],
    }


def helio(port: int, credentials: Credentials) -> Destination:
    """Return Helio Partners': flat JSON, a key in a header, signed; it is given two seconds to answer."""
    return {
        "url": f"http://127.0.0.1:{port}/intake",
        "format": "json",
        "timeout_ms": 2000,
        "auth": {"type": "header", "name": "X-Partner-Key", "key": credentials["helio_key"]},
        "signing_secret": credentials["helio_signing_secret"],
        "mapping": [
            ["lead_id", {"var": "offer.lead_id"}],
            ["first_name", {"title": [{"var": "lead.first_name"}]}],
            ["email", {"var": "lead.email"}, {"required": True}],
            ["mobile", {"phone": [{"var": "lead.phone_1"}, "national"]}],
            ["zip", {"var": "lead.postal_code"}],
            ["score", {"var": "lead.credit_score"}, {"when": {"filled": [{"var": "lead.credit_score"}]}}],
        ],
        "accepted_if": {"yes": [{"var": "body.success"}]},
        "reason_path": "body.error",
        "reference_path": "body.lead.ref",
        "reasons": [[{"is": [{"var": "body.error"}, "duplicate"]}, "duplicate"]],
        "duplicate_after_ambiguous_is_accepted": True,
        "breaker": {"failures": 20, "within": "5m", "recover_after": "1m"},
    }
