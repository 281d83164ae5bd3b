"""What partners hand over as their own documents, written as destinations: the request and the answers they expect."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.destination import Destination
from rules.delivery.presets import READY_MAPPINGS
from rules.delivery.request import HttpRequest, MissingField, build_request
from rules.delivery.response import Reply, read_answer
from rules.fields import Field, normalise

MakeDestination = Callable[..., Destination]
OFFER = {
    "id": "01KAHOFFER", "lead_id": "01KAHLEAD", "attempt": 1, "is_test": False, "price": Decimal("45.00"),
    "received_at": "2026-11-20T18:41:58.120Z", "sent_at": "2026-11-20T18:41:58.300Z", "flow_name": "Insurance",
    "source_name": "facebook_ads", "buyer": "Premium Insurance Buyer",
}  # fmt: skip
FIELDS = {
    field.key: field
    for field in (
        Field("email", "email"), Field("phone_1", "phone", region="US", check="none"), Field("first_name", "name"),
        Field("last_name", "name"), Field("state", "state"), Field("zip_code", "text"), Field("ip_address", "text"),
        Field("ccpa_consent", "boolean"), Field("name", "text"), Field("phone", "phone", check="none"),
        Field("country", "text"), Field("niche", "text"), Field("lead_type", "text"), Field("amount_lost", "money"),
        Field("fraud_type", "text"), Field("lastname", "text"),
    )
}  # fmt: skip


def lead(**posted: object) -> dict[str, Any]:
    fields = {key: normalise(raw, FIELDS[key]).value for key, raw in posted.items()}
    return {"lead": fields, "source": {"name": "facebook_ads"}, "flow": {}}


MANUAL = {
    "url": "https://api.buyer.com/leads",
    "method": "POST",
    "format": "json",
    "auth": {"type": "bearer"},
    "headers": {
        "Content-Type": "application/json", "X-Partner-ID": "leadconduit_123", "X-Test-Mode": "{{test_mode}}",
    },
    "mapping": [
        ["lead_id", "{{event_id}}"],
        ["email", "{{lead.email}}"],
        ["phone", "{{lead.phone_1}}"],
        ["first_name", "{{lead.first_name}}"],
        ["last_name", "{{lead.last_name}}"],
        ["state", "{{lead.state}}"],
        ["zip", "{{lead.zip_code}}"],
        ["source", "{{lead.source}}"],
        ["ip_address", "{{lead.ip_address}}"],
        ["timestamp", "{{event_timestamp}}"],
        ["ca_privacy_notice", True, {"when": {"==": [{"var": "lead.state"}, "CA"]}}],
        ["ccpa_consent", "{{lead.ccpa_consent}}", {"when": {"==": [{"var": "lead.state"}, "CA"]}}],
    ],
    "timeout_ms": 30_000,
    "answer": "json",
    "accepted_if": {"and": [{"in": [{"var": "status"}, [200, 201]]}, {"is": [{"var": "body.status"}, "accepted"]}]},
    "reference_path": "body.lead_id",
    "price_path": "body.payout",
    "reason_path": "body.rejection_reason",
}  # fmt: skip
POSTED = {
    "email": "test@example.com", "phone_1": "5555551234", "first_name": "Test", "last_name": "Lead", "state": "CA",
    "zip_code": "90210", "ip_address": "198.51.100.7", "ccpa_consent": True,
}  # fmt: skip
SENT = {
    "lead_id": "01KAHOFFER", "email": "test@example.com", "phone": "+15555551234", "first_name": "Test",
    "last_name": "Lead", "state": "CA", "zip": "90210", "source": "facebook_ads", "ip_address": "198.51.100.7",
    "timestamp": "2026-11-20T18:41:58.300Z",
}  # fmt: skip


def manual(a_destination: MakeDestination, **posted: object) -> HttpRequest:
    return build_request(a_destination(**MANUAL), lead(**{**POSTED, **posted}), OFFER, {"token": "BUYER_API_TOKEN"})


def test_a_manual_configuration_gives_its_request(a_destination: MakeDestination) -> None:
    request = manual(a_destination)
    assert (request.method, request.url) == ("POST", "https://api.buyer.com/leads")
    assert request.headers == (
        ("User-Agent", "Flowbuilder"),
        ("Idempotency-Key", "01KAHOFFER"),
        ("X-Lead-Id", "01KAHLEAD"),
        ("Content-Type", "application/json"),
        ("X-Partner-ID", "leadconduit_123"),
        ("X-Test-Mode", "false"),
        ("Authorization", "Bearer BUYER_API_TOKEN"),
    )
    assert (
        request.body
        == json.dumps({**SENT, "ca_privacy_notice": True, "ccpa_consent": "true"}, separators=(",", ":")).encode()
    )


def test_conditional_mappings_apply_where_their_condition_holds(a_destination: MakeDestination) -> None:
    assert json.loads(manual(a_destination, state="NV").body) == {**SENT, "state": "NV"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "said", "price", "reference"),
    [
        (200, {"status": "accepted", "lead_id": "B-1", "payout": 45.00}, "accepted", "", "45.0", "B-1"),
        (201, {"status": "accepted", "lead_id": "B-2"}, "accepted", "", None, "B-2"),
        (202, {"status": "accepted"}, "declined", "the server answered 202", None, None),
        (200, {"status": "rejected", "rejection_reason": "Out of state"}, "declined", "Out of state", None, None),
        (200, {}, "declined", "the server answered 200", None, None),
        (503, {"status": "accepted"}, "error", "the server answered 503", None, None),
    ],
)
def test_its_parser_reads_the_answers(
    a_destination: MakeDestination,
    status: int,
    body: dict[str, Any],
    kind: str,
    said: str,
    price: str | None,
    reference: str | None,
) -> None:
    answer = read_answer(a_destination(**MANUAL), Reply(status, (), json.dumps(body).encode()))
    assert (answer.kind, answer.said, answer.reference) == (kind, said, reference)
    assert answer.price == (price and Decimal(price))


JOHN = {
    "name": "John Smith", "email": "john.smith@email.com", "phone": "+491234567890", "country": "germany",
    "niche": "forex", "lead_type": "premium",
}  # fmt: skip


def partner(a_destination: MakeDestination, *more: list[Any], style: str = "international", **posted: object) -> Any:
    """Return what a partner gets by the ready mapping, its phone in a format and some fields beside it required."""
    ready = [list(entry) for entry in READY_MAPPINGS["partner_standard"].mapping]
    for entry in ready:
        if entry[0] == "phone":
            entry[1] = {"phone": [{"var": "lead.phone"}, style]}
        if entry[0] in ("name", "email", "phone", "country"):
            entry.append({"required": True})
    destination = a_destination(url="https://germanfx.com/webhook/leads", mapping=[*ready, *more])
    return json.loads(build_request(destination, lead(**{**JOHN, **posted}), OFFER, {}).body)


def test_a_partner_in_germany_gets_the_standard_payload(a_destination: MakeDestination) -> None:
    assert partner(a_destination) == {
        "lead_id": "01KAHLEAD",
        "name": "John Smith",
        "email": "john.smith@email.com",
        "phone": "+491234567890",
        "country": "germany",
        "niche": "forex",
        "lead_type": "premium",
        "source": "facebook_ads",
        "timestamp": "2026-11-20T18:41:58.120Z",
    }


def test_a_partner_in_spain_gets_its_own_fields_too(a_destination: MakeDestination) -> None:
    more = [[key, {"var": f"lead.{key}"}, {"required": True}] for key in ("lastname", "amount_lost", "fraud_type")]
    fields = {"lastname": "Ruiz", "amount_lost": "12,500.00", "fraud_type": "crypto"}
    sent = partner(a_destination, *more, style="local", country="es", phone="+34612345678", **fields)
    assert (sent["phone"], sent["country"], sent["lastname"]) == ("34-612-345-678", "spain", "Ruiz")
    assert (sent["amount_lost"], sent["fraud_type"]) == (12500, "crypto")


def test_a_required_field_that_is_missing_stops_the_request(a_destination: MakeDestination) -> None:
    with pytest.raises(MissingField, match="amount_lost"):
        partner(a_destination, ["amount_lost", {"var": "lead.amount_lost"}, {"required": True}])


@pytest.mark.parametrize(
    ("style", "phone"),
    [("international", "+491234567890"), ("national", "491234567890"), ("local", "49-123-456-7890")],
)
def test_a_partner_gets_the_phone_in_its_format(a_destination: MakeDestination, style: str, phone: str) -> None:
    assert partner(a_destination, style=style)["phone"] == phone


@pytest.mark.parametrize("name", READY_MAPPINGS)
def test_a_ready_mapping_has_no_problems_and_fills_what_there_is(a_destination: MakeDestination, name: str) -> None:
    destination = a_destination(mapping=READY_MAPPINGS[name].mapping)
    sent = json.loads(build_request(destination, lead(**POSTED), OFFER, {}).body)
    assert {"test@example.com", "+15555551234"} <= {text.replace(" ", "").replace("-", "") for text in sent.values()}
