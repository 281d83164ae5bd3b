"""Rules that no lead can make true, and those that every lead does: by table, and against the evaluator."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.allowed import Allowed, Stretch, numbers, points
from rules.builder import Group, write
from rules.certainty import certain_verdict, contradiction_in, never_true
from rules.logic import RuleError, compile_rule, truthy
from tests.support.a_lead import FIELDS, data_of
from tests.support.cases import rows
from tests.support.made_rules import SAMPLES, groups


@pytest.mark.parametrize(("rule", "verdict"), rows("certainty.json"))
def test_what_is_certain_of_a_rule(rule: Any, verdict: bool | None) -> None:
    assert certain_verdict(compile_rule(rule, FIELDS)) is verdict


def test_a_contradiction_names_the_field_that_it_is_about() -> None:
    rule = {
        "and": [{"at_least": [{"var": "lead.credit_score"}, 700]}, {"less_than": [{"var": "lead.credit_score"}, 650]}]
    }

    assert contradiction_in(compile_rule(rule, FIELDS)) == "Credit score"
    assert contradiction_in(compile_rule({"and": [False]}, FIELDS)) == ""


POSTED = st.fixed_dictionaries(
    {},
    optional={
        key: st.sampled_from(field.options or SAMPLES.get(field.type, ("Austin", "x")))
        for key, field in FIELDS.items()
        if field.type not in ("multi", "certificate")
    },
)


@settings(max_examples=1500)
@given(groups(), POSTED)
def test_what_is_certain_is_so_for_every_lead(group: Group, posted: dict[str, Any]) -> None:
    try:
        rule = compile_rule(write(group), FIELDS)
    except RuleError:
        return
    never, always = never_true(rule.document, FIELDS), never_true({"!": rule.document}, FIELDS)
    try:
        verdict = truthy(rule(data_of(posted)))
    except RuleError:
        return
    assert not (verdict and never is not None)
    assert verdict or always is None


SIX = points([6])
UP_TO_SIX, FROM_SIX, OVER_SIX = (
    numbers(one) for one in (Stretch(high=6), Stretch(low=6), Stretch(low=6, low_open=True))
)


def test_stretches_of_numbers_meet_and_leave_gaps() -> None:
    assert UP_TO_SIX.meets(FROM_SIX) == SIX
    assert UP_TO_SIX.meets(OVER_SIX).is_empty()
    assert UP_TO_SIX.contrary() == Allowed(blank=True, stretches=OVER_SIX.stretches)
    assert UP_TO_SIX.contrary().contrary() == UP_TO_SIX
    assert UP_TO_SIX.joins(OVER_SIX).contrary() == Allowed(blank=True, stretches=())
    assert SIX.contrary().meets(SIX).is_empty()


def test_sets_of_values_meet_and_have_contraries() -> None:
    some, others = (
        Allowed(blank=False, values=frozenset("ab")),
        Allowed(blank=True, values=frozenset("b"), all_but=True),
    )

    assert some.meets(others) == Allowed(blank=False, values=frozenset("a"))
    assert some.contrary() == Allowed(blank=True, values=frozenset("ab"), all_but=True)
    assert some.meets(some.contrary()).is_empty()
    assert some.joins(some.contrary()).contrary().is_empty()
