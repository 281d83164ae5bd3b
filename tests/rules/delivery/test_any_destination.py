"""Whatever a destination's document is, whatever the lead and the answer are: problems, a request, or a reason."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import json_text
from rules.delivery import url
from rules.delivery.destination import Destination, parse_destination
from rules.delivery.request import CannotBuild, build_request
from rules.delivery.response import read_answer
from rules.delivery.wire import Reply
from rules.problems import Problem
from tests.rules.test_any_rule import JSON, POSTED
from tests.support.a_lead import seen_of
from tests.support.wild import changed

MANY = settings(max_examples=200)
DOCUMENTS = [
    {
        "url": "https://api.sunrise.example.com/leads?campaign={{source.name}}",
        "format": "json",
        "headers": {"X-Lead": "{{offer.lead_id}}", "Accept": "application/json"},
        "auth": {"type": "bearer", "token": "sk_live_x"},
        "mapping": [
            ["email", {"var": "lead.email"}, {"required": True}],
            ["phone", {"phone": [{"var": "lead.phone_1"}, "national"]}],
            ["contact.state", {"table": [{"var": "lead.state"}, [["CA", "California"]], "other"]}],
            ["price", {"var": "offer.price"}, {"when": {"filled": {"var": "lead.monthly_bill"}}}],
            ["note", "{{lead.first_name}} from {{lead.city}}"],
        ],
        "accepted_if": {"is": [{"var": "body.status"}, "accepted"]},
        "price_path": "body.price",
        "reason_path": "body.reason",
    },
    {
        "url": "https://api.sunrise.example.com/leads",
        "format": "xml",
        "method": "PUT",
        "mapping": [["email", {"var": "lead.email"}], ["bill", {"var": "lead.monthly_bill"}]],
        "auth": {"type": "basic", "username": "acme", "password": "x"},
        "reasons": [[{"contains": [{"var": "said"}, "twice"]}, "duplicate"]],
    },
    {
        "url": "https://api.sunrise.example.com/leads",
        "format": "query",
        "method": "GET",
        "mapping": [["email", {"var": "lead.email"}], ["state", {"state_name": [{"var": "lead.state"}]}]],
        "errors": [409],
    },
    {"url": "https://api.sunrise.example.com/leads", "format": "form", "mapping": [["email", {"var": "lead.email"}]]},
]
OFFER = {
    "id": "01K",
    "lead_id": "01L",
    "attempt": 1,
    "is_test": False,
    "price": Decimal("42.00"),
    "received_at": "2026-11-20T18:41:58.120Z",
    "sent_at": datetime(2026, 11, 20, 18, 42, tzinfo=UTC).isoformat(),
    "flow_name": "California solar",
    "source_name": "WebForms Co",
    "buyer": "Sunrise Energy",
}
HEADERS = st.lists(st.tuples(st.sampled_from(["content-type", "retry-after", "date", "x"]), st.text(max_size=20)))
BODIES = st.one_of(st.binary(max_size=80), JSON.map(lambda value: json.dumps(value, default=str).encode()))
REPLIES = st.builds(Reply, st.integers(100, 599), HEADERS.map(tuple), BODIES)


def read(document: Any) -> tuple[Destination | None, list[Problem]]:
    """Return the destination that a document describes, and its problems."""
    problems: list[Problem] = []
    return parse_destination(document, "destination", problems), problems


@MANY
@given(st.one_of(changed(DOCUMENTS), JSON))
def test_a_document_is_a_destination_or_has_problems(written: Any) -> None:
    destination, problems = read(written)

    assert (destination is None) is any(problem.severity == "error" for problem in problems)
    assert all(problem.path.startswith("destination") and problem.message for problem in problems)


@MANY
@given(changed(DOCUMENTS, most=2))
def test_a_document_that_is_written_and_read_again_is_the_same(written: Any) -> None:
    destination, problems = read(written)
    again, same = read(json_text.read(json_text.write(written)))

    assert json_text.read(json_text.write(written)) == written
    assert (again is None, same) == (destination is None, problems)


@MANY
@given(changed(DOCUMENTS, most=2), POSTED)
def test_any_lead_makes_a_request_or_a_reason_why_there_is_none(written: Any, posted: Any) -> None:
    destination, _ = read(written)
    if destination is None:
        return
    credentials = dict.fromkeys(destination.credentials, "secret")
    try:
        request = build_request(destination, seen_of(posted), OFFER, credentials)
    except CannotBuild:
        return
    assert url.parse(request.url, url.LONGEST_SENT).host == "api.sunrise.example.com"
    assert not any("\n" in text or "\r" in text for header in request.headers for text in header)


@MANY
@given(changed(DOCUMENTS, most=2), REPLIES)
def test_any_reply_is_an_answer_in_one_line(written: Any, reply: Reply) -> None:
    destination, _ = read(written)
    if destination is None:
        return
    answer = read_answer(destination, reply)

    assert answer.kind in ("accepted", "declined", "error", "ambiguous")
    assert "\n" not in answer.said
    assert answer.price is None or answer.price >= 0
