"""What a buyer's answer means: yes, no, an error, or that nobody knows."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.destination import Destination
from rules.delivery.response import Reply, read_answer, read_body, read_retry_after

MakeDestination = Callable[..., Destination]
JSON = (("content-type", "application/json; charset=utf-8"),)
SAYS_ACCEPTED = {"is": [{"var": "body.status"}, "accepted"]}
PATHS = {"reason_path": "body.reason", "price_path": "body.price", "reference_path": "body.id"}


def replied(status: int = 200, body: object = None, *headers: tuple[str, str]) -> Reply:
    written = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Reply(status, headers or JSON, written)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (200, "accepted", ""), (201, "accepted", ""), (204, "accepted", ""),
        (301, "declined", "redirects are not followed (301)"), (307, "declined", "redirects are not followed (307)"),
        (400, "declined", "the server answered 400"), (404, "declined", "the server answered 404"),
        (401, "declined", "your key was not accepted (401)"), (403, "declined", "your key was not accepted (403)"),
        (408, "error", "the server answered 408"), (425, "error", "the server answered 425"),
        (429, "error", "the server answered 429"), (500, "error", "the server answered 500"),
        (503, "error", "the server answered 503"), (501, "declined", "the server answered 501"),
        (502, "ambiguous", "a gateway answered 502"), (504, "ambiguous", "a gateway answered 504"),
        (521, "error", "the server answered 521"), (526, "error", "the server answered 526"),
        (524, "ambiguous", "a gateway answered 524"),
    ],
)  # fmt: skip
def test_a_status_means(a_destination: MakeDestination, status: int, kind: str, said: str) -> None:
    answer = read_answer(a_destination(), replied(status))
    assert (answer.kind, answer.said) == (kind, said)


@pytest.mark.parametrize(("status", "kind"), [(200, "error"), (502, "error"), (404, "error"), (409, "declined")])
def test_a_destination_names_more_statuses_that_are_errors(
    a_destination: MakeDestination, status: int, kind: str
) -> None:
    assert read_answer(a_destination(errors=[200, 404, 502]), replied(status)).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (200, {"status": "accepted"}, "accepted", None),
        (200, {"status": "Accepted "}, "accepted", None),
        (200, {"status": "rejected"}, "declined", "rejected"),
        (409, {"status": "accepted"}, "accepted", None),
        (200, {}, "declined", "rejected"),
        (200, None, "declined", "rejected"),
        (200, [1], "declined", "rejected"),
        (500, {"status": "accepted"}, "error", "error"),
        (501, {"status": "accepted"}, "declined", "rejected"),
    ],
)
def test_the_rule_decides(
    a_destination: MakeDestination, status: int, body: object, kind: str, reason: str | None
) -> None:
    answer = read_answer(a_destination(accepted_if=SAYS_ACCEPTED), replied(status, body))
    assert (answer.kind, answer.reason) == (kind, reason)


@pytest.mark.parametrize(
    "body", [b"{not json", b'{"status":"accepted","status":"no"}', b"[" * 100_000, b'{"a":NaN}', b"\xff\xfe"]
)
def test_an_answer_that_cannot_be_read_and_is_needed_is_a_no(a_destination: MakeDestination, body: bytes) -> None:
    answer = read_answer(a_destination(accepted_if=SAYS_ACCEPTED), replied(200, body))
    assert (answer.kind, answer.reason, answer.said) == ("declined", "rejected", "could not read the answer")
    assert len(answer.notes) == 1


def test_an_answer_that_cannot_be_read_and_is_not_needed_is_judged(a_destination: MakeDestination) -> None:
    assert read_answer(a_destination(**PATHS), replied(200, b"{not json")).kind == "accepted"


@pytest.mark.parametrize(
    "rule",
    [
        {"!!": {"missing": ["body.error"]}},
        {"!": {"var": {"cat": ["body", ".error"]}}},
        {"blank": [{"var": "body.error"}]},
        {"!!": {"var": ["headers.x", {"var": "body"}]}},
    ],
)
def test_an_answer_that_cannot_be_read_is_no_yes_by_saying_nothing(
    a_destination: MakeDestination, rule: object
) -> None:
    destination = a_destination(accepted_if=rule)
    assert read_answer(destination, replied(200, {"fine": 1})).kind == "accepted"
    assert read_answer(destination, replied(200, b"{not json")).said == "could not read the answer"


def test_a_rule_that_cannot_be_decided_is_neither_yes_nor_no(a_destination: MakeDestination) -> None:
    long = {"matches": [{"cat": [{"var": "body.a"}, {"var": "body.a"}]}, "x"]}
    answer = read_answer(a_destination(accepted_if=long), replied(200, {"a": "y" * 40_000}))
    assert (answer.kind, answer.reason) == ("ambiguous", "unknown")
    assert answer.said.startswith("could not read the answer: ")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"code": "DUP"}, "duplicate"),
        ({"code": "FULL"}, "cap_reached"),
        ({"code": "?"}, "rejected"),
        (None, "rejected"),
    ],
)
def test_a_no_has_a_reason(a_destination: MakeDestination, body: object, reason: str) -> None:
    reasons = [
        [{"is": [{"var": "body.code"}, "DUP"]}, "duplicate"],
        [{"is": [{"var": "body.code"}, "full"]}, "cap_reached"],
    ]
    assert read_answer(a_destination(reasons=reasons), replied(422, body)).reason == reason


def test_a_reason_that_cannot_be_decided_does_not_undo_a_no(a_destination: MakeDestination) -> None:
    long = {"matches": [{"cat": [{"var": "body.a"}, {"var": "body.a"}]}, "x"]}
    answer = read_answer(a_destination(reasons=[[long, "duplicate"]]), replied(422, {"a": "y" * 40_000}))
    assert (answer.kind, answer.reason) == ("declined", "rejected")


def test_reason_price_and_reference_are_read_by_path(a_destination: MakeDestination) -> None:
    body = {"reason": "fine", "price": 31.5, "id": "ref-1"}
    answer = read_answer(a_destination(**PATHS), replied(200, body))
    assert (answer.said, answer.price, answer.reference) == ("fine", Decimal("31.5"), "ref-1")


def test_a_header_can_be_read(a_destination: MakeDestination) -> None:
    destination = a_destination(price_path="headers.x-price", accepted_if={"is": [{"var": "headers.x-ok"}, "1"]})
    answer = read_answer(destination, replied(200, None, ("x-price", "12.34"), ("x-ok", "1")))
    assert (answer.kind, answer.price) == ("accepted", Decimal("12.34"))


@pytest.mark.parametrize(
    ("price", "read"),
    [
        ("42.00", "42.00"), ("$1,042.50", "1042.50"), (42, "42"), (0, "0"), ("", None), (None, None),
        (-1, None), ("NaN", None), ("Infinity", None), ("1e400", None), ("free", None), (True, None), ({}, None),
        ([5], None), (10**15, None),
    ],
)  # fmt: skip
def test_a_price_is_used_or_noted(a_destination: MakeDestination, price: object, read: str | None) -> None:
    answer = read_answer(a_destination(**PATHS), replied(200, {"price": price}))
    assert (answer.kind, answer.price) == ("accepted", read and Decimal(read))
    assert bool(answer.notes) == (read is None and price not in ("", None))


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("no\r\n\x1b[31m room\x00", "no [31m room"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 400, "x" * 299 + "…"),
        (5, "5"), ({"a": 1}, "the server answered 400"), (None, "the server answered 400"),
        ("\u202egnp.exe", "gnp.exe"),
    ],
)  # fmt: skip
def test_what_the_buyer_said_is_one_clean_line(a_destination: MakeDestination, said: object, read: str) -> None:
    assert read_answer(a_destination(**PATHS), replied(400, {"reason": said})).said == read


@pytest.mark.parametrize(
    ("answer", "content_type", "body", "seen"),
    [
        ("auto", "application/json", b'{"a":1.10}', {"a": Decimal("1.10")}),
        ("auto", "application/problem+json", b"[1]", [1]),
        ("auto", "text/html", b' {"a":1}\n', {"a": 1}),
        ("auto", "text/html", b"{not json}", "{not json}"),
        ("auto", "", b"OK", "OK"),
        ("auto", "application/x-www-form-urlencoded", b"a=1&b=&a=2", {"a": "2", "b": ""}),
        ("auto", "application/json", b"", None),
        ("auto", "text/plain; charset=iso-8859-1", b"Zo\xeb", "Zoë"),
        ("auto", "text/plain", b"a\xff", "a\ufffd"),
        ("json", "text/plain", b'"ok"', "ok"),
        ("form", "text/plain", b"status=ok", {"status": "ok"}),
        ("text", "application/json", b'{"a":1}', '{"a":1}'),
    ],
)
def test_a_body_is_read_by_its_format(answer: str, content_type: str, body: bytes, seen: Any) -> None:
    assert read_body(Reply(200, (("content-type", content_type),), body), answer) == seen


DATE = ("date", "Fri, 20 Nov 2026 18:00:00 GMT")


@pytest.mark.parametrize(
    ("asked", "date", "seconds"),
    [
        ("120", None, 120), ("0", None, 0), ("999999999", None, 3600),
        ("Fri, 20 Nov 2026 18:02:00 GMT", DATE, 120), ("Fri, 20 Nov 2026 17:00:00 GMT", DATE, 0),
        ("Sat, 21 Nov 2026 18:00:00 GMT", DATE, 3600), ("Fri, 20 Nov 2026 18:02:00 GMT", None, None),
        ("soon", DATE, None), ("-5", DATE, None), ("1.5", None, None), ("", None, None), ("١٢", None, None),
        ("9" * 5000, None, None),
        ("Fri, 99 Nov 2026 18:02:00 GMT", DATE, None),
    ],
)  # fmt: skip
def test_retry_after_is_honoured_up_to_an_hour(asked: str, date: tuple[str, str] | None, seconds: int | None) -> None:
    """Case b32 of the table."""
    assert read_retry_after(Reply(429, (("retry-after", asked), *([date] if date else [])))) == seconds


def test_an_error_says_when_to_ask_again(a_destination: MakeDestination) -> None:
    assert read_answer(a_destination(), replied(429, None, ("retry-after", "120"))).retry_after == 120
