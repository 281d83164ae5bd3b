"""Expressions of mappings and prices, by table."""

from decimal import Decimal
from typing import Any

import pytest

from rules.logic import RuleError
from rules.operators.shaping import SHAPING
from rules.values import check_value, compile_value
from tests.support.a_lead import FIELDS, data_of
from tests.support.cases import rows


@pytest.mark.parametrize(("expression", "posted", "expected"), rows("expressions.json"))
def test_an_expression_gives_a_value(expression: Any, posted: dict[str, Any], expected: Any) -> None:
    value = compile_value(expression, FIELDS)(data_of(posted))

    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize("operator", SHAPING, ids=lambda operator: operator.key)
def test_each_shaping_operator_has_a_row(operator: Any) -> None:
    told = {key for row in rows("expressions.json") if isinstance(row.values[0], dict) for key in row.values[0]}

    assert operator.key in told


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ({"phone": [{"var": "lead.phone_1"}, "martian"]}, "bad_option"),
        ({"date": [{"var": "lead.dob"}, "yesterday"]}, "bad_option"),
        ({"date": [{"var": "lead.dob"}, "iso", "Mars/Olympus"]}, "unknown_time_zone"),
        ({"hash": ["x", "crc32"]}, "bad_option"),
        ({"number": ["x", "two"]}, "bad_option"),
        ({"number": ["x", "#,##0,00"]}, "bad_option"),
        ({"number": ["x", "#.##0.00"]}, "bad_option"),
        ({"number": ["x", 2]}, "bad_option"),
        ({"table": [{"var": "lead.city"}, []]}, "bad_table"),
        ({"table": [{"var": "lead.city"}, [["a"]]]}, "bad_table"),
        ({"table": [{"var": "lead.city"}, [["a", 1], ["A", 2]]]}, "doubled"),
        ("{{lead.first_name|upper}}", "bad_template"),
        ("{{ 1 + 1 }}", "bad_template"),
        ("{{flow.b.c.d.e.f}}", "bad_template"),
        ("{{lead.first_nam}}", "unknown_name"),
        ({"upper": []}, "wrong_arguments"),
        ({"cat": [{"var": "lead.nope"}]}, "unknown_name"),
    ],
)
def test_a_wrong_expression_is_one_problem(expression: Any, code: str) -> None:
    assert [problem.code for problem in check_value(expression, "mapping[0]", FIELDS)] == [code]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ({"+": [{"var": "lead.monthly_bill"}, 1]}, "not_a_number"),
        ({"/": [1, 0]}, "division_by_zero"),
        ({"%": [1, 0]}, "division_by_zero"),
        ({"*": [{"cat": ["1"] + ["0"] * 200}, {"cat": ["1"] + ["0"] * 200}]}, "number_too_large"),
        ({"cat": [{"var": ""}]}, "not_text"),
        ({"split": ["a", ""]}, "bad_separator"),
        ({"substr": ["a", "x"]}, "not_a_number"),
        ({"missing_some": ["x", "y"]}, "wrong_argument"),
    ],
)
def test_what_cannot_be_worked_out_is_an_error_and_no_value(expression: Any, code: str) -> None:
    with pytest.raises(RuleError) as raised:
        compile_value(expression, FIELDS)(data_of({}))

    assert raised.value.code == code


def test_sums_of_decimals_are_exact() -> None:
    assert compile_value({"+": [Decimal("0.1"), 0.2]}, {})({}) == Decimal("0.3")


def test_a_field_named_source_is_read_before_the_alias() -> None:
    from rules.fields import Field

    value = compile_value("{{lead.source}}", {"source": Field("source", "text")})

    assert value({"lead": {"source": "billboard"}, "source": {"name": "ACME"}}) == "billboard"


def test_a_template_names_the_paths_it_reads() -> None:
    assert compile_value("{{lead.city}} {{event_id}}", FIELDS).variables == {"lead.city", "offer.id"}
