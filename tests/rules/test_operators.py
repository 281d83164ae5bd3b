"""Every operator of the rule builder over every type it fits, by table."""

from itertools import chain
from typing import Any

import pytest

from rules.fields import MOMENT, TYPES
from rules.logic import check_rule, compile_rule
from rules.operators.table import OPERATORS
from rules.operators.typed import TYPED
from tests.support.a_lead import FIELDS, data_of
from tests.support.cases import rows


@pytest.mark.parametrize(("key", "operator", "beside", "posted", "expected"), rows("operators.json"))
def test_an_operator_decides_for_a_posted_value(
    key: str, operator: str, beside: list[Any], posted: Any, expected: bool
) -> None:
    rule = {operator: [{"var": f"lead.{key}"}, *beside]}

    assert check_rule(rule, "", FIELDS) == []
    assert compile_rule(rule, FIELDS)(data_of({key: posted})) is expected


@pytest.mark.parametrize(("rule", "posted", "expected"), rows("rules.json"))
def test_a_rule_decides_for_a_lead(rule: Any, posted: dict[str, Any], expected: bool) -> None:
    assert compile_rule(rule, FIELDS)(data_of(posted)) is expected


@pytest.mark.parametrize("operator", TYPED, ids=lambda operator: operator.key)
def test_each_operator_has_words_a_row_and_a_type_that_offers_it(operator: Any) -> None:
    told = chain(
        (row.values[1] for row in rows("operators.json")), chain(*(row.values[0] for row in rows("rules.json")))
    )

    assert "{0}" in operator.says
    assert operator.denies or OPERATORS[operator.opposite].opposite == operator.key
    assert operator.key in set(told)
    assert any(operator.key in field_type.operators for field_type in (*TYPES.values(), MOMENT))


@pytest.mark.parametrize("field_type", [*TYPES.values(), MOMENT], ids=lambda field_type: field_type.key)
def test_each_type_offers_only_operators_that_exist_and_each_once(field_type: Any) -> None:
    offered = field_type.operators

    assert set(offered) <= {operator.key for operator in TYPED}
    assert len(set(offered)) == len(offered)


def test_each_type_and_operator_it_offers_has_a_row() -> None:
    told = {(FIELDS[row.values[0]].type, row.values[1]) for row in rows("operators.json")}
    offered = {(key, operator) for key, field_type in TYPES.items() for operator in field_type.operators}

    assert offered - told == set()


def test_operator_keys_are_unique_across_all_tables() -> None:
    from rules.operators.classic import CLASSIC
    from rules.operators.shaping import SHAPING
    from rules.operators.stored import STORED

    assert len(OPERATORS) == len(CLASSIC) + len(TYPED) + len(SHAPING) + len(STORED)
