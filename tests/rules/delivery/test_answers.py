"""What buyers answer and what is read in it, by table; and the ready ways to answer."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.destination import Destination
from rules.delivery.presets import ANSWER_STYLES
from rules.delivery.response import Reply, read_answer
from tests.support.cases import rows

MakeDestination = Callable[..., Destination]


def replied(status: int, headers: str | dict[str, str] | None, body: str) -> Reply:
    named = {"content-type": headers} if isinstance(headers, str) else headers or {}
    encoding = "latin-1" if "8859" in named.get("content-type", "") else "utf-8"
    return Reply(status, tuple(named.items()), body.encode(encoding))


@pytest.mark.parametrize(
    ("settings", "status", "headers", "body", "kind", "reason", "price", "reference"), rows("answers.json")
)
def test_an_answer_is_read(
    a_destination: MakeDestination,
    settings: dict[str, Any],
    status: int,
    headers: Any,
    body: str,
    kind: str,
    reason: str | None,
    price: str | None,
    reference: str | None,
) -> None:
    answer = read_answer(a_destination(**settings), replied(status, headers, body))

    assert (answer.kind, answer.reason) == (kind, reason)
    assert (answer.price, answer.reference) == (price and Decimal(price), reference)


@pytest.mark.parametrize("body", ["{not json", "<!DOCTYPE a>", '{"status":"accepted"'])
def test_an_unclear_answer_says_that_it_could_not_be_read(a_destination: MakeDestination, body: str) -> None:
    destination = a_destination(
        answer="xml" if "<" in body else "json", accepted_if={"is": [{"var": "body.status"}, "accepted"]}
    )
    assert read_answer(destination, Reply(200, (), body.encode())).said == "could not read the answer"


YES = {
    "http": ("application/json", ""),
    "status": ("application/json", '{"status": "accepted", "price": 42, "id": "S-1"}'),
    "success": ("application/json", '{"success": true, "price": "42", "id": "S-1"}'),
    "outcome": ("application/json", '{"outcome": "success", "price": 42, "lead": {"id": "S-1"}}'),
    "result": ("application/json", '{"result": "success", "price": 42, "lead_id": "S-1"}'),
    "xml": ("text/xml", "<response><status>matched</status><price>42</price><id>S-1</id></response>"),
    "text": ("text/plain", "Accepted"),
}


@pytest.mark.parametrize("name", ANSWER_STYLES)
def test_a_ready_way_to_answer_tells_a_yes_from_a_no(a_destination: MakeDestination, name: str) -> None:
    style, (content_type, body) = ANSWER_STYLES[name], YES[name]
    paths = {key: getattr(style, key) for key in ("reason_path", "price_path", "reference_path")}
    destination = a_destination(accepted_if=style.accepted_if, answer=style.answer, **paths)

    yes, no = (read_answer(destination, replied(status, content_type, body)) for status in (200, 400))

    assert (yes.kind, no.kind) == ("accepted", "declined")
    assert (yes.price, yes.reference) == ((Decimal(42), "S-1") if style.price_path else (None, None))
