"""Rules and expressions in plain words, by table."""

from typing import Any

import pytest

from rules.flow_wording import Names, rail
from rules.logic import compile_rule
from rules.operators.shaping import SHAPING
from rules.operators.typed import TYPED
from rules.plain_words import say_flow
from rules.wording import say_condition, say_rule, say_seen, say_value
from tests.rules.flows import a_flow
from tests.support.a_lead import FIELDS, data_of
from tests.support.cases import rows

NAMES = {"flow.min_bill": "Lowest bill"}
STATE, PRODUCT = {"var": "lead.state"}, {"var": "lead.product"}


@pytest.mark.parametrize(("rule", "sentence"), rows("sayings.json"))
def test_a_rule_is_said(rule: Any, sentence: str) -> None:
    assert say_rule(rule, FIELDS, names=NAMES) == sentence


@pytest.mark.parametrize(("expression", "currency", "words"), rows("value_sayings.json"))
def test_an_expression_is_said(expression: Any, currency: str | None, words: str) -> None:
    assert say_value(expression, FIELDS, currency, names=NAMES) == words


EDITOR_NAMES = {"flow.min_bill": "Min bill", "step.s1.outcome": "outcome of step 1"}
AROUND = Names({"con_a": "Sunrise Energy", "con_b": "Brightroof"}, sources=3, lists={"lst_LA": "Zip list: LA metro"})


@pytest.mark.parametrize(("what", "document", "sentence"), rows("wording_editor.json"))
def test_what_the_editor_shows_is_said(what: str, document: Any, sentence: str) -> None:
    said = {
        "rule": lambda: say_rule(document, FIELDS, names={**EDITOR_NAMES, **AROUND.lists}),
        "step": lambda: next(card for card in rail(a_flow(document), AROUND) if card.number == 1).sentence,
        "flow": lambda: say_flow(a_flow(**document), AROUND),
    }
    assert said[what]() == sentence


@pytest.mark.parametrize("operator", TYPED, ids=lambda operator: operator.key)
def test_each_operator_of_the_rule_builder_has_a_row(operator: Any) -> None:
    assert any(f"'{operator.key}': " in str(row.values[0]) for row in rows("sayings.json"))


@pytest.mark.parametrize("operator", SHAPING, ids=lambda operator: operator.key)
def test_each_shaping_operator_has_words(operator: Any) -> None:
    document = {operator.key: [STATE, "x", "y"][: operator.least]}

    assert say_value(document, FIELDS).count("State") == 1
    assert "{" not in say_value(document, FIELDS)


def test_the_currency_of_the_flow_is_said() -> None:
    assert say_rule({"more_than": [{"var": "lead.monthly_bill"}, 120]}, FIELDS, currency="GBP").endswith("£120")


def test_a_long_rule_is_cut_to_what_a_card_can_hold() -> None:
    rule = {"and": [{"is": [{"var": "lead.city"}, f"City {number}"]} for number in range(6)]}

    said = say_rule(rule, FIELDS, most_words=18)

    assert said == "City is City 0, City is City 1, City is City 2 … and 3 more rules"
    assert "more rules" not in say_rule(rule, FIELDS, most_words=60)


def test_a_trace_reads_like_the_rule_with_what_the_lead_has() -> None:
    rule = compile_rule({"and": [{"any_of": [STATE, ["CA"]]}, {"!": {"is": [PRODUCT, "solar"]}}]}, FIELDS)
    conditions = rule.trace(data_of({"state": "NV", "product": "solar"})).conditions

    assert [(say_condition(c), say_seen(c), c.verdict) for c in conditions] == [
        ("State is CA", "lead has NV", False),
        ("Product is not Solar", "not looked at", None),
    ]


def test_a_blank_value_is_said_to_be_nothing() -> None:
    condition = compile_rule({"is": [STATE, "CA"]}, FIELDS).trace(data_of({})).conditions[0]

    assert say_seen(condition) == "lead has nothing"


@pytest.mark.parametrize("depth", [40, 100_000])
def test_a_rule_too_deep_to_say_is_still_said_to_be_there(depth: int) -> None:
    rule: Any = True
    for _ in range(depth):
        rule = {"and": [rule, {"is": [STATE, "CA"]}]}

    assert say_rule(rule, FIELDS)
    assert say_value(rule, FIELDS)


def test_many_values_are_counted_as_people_write_numbers() -> None:
    states = {"any_of": [{"var": "lead.zip_code"}, [f"{number:05}" for number in range(5000)]]}
    assert say_rule(states, FIELDS).endswith("and 4,997 more")
