"""JSON that strangers send is read strictly; JSON that is ours is written exactly."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import json_text
from rules.json_text import JsonProblem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"price": 42.10}', {"price": Decimal("42.10")}),
        ("[1, 2.50, true, null]", [1, Decimal("2.50"), True, None]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('"\\u00e9\\ud83d\\ude00"', "é😀"),
        ('{"na\\u0000me": "A\\u0000na"}', {"name": "Ana"}),
        ("1e3", Decimal("1E+3")),
        ("9" * 300, int("9" * 300)),
        ("-" + "9" * 300, -int("9" * 300)),
        ("[" * 32 + "]" * 32, None),
        ('"' + "[" * 100 + '"', "[" * 100),
        ('["\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]', ['"' + "[" * 35]),
    ],
)
def test_honest_json_is_read(text: Any, value: Any) -> None:
    read = json_text.read(text)

    assert value is None or read == value


def test_a_decimal_keeps_its_digits() -> None:
    assert str(json_text.read("42.10")) == "42.10"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}', "doubled_key"),
        ('[{"a": {"b": 1, "b": 1}}]', "doubled_key"),
        ('{"a": 1, "a\\u0000": 2}', "doubled_key"),
        ("NaN", "not_a_number"),
        ("[Infinity]", "not_a_number"),
        ("-Infinity", "not_a_number"),
        ("1e999", "number_too_large"),
        ("1e-999", "number_too_large"),
        ("1e99999999999999999999", "number_too_large"),
        ("9" * 301, "number_too_large"),
        ("0." + "1" * 300, "number_too_large"),
        ('"\\ud800"', "lone_surrogate"),
        ('{"\\udfff": 1}', "lone_surrogate"),
        ("\ud800", "not_utf8"),
        (b"\xff\xfe", "not_utf8"),
        ("[" * 33 + "]" * 33, "too_deep"),
        ('{"a":' * 33 + "1" + "}" * 33, "too_deep"),
        ("[" * 200_000, "too_deep"),
        ("", "not_json"),
        ("{", "not_json"),
        ("{'a': 1}", "not_json"),
        ('{"a": 1} x', "not_json"),
        ('"a\nb"', "not_json"),
        ("01", "not_json"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_doubtful_json_is_refused_with_a_sentence(text: Any, code: str) -> None:
    with pytest.raises(JsonProblem) as raised:
        json_text.read(text)

    assert raised.value.code == code
    assert raised.value.message.endswith(".")


def test_where_json_ends_is_said() -> None:
    with pytest.raises(JsonProblem) as raised:
        json_text.read('{"a": 1,\n "b": }')

    assert raised.value.message == "The text is not JSON: Expecting value at line 2, column 7."


@pytest.mark.parametrize("text", ['"' * 200_000, '"\\"' * 100_000, '["' + "\\" * 199_999, '[[[{{{"a":' * 20_000])
def test_hostile_text_is_refused_in_no_time(text: str) -> None:
    begin = time.process_time()

    with pytest.raises(JsonProblem):
        json_text.read(text)

    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"price": Decimal("42.00")}, b'{"price":42.00}'),
        ([Decimal("1E+3"), Decimal("-0.10")], b"[1E+3,-0.10]"),
        ({"a": None, "b": True, "c": "é"}, '{"a":null,"b":true,"c":"é"}'.encode()),
        (
            [2**70, -(2**63), {"a": (2**64,)}],
            b'[1180591620717411303424,-9223372036854775808,{"a":[18446744073709551616]}]',
        ),
        (UUID(int=0), b'"00000000-0000-0000-0000-000000000000"'),
    ],
)
def test_our_json_is_written_exactly(value: Any, text: bytes) -> None:
    assert json_text.write(value) == text


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 20, tzinfo=UTC),
        float("nan"),
        [None, float("inf")],
        {"a": {"b": float("-inf")}},
        Decimal("NaN"),
        Decimal("Infinity"),
        {1: "a"},
        {"a"},
        object(),
        "\ud800",
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_say_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        json_text.write(value)


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**299), 10**299),
        st.decimals(-(10**9), 10**9, places=4),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=4),
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(JSON)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert json_text.read(json_text.write(value)) == value


CODES = {"not_utf8", "not_json", "not_a_number", "number_too_large", "doubled_key", "too_deep", "lone_surrogate"}


@settings(max_examples=200)
@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_read_or_refused(text: Any) -> None:
    code = None
    try:
        json_text.write(json_text.read(text))
    except JsonProblem as problem:
        code = problem.code

    assert code is None or code in CODES
