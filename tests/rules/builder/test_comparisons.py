"""The comparisons of the builder cover what the language offers, each with its own words."""

import pytest

from rules.builder.comparisons import COMPARISONS, FITTING, comparisons_for, label_for
from rules.fields import TYPES, Field, type_of
from rules.operators.table import OPERATORS
from rules.operators.typed import TYPED

# What the builder says with another comparison of the type, or what says nothing of it.
LEFT_OUT = {
    "text": {"valid", "not_valid"},
    "country": {"country_in"},
    "multi": {"contains", "not_contains"},
    "boolean": {"valid", "not_valid", "is", "is_not"},
}


@pytest.mark.parametrize("kind", [*TYPES, "moment"])
def test_every_operator_of_a_type_can_be_chosen(kind: str) -> None:
    offered = {one.operator for one in comparisons_for(Field("x", kind))}

    assert set(type_of(Field("x", kind)).operators) - LEFT_OUT.get(kind, set()) <= offered
    assert offered <= set(type_of(Field("x", kind)).operators) | {"in_list"}


@pytest.mark.parametrize("kind", [*TYPES, "moment"])
def test_no_two_comparisons_of_a_type_are_called_the_same(kind: str) -> None:
    field = Field("x", kind)
    labels = [label_for(one, field) for one in comparisons_for(field)]

    assert len(set(labels)) == len(labels) == len(FITTING[kind])


def test_every_operator_of_the_rule_builder_has_a_comparison() -> None:
    assert {one.operator for one in COMPARISONS.values() if not one.denied} == {
        *(operator.key for operator in TYPED),
        "in_list",
    }


def test_a_denial_is_only_there_where_no_operator_says_it() -> None:
    assert not [one.key for one in COMPARISONS.values() if one.denied and OPERATORS[one.operator].opposite]
