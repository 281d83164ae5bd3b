"""A request is mapped from a lead, carries its key, and says nothing that a lead could have smuggled in."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from standardwebhooks import Webhook

from rules.delivery.destination import Destination
from rules.delivery.masking import masked
from rules.delivery.request import CannotBuild, HttpRequest, MissingField, build_request

MakeDestination = Callable[..., Destination]
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
DATA = {
    "lead": {
        "email": "zoe@example.com", "first_name": "Zoë", "phone_1": "+15125551234", "state": "CA", "blank": None,
        "note": "a\r\nX-Evil: 1",
    },
    "source": {"id": "src_1", "name": "Facebook"},
    "flow": {"campaign": "ACME-77"},
}  # fmt: skip
OFFER = {
    "id": "01JOFFER",
    "lead_id": "01JLEAD",
    "attempt": 1,
    "is_test": False,
    "price": Decimal("42.00"),
    "received_at": "2026-11-20T18:41:58.120Z",
    "sent_at": "2026-11-20T18:41:58.300Z",
    "flow_name": "Solar CA",
    "source_name": "Facebook",
    "buyer": "Sunrise",
}
AS_IT_IS: Mapping[str, Any] = {}


def built(destination: Destination, offer: Mapping[str, Any] = AS_IT_IS, **credentials: str) -> HttpRequest:
    return build_request(destination, DATA, {**OFFER, **offer}, credentials)


def headers_of(destination: Destination, offer: Mapping[str, Any] = AS_IT_IS, **credentials: str) -> dict[str, str]:
    return dict(built(destination, offer, **credentials).headers)


def test_a_lead_becomes_the_buyers_json(a_destination: MakeDestination) -> None:
    request = built(
        a_destination(
            mapping=[
                ["contact.email", {"var": "lead.email"}],
                ["contact.name", "{{lead.first_name}}"],
                ["campaign", {"var": "flow.campaign"}],
                ["price", {"var": "offer.price"}],
                ["key", {"var": "offer.id"}],
            ]
        )
    )
    assert (request.method, request.url) == ("POST", "https://api.sunrise.example.com/leads")
    assert request.body.decode() == (
        '{"contact":{"email":"zoe@example.com","name":"Zoë"},"campaign":"ACME-77","price":42.00,"key":"01JOFFER"}'
    )


def test_a_lead_becomes_a_form(a_destination: MakeDestination) -> None:
    mapping = [["e-mail", {"var": "lead.email"}], ["name", "{{lead.first_name}} & Co"]]
    request = built(a_destination(format="form", method="PUT", mapping=mapping))
    assert (request.method, request.body) == ("PUT", b"e-mail=zoe%40example.com&name=Zo%C3%AB+%26+Co")
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"


def test_every_request_carries_its_key(a_destination: MakeDestination) -> None:
    assert headers_of(a_destination()) == {
        "Content-Type": "application/json",
        "User-Agent": "Flowbuilder",
        "Idempotency-Key": "01JOFFER",
        "X-Lead-Id": "01JLEAD",
    }


def test_repeats_and_tests_say_so(a_destination: MakeDestination) -> None:
    headers = headers_of(a_destination(), {"attempt": 3, "is_test": True})
    assert (headers["Lead-Attempt"], headers["X-Test"]) == ("3", "true")


@pytest.mark.parametrize(
    ("auth", "credentials", "header"),
    [
        ({"type": "bearer"}, {"token": "tok_1"}, ("Authorization", "Bearer tok_1")),
        (
            {"type": "basic", "username": "acme"},
            {"password": "pässword"},
            ("Authorization", "Basic YWNtZTpww6Rzc3dvcmQ="),
        ),
        ({"type": "header", "name": "X-API-Key"}, {"key": "k_1"}, ("X-API-Key", "k_1")),
        ({"type": "key", "name": "X-API-Key"}, {"key": "k_1"}, ("X-API-Key", "k_1")),
        ({"type": "key", "in": "header", "name": "X-API-Key"}, {"key": "k_1"}, ("X-API-Key", "k_1")),
        (
            {"type": "headers", "headers": {"X-Client": "", "X-Secret": ""}},
            {"header:x-client": "acme", "header:x-secret": "s_1"},
            ("X-Secret", "s_1"),
        ),
    ],
)
def test_credentials_go_into_their_header(
    a_destination: MakeDestination, auth: dict[str, str], credentials: dict[str, str], header: tuple[str, str]
) -> None:
    assert header in built(a_destination(auth=auth), AS_IT_IS, **credentials).headers


def key_in(place: str) -> dict[str, str]:
    return {"type": "key", "in": place, "name": "api_key"}


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", '{"a":1,"api_key":"k&1"}'),
        ("form", "a=1&api_key=k%261"),
        ("xml", '<?xml version="1.0" encoding="UTF-8"?>\n<lead><a>1</a><api_key>k&amp;1</api_key></lead>'),
    ],
)
def test_a_key_can_stand_in_the_body(a_destination: MakeDestination, form: str, body: str) -> None:
    destination = a_destination(format=form, auth=key_in("body"), mapping=[["a", 1]])
    assert built(destination, AS_IT_IS, key="k&1").body.decode() == body


@pytest.mark.parametrize(("form", "query"), [("json", "?api_key=k%261"), ("query", "?a=1&api_key=k%261")])
def test_a_key_can_stand_in_the_query(a_destination: MakeDestination, form: str, query: str) -> None:
    destination = a_destination(format=form, auth=key_in("query"), mapping=[["a", 1]])
    assert built(destination, AS_IT_IS, key="k&1").url == f"https://api.sunrise.example.com/leads{query}"


@pytest.mark.parametrize(
    ("place", "form"), [("query", "json"), ("query", "query"), ("body", "form"), ("body", "json"), ("body", "xml")]
)
def test_a_key_is_masked_wherever_it_stands(a_destination: MakeDestination, place: str, form: str) -> None:
    key = "k&1/planted+secret=9XYZ"
    request = built(a_destination(format=form, auth=key_in(place), mapping=[["a", 1]]), AS_IT_IS, key=key)
    kept = json.dumps(masked(request, {"key": key}), ensure_ascii=False)
    assert "planted" not in kept
    assert "••••9XYZ" in kept


def test_an_access_token_is_asked_for_and_never_kept(a_destination: MakeDestination) -> None:
    auth = {"type": "oauth2", "token_url": "https://id.example.com/token", "client_id": "acme", "scope": "leads"}
    request = built(a_destination(auth=auth), AS_IT_IS, client_secret="s3cret_planted")
    assert request.grant is not None
    assert (request.grant.url, request.grant.method) == ("https://id.example.com/token", "POST")
    assert b"client_secret=s3cret_planted" in request.grant.body
    kept = masked(request, {"client_secret": "s3cret_planted"})
    assert ["Authorization", "Bearer ••••"] in kept["headers"]
    assert "planted" not in json.dumps(kept)


@pytest.mark.parametrize("settings", [{"auth": {"type": "bearer"}}, {"signed": True}])
def test_without_its_credential_no_request_is_made(a_destination: MakeDestination, settings: dict[str, Any]) -> None:
    with pytest.raises(CannotBuild, match="must be entered again"):
        built(a_destination(**settings))


def test_own_headers_are_filled_and_may_replace_the_content_type(a_destination: MakeDestination) -> None:
    own = {"content-type": "application/vnd.api+json", "X-Partner": "{{flow.campaign}}", "X-Test-Mode": "{{test_mode}}"}
    headers = headers_of(a_destination(headers=own))
    assert (headers["content-type"], headers["X-Partner"], headers["X-Test-Mode"]) == (
        "application/vnd.api+json", "ACME-77", "false",
    )  # fmt: skip
    assert "Content-Type" not in headers


def test_a_lead_cannot_add_a_header(a_destination: MakeDestination) -> None:
    with pytest.raises(CannotBuild, match="line break"):
        built(a_destination(headers={"X-Note": "{{lead.note}}"}))


def test_values_in_the_address_are_percent_encoded(a_destination: MakeDestination) -> None:
    destination = a_destination(
        url="https://api.sunrise.example.com/l/{{lead.state}}/{{lead.note}}?e={{lead.email}}&b={{lead.blank}}"
    )
    assert built(destination).url == (
        "https://api.sunrise.example.com/l/CA/a%0D%0AX-Evil%3A%201?e=zoe%40example.com&b="
    )


def test_a_value_is_no_step_up_in_the_path(a_destination: MakeDestination) -> None:
    destination = a_destination(url="https://api.sunrise.example.com/l/{{lead.id}}/x")
    request = build_request(destination, {"lead": {"id": ".."}}, OFFER, {})
    assert request.url == "https://api.sunrise.example.com/l/%2E%2E/x"


def test_a_value_that_makes_the_address_too_long_prevents_the_request(a_destination: MakeDestination) -> None:
    destination = a_destination(url="https://api.sunrise.example.com/?q={{lead.long}}")
    with pytest.raises(CannotBuild, match="2048"):
        build_request(destination, {"lead": {"long": "x" * 2048}}, OFFER, {})


@pytest.mark.parametrize("path", ["lead.blank", "lead.not_there"])
def test_a_required_field_that_is_blank_is_named(a_destination: MakeDestination, path: str) -> None:
    with pytest.raises(MissingField) as missing:
        built(a_destination(mapping=[["their_name", {"var": path}, {"required": True}]]))
    assert missing.value.field == "their_name"
    assert "“their_name”" in str(missing.value)


def test_blank_fields_are_left_out(a_destination: MakeDestination) -> None:
    mapping = [["a", {"var": "lead.blank"}], ["b", {"var": "lead.state"}]]
    assert json.loads(built(a_destination(mapping=mapping)).body) == {"b": "CA"}


def test_an_entry_is_left_out_when_its_rule_is_not_met(a_destination: MakeDestination) -> None:
    in_ca, in_nv = ({"when": {"is": [{"var": "lead.state"}, state]}, "required": True} for state in ("CA", "NV"))
    mapping = [["ca", True, in_ca], ["nv", {"var": "lead.blank"}, in_nv]]
    assert json.loads(built(a_destination(mapping=mapping)).body) == {"ca": True}


def test_braces_in_a_value_stay_as_they_are(a_destination: MakeDestination) -> None:
    destination = a_destination(mapping=[["name", "{{lead.name}}"]])
    request = build_request(destination, {"lead": {"name": "{{offer.id}}"}}, OFFER, {})
    assert json.loads(request.body) == {"name": "{{offer.id}}"}


def test_the_signature_covers_the_bytes_that_are_sent(a_destination: MakeDestination) -> None:
    offer = {"sent_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    destination = a_destination(
        signed=True, mapping=[["name", "{{lead.first_name}}"], ["price", {"var": "offer.price"}]]
    )
    request = built(destination, offer, signing_secret=SECRET)
    headers = dict(request.headers)
    assert Webhook(SECRET).verify(request.body, headers) == {"name": "Zoë", "price": 42.0}
    assert headers["webhook-id"] == headers["Idempotency-Key"] == "01JOFFER"


def test_a_new_and_an_old_secret_sign_side_by_side(a_destination: MakeDestination) -> None:
    old = "whsec_" + base64.b64encode(bytes(24)).decode()
    headers = headers_of(a_destination(signed=True), signing_secret=SECRET, old_signing_secret=old)
    assert headers["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize(("until", "signatures"), [("2026-11-20T18:41:58.301Z", 2), ("2026-11-20T18:41:58.300Z", 1)])
def test_an_old_secret_signs_until_its_end(a_destination: MakeDestination, until: str, signatures: int) -> None:
    old = "whsec_" + base64.b64encode(bytes(24)).decode()
    destination = a_destination(signed=True, old_secret_until=until)
    headers = headers_of(destination, signing_secret=SECRET, old_signing_secret=old)
    assert headers["webhook-signature"].count("v1,") == signatures
