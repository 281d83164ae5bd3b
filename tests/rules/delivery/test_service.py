"""What a service's answer says about a lead, and what it is asked."""

import json
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.destination import Destination, parse_destination
from rules.delivery.request import CannotBuild, MissingField
from rules.delivery.service import LONGEST_VALUE, Service, build_question, read_found, read_service
from rules.delivery.wire import Reply
from rules.problems import Problem
from rules.reading import Document
from tests.rules.flows import a_flow

FIELDS = a_flow().by_key
JSON = (("content-type", "application/json"),)
OFFER = {"id": "ofr_1", "lead_id": "led_1", "attempt": 1, "is_test": False, "sent_at": "2026-11-20T18:41:58.000Z"}
LEAD = {"lead": {"state": "CA", "email": None}}


def a_destination(**settings: Any) -> Destination:
    problems: list[Problem] = []
    document = {"url": "https://api.gradify.example/{{lead.state}}", "mapping": [["s", {"var": "lead.state"}]]}
    destination = parse_destination(document | settings, "", problems)
    assert destination is not None, problems
    return destination


def a_service(*outputs: list[str], **settings: Any) -> Service:
    document = Document(fields=FIELDS)
    written = list(outputs) or [["state", "body.state"], ["bill", "headers.x-bill"]]
    part = document.part({"connection": "con_a", "outputs": written, **settings}, "", "a look-up")
    service = read_service(part) if part else None
    assert service is not None, document.problems
    return service


def a_reply(body: Any, status: int = 200, headers: Any = JSON) -> Reply:
    return Reply(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, "found"), (201, "found"), (204, "found"), (404, "not_found"), (410, "not_found"), (400, "not_found"),
        (422, "not_found"), (301, "error"), (304, "error"), (401, "error"), (403, "error"), (408, "error"),
        (429, "error"), (500, "error"), (501, "error"), (502, "error"), (503, "error"), (520, "error"),
    ],
)  # fmt: skip
def test_a_status_says_whether_the_lead_is_known_or_nothing_about_it(status: int, answer: str) -> None:
    assert read_found(a_service(), a_destination(), a_reply(b"", status)).answer == answer


def test_a_connection_may_name_more_statuses_that_say_nothing() -> None:
    assert read_found(a_service(), a_destination(errors=[404]), a_reply({}, 404)).answer == "error"


@pytest.mark.parametrize(
    ("rule", "body", "status", "answer"),
    [
        ({"==": [{"var": "body.valid"}, True]}, {"valid": True}, 200, "found"),
        ({"==": [{"var": "body.valid"}, True]}, {"valid": False}, 200, "not_found"),
        ({"==": [{"var": "body.valid"}, True]}, b"<html>", 200, "error"),
        ({"==": [{"var": "status"}, 404]}, {}, 404, "found"),
        ({"==": [{"var": "headers.x-known"}, "yes"]}, {}, 200, "not_found"),
        ({"==": [{"+": [{"var": "body.n"}, 1]}, 2]}, {}, 200, "error"),
        ({"throw": "no"}, {}, 200, "error"),
    ],
)
def test_a_rule_decides_and_one_that_cannot_is_an_error(rule: Any, body: Any, status: int, answer: str) -> None:
    assert read_found(a_service(found_if=rule), a_destination(), a_reply(body, status)).answer == answer


def test_values_come_from_body_and_headers_and_what_is_not_there_is_left_out() -> None:
    service = a_service(["state", "body.a.state"], ["bill", "headers.x-bill"], ["product", "body.list.0.product"])
    body = {"a": {"state": "NV"}, "list": [{"product": "solar"}]}
    found = read_found(service, a_destination(), a_reply(body, headers=(*JSON, ("x-bill", "$12.50"))))
    assert found.values == {"state": "NV", "bill": "$12.50", "product": "solar"}
    for empty in ({}, {"a": None}, {"a": {"state": None}}, {"a": {"state": ""}}, {"a": [1]}, 5, None):
        assert read_found(service, a_destination(), a_reply(empty)).values == {}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"state": ', JSON),
        (b'{"state": "CA", "state": "NV"}', JSON),
        (b"[" * 100, JSON),
        (b'{"state": NaN}', JSON),
        (b"\xff\xfe\x00", JSON),
        (b"<a><!DOCTYPE x>", (("content-type", "text/xml"),)),
    ],
)
def test_a_body_that_cannot_be_read_is_an_error_where_it_is_needed(body: bytes, headers: Any) -> None:
    assert read_found(a_service(), a_destination(), Reply(200, headers, body)).answer == "error"
    assert read_found(a_service(), a_destination(), Reply(404, headers, body)).answer == "not_found"
    of_headers = a_service(["bill", "headers.x-bill"])
    assert read_found(of_headers, a_destination(), Reply(200, headers, body)).answer == "found"


def test_texts_are_cleaned_and_cut_and_large_numbers_stay_exact() -> None:
    service = a_service(["state", "body.a"], ["bill", "body.b"], ["product", "body.c"])
    body = b'{"a": "C\\u0007A\\u202e", "b": 123456789012345678901234567890.5, "c": "%s"}' % (b"x" * 5000)
    found = read_found(service, a_destination(), a_reply(body))
    assert found.values["state"] == "CA"
    assert found.values["bill"] == Decimal("123456789012345678901234567890.5")
    assert len(found.values["product"]) == LONGEST_VALUE


def test_it_is_told_what_the_connection_maps_or_what_the_step_says() -> None:
    plain = build_question(a_service(), a_destination(), LEAD, OFFER, {})
    assert (plain.method, plain.url, json.loads(plain.body)) == ("POST", "https://api.gradify.example/CA", {"s": "CA"})
    service = a_service(inputs=[["where.state", {"lower": [{"var": "lead.state"}]}], ["email", {"var": "lead.email"}]])
    asked = build_question(service, a_destination(), LEAD, OFFER, {})
    assert json.loads(asked.body) == {"where": {"state": "ca"}}
    in_query = build_question(service, a_destination(format="query", method="GET"), LEAD, OFFER, {})
    assert in_query.url == "https://api.gradify.example/CA?where.state=ca"
    assert service.asked_about == ("state", "email")


def test_nobody_is_asked_without_what_the_service_requires() -> None:
    service = a_service(inputs=[["email", {"var": "lead.email"}, {"required": True}]])
    with pytest.raises(MissingField):
        build_question(service, a_destination(), LEAD, OFFER, {})
    with pytest.raises(CannotBuild):
        build_question(a_service(), a_destination(auth={"type": "bearer"}), LEAD, OFFER, {})


def test_a_key_that_the_answer_repeats_is_masked_and_no_word_of_it_is_said() -> None:
    service = a_service(["state", "body.state"], ["product", "body.list"])
    found = read_found(service, a_destination(), a_reply({"state": "key planted-key-123", "list": ["planted-key-123"]}))
    shown = found.without({"key": "planted-key-123"}).values
    assert "planted" not in str(shown)
    assert read_found(service, a_destination(), a_reply(b'{"ana": 1, "ana": 2}')).said == "could not read the answer"
