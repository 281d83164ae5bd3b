"""From a rule to rows and groups, and back: nothing is changed and nothing is lost."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from rules.builder import NO_RULE, Group, Opaque, Row, draw, parts_within, write
from rules.json_text import read
from rules.json_text import write as write_json
from rules.logic import RuleError, evaluate
from rules.turned_off import counting
from tests.support.a_lead import FIELDS, data_of
from tests.support.cases import FOLDER
from tests.support.made_rules import groups

STATE = {"var": "lead.state"}
IN_CA = {"is": [STATE, "CA"]}
SOLAR = {"is": [{"var": "lead.product"}, "solar"]}
POSTED = ({}, {"state": "CA", "product": "solar", "monthly_bill": "$130"}, {"state": "NV", "dob": "1985-01-05"})


@settings(max_examples=2000)
@given(groups())
def test_what_people_build_is_the_same_after_it_was_written_stored_and_drawn(group: Group) -> None:
    rule = read(write_json(write(group)))

    assert draw(rule, FIELDS) == group
    assert write(draw(rule, FIELDS) or Group()) == rule


@settings(max_examples=300)
@given(groups())
def test_what_is_turned_off_changes_nothing(group: Group) -> None:
    rule = write(group)
    kept, off = counting(rule)

    assert off <= sum(part.off for _, part in parts_within(group))
    for posted in POSTED:
        assert outcome(rule, posted) == outcome(kept, posted)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"or": [{"and": [{"or": [{"and": [False, SOLAR]}]}, IN_CA]}]}, {"or": [{"and": [IN_CA, False]}]}),
        ({"and": [{"or": [{"and": [{"or": [True, SOLAR]}]}, IN_CA]}]}, {"and": [{"or": [IN_CA, True]}]}),
        ({"and": [{"or": [True, SOLAR]}, IN_CA]}, {"and": [IN_CA]}),
        ({"and": [SOLAR, IN_CA]}, {"and": [SOLAR, IN_CA]}),
    ],
)
def test_what_is_left_of_a_group_turns_nothing_else_off(rule: object, kept: object) -> None:
    assert counting(rule)[0] == kept


def outcome(rule: object, posted: dict[str, Any]) -> object:
    """Return a rule's verdict over a lead, or the error that it raises."""
    try:
        return bool(evaluate(rule, data_of(posted), FIELDS))
    except RuleError as error:
        return error.code


def every_rule() -> Iterator[Any]:
    """Yield every JSON-logic expression in the tables, wherever in a row it stands."""
    for path in sorted(FOLDER.glob("*.json")):
        pending: list[Any] = [json.loads(path.read_text(), parse_float=Decimal)]
        while pending:
            found = pending.pop()
            if isinstance(found, dict):
                yield found
            pending += found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()


def test_every_rule_of_the_tables_is_drawn_or_shown_whole() -> None:
    drawn = opaque = 0
    for rule in every_rule():
        group = draw(rule, FIELDS)
        if group is None:
            opaque += 1
        else:
            drawn += 1
            assert write(group) == rule
    assert drawn > 500
    assert opaque > 500


@pytest.mark.parametrize(
    ("rule", "group"),
    [
        (None, Group()),
        (NO_RULE, Group()),
        (IN_CA, Group("all", (Row("lead.state", "is", ("CA",)),), bare=True)),
        ({"and": [IN_CA]}, Group("all", (Row("lead.state", "is", ("CA",)),))),
        ({"or": [IN_CA]}, Group("any", (Row("lead.state", "is", ("CA",)),))),
        ({"!": {"or": [IN_CA]}}, Group("none", (Row("lead.state", "is", ("CA",)),))),
        ({"filled": STATE}, Group("all", (Row("lead.state", "filled"),))),
        ({"!": {"in_list": [STATE, "lst_A"]}}, Group("all", (Row("lead.state", "not_in_list", ("lst_A",)),))),
        ({"and": [{"or": [True, IN_CA]}]}, Group("all", (Row("lead.state", "is", ("CA",), off=True),))),
        ({"or": [{"and": [False, IN_CA]}]}, Group("any", (Row("lead.state", "is", ("CA",), off=True),))),
        ({"!": {"or": [{"and": [False, IN_CA]}]}}, Group("none", (Row("lead.state", "is", ("CA",), off=True),))),
        ({"and": [IN_CA, {"==": [1, 1]}]}, Group("all", (Row("lead.state", "is", ("CA",)), Opaque({"==": [1, 1]})))),
    ],
)
def test_how_a_rule_is_drawn(rule: Any, group: Group) -> None:
    assert draw(rule, FIELDS) == group
    assert write(draw(rule, FIELDS) or Group()) == (rule or NO_RULE)


@pytest.mark.parametrize(
    "rule",
    [
        True,
        "yes",
        {"==": [STATE, "CA"]},
        {"!": IN_CA},
        {"is": [{"var": ["lead.state"]}, "CA"]},
        {"is": ["CA", STATE]},
        {"any_of": [STATE, {"var": "flow.states"}]},
        {"within_last": [{"var": "lead.move_date"}, 30]},
        {"is": [STATE, "two\nlines"]},
        {"is": [STATE, ["CA"]]},
        {"and": IN_CA},
        {"and": [IN_CA], "or": [IN_CA]},
    ],
)
def test_what_cannot_be_drawn(rule: Any) -> None:
    assert draw(rule, FIELDS) is None


def test_a_group_that_stands_too_deep_is_one_part_as_it_is_written() -> None:
    deep = {"or": [IN_CA, SOLAR]}
    rule = {"and": [{"or": [{"and": [SOLAR, deep]}]}]}

    group = draw(rule, FIELDS)

    assert group is not None
    assert [part for _, part in parts_within(group)][-1] == Opaque(deep)
    assert write(group) == rule
