"""One table of mapped fields, written in every format."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.formats import FORMATS

Fields = list[tuple[str, Any]]
MOMENT = datetime(2026, 11, 20, 18, 41, 58, 120000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "json", "form"),
    [
        ([("email", "a@b.example"), ("n", 5)], '{"email":"a@b.example","n":5}', "email=a%40b.example&n=5"),
        ([("name", "Zoë & Co")], '{"name":"Zoë & Co"}', "name=Zo%C3%AB+%26+Co"),
        ([("to.email", "a"), ("to.phone", "b")], '{"to":{"email":"a","phone":"b"}}', "to.email=a&to.phone=b"),
        ([("price", Decimal("31.50"))], '{"price":31.50}', "price=31.50"),
        ([("ok", True), ("no", False)], '{"ok":true,"no":false}', "ok=true&no=false"),
        ([("tags", ["a", "b"])], '{"tags":["a","b"]}', "tags=a&tags=b"),
        ([("day", date(2026, 11, 20))], '{"day":"2026-11-20"}', "day=2026-11-20"),
        ([("at", MOMENT)], '{"at":"2026-11-20T18:41:58.120Z"}', "at=2026-11-20T18%3A41%3A58.120Z"),
        ([("empty", "")], '{"empty":""}', "empty="),
        ([("deep", {"a": [date(2026, 1, 2)]})], '{"deep":{"a":["2026-01-02"]}}', None),
        ([("a\r\nb", "{{lead.x}}\r\n")], '{"a\\r\\nb":"{{lead.x}}\\r\\n"}', "a%0D%0Ab=%7B%7Blead.x%7D%7D%0D%0A"),
        ([], "{}", ""),
    ],
)  # fmt: skip
def test_fields_are_written(fields: Fields, json: str, form: str | None) -> None:
    assert FORMATS["json"].write(fields).decode() == json
    if form is not None:
        assert FORMATS["form"].write(fields).decode() == form
