"""Mapped fields in every format, by table: the exact bytes of the body, or the query of the address."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.destination import Destination
from rules.delivery.formats import FORMATS, NotWritable
from rules.delivery.request import CannotBuild, build_request
from tests.support.a_lead import data_of
from tests.support.cases import rows

Fields = list[tuple[str, Any]]
MakeDestination = Callable[..., Destination]
MOMENT = datetime(2026, 11, 20, 18, 41, 58, 120000, tzinfo=UTC)
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'
OFFER = {"id": "off_1", "lead_id": "led_1", "attempt": 1, "is_test": False, "sent_at": "2026-11-20T18:41:59.000Z"}
URL = "https://api.sunrise.example.com/leads"


@pytest.mark.parametrize(("mapping", "posted", "json", "form", "xml", "query"), rows("formats.json"))
def test_a_lead_is_written(
    a_destination: MakeDestination, mapping: Any, posted: Any, json: str, form: str, xml: str, query: str
) -> None:
    written = {
        name: build_request(a_destination(format=name, mapping=mapping), data_of(posted), OFFER, {}) for name in FORMATS
    }

    bodies = {name: request.body.decode() for name, request in written.items()}
    assert bodies == {"json": json, "form": form, "xml": DECLARED + xml, "query": ""}
    assert written["query"].url == (f"{URL}?{query}" if query else URL)


@pytest.mark.parametrize(
    ("fields", "json", "form", "xml"),
    [
        ([("price", Decimal("31.50"))], '{"price":31.50}', "price=31.50", "<price>31.50</price>"),
        ([("day", date(2026, 11, 20))], '{"day":"2026-11-20"}', "day=2026-11-20", "<day>2026-11-20</day>"),
        (
            [("at", MOMENT)],
            '{"at":"2026-11-20T18:41:58.120Z"}',
            "at=2026-11-20T18%3A41%3A58.120Z",
            "<at>2026-11-20T18:41:58.120Z</at>",
        ),
        (
            [("deep", {"a": [date(2026, 1, 2)]})],
            '{"deep":{"a":["2026-01-02"]}}',
            None,
            "<deep><a>2026-01-02</a></deep>",
        ),
        ([("a\r\nb", "{{lead.x}}\r\n")], '{"a\\r\\nb":"{{lead.x}}\\r\\n"}', "a%0D%0Ab=%7B%7Blead.x%7D%7D%0D%0A", None),
    ],
)
def test_values_are_written(fields: Fields, json: str, form: str | None, xml: str | None) -> None:
    assert FORMATS["json"].write(fields).decode() == json
    assert form is None or FORMATS["form"].write(fields).decode() == form
    assert xml is None or FORMATS["xml"].write(fields).decode() == f"{DECLARED}<lead>{xml}</lead>"


def test_the_root_element_is_a_setting(a_destination: MakeDestination) -> None:
    destination = a_destination(format="xml", xml_root="Application", mapping=[["a", 1]])
    request = build_request(destination, {}, OFFER, {})
    assert request.body.decode() == f"{DECLARED}<Application><a>1</a></Application>"
    assert dict(request.headers)["Content-Type"] == "application/xml; charset=utf-8"


def test_an_object_whose_keys_are_no_elements_is_not_written() -> None:
    with pytest.raises(NotWritable, match="cannot be the name"):
        FORMATS["xml"].write([("a", {"1 2": "x"})])


def test_a_query_is_merged_with_the_one_of_the_address(a_destination: MakeDestination) -> None:
    destination = a_destination(
        method="GET", format="query", url=f"{URL}?campaign=7&s={{{{lead.state}}}}", mapping=[["a", "b c"]]
    )
    request = build_request(destination, {"lead": {"state": "CA"}}, OFFER, {})
    assert (request.method, request.url, request.body) == ("GET", f"{URL}?campaign=7&s=CA&a=b+c", b"")
    assert "Content-Type" not in dict(request.headers)


def test_a_lead_that_is_too_long_for_a_query_is_not_sent(a_destination: MakeDestination) -> None:
    destination = a_destination(format="query", mapping=[["note", {"var": "lead.note"}]])
    with pytest.raises(CannotBuild, match="8000"):
        build_request(destination, {"lead": {"note": "x" * 8000}}, OFFER, {})
