"""Documents of our own are read exactly, and what is no JSON is not taken for some."""

from decimal import Decimal
from json import JSONDecodeError, loads

import pytest

from flowbuilder.db import read_json, write_json


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"price": 31.50, "n": 3}', {"price": Decimal("31.50"), "n": 3}),
        (' \t\r\n[1, "\u00a0"] \n', [1, "\u00a0"]),
        (b"null", None),
        (b'"\xc3\xa9"', "\xe9"),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)
def test_a_document_is_read_exactly(text: str | bytes, document: object):
    assert read_json(text) == document
    assert read_json(write_json(read_json(text))) == document


@pytest.mark.parametrize(
    "text", ["", " ", "{", '{"a": 1} b', "{}{}", "[1],", "1 2", "\u00a0{}", "{}\u00a0", "nul", "'a'"]
)
def test_what_is_no_json_is_refused(text: str):
    with pytest.raises(JSONDecodeError) as refused:
        read_json(text)
    with pytest.raises(JSONDecodeError) as usual:
        loads(text)
    assert refused.value.msg == usual.value.msg
