"""The buttons of the builder: add, delete, copy, move, turn off, put in a group, ready-made rules."""

from typing import Any

import pytest

from rules.builder import Group, Row, draw, write
from rules.builder.actions import act, read_path, show_path
from rules.builder.judging import problems_by_path
from rules.builder.ready import ready_made
from tests.support.a_lead import FIELDS
from tests.support.made_rules import PLACES

CA, NV = {"is": [{"var": "lead.state"}, "CA"]}, {"is_not": [{"var": "lead.state"}, "NV"]}
SOLAR = {"is": [{"var": "lead.product"}, "solar"]}
CONTAINS = {"contains": [{"var": "lead.city"}, ["san", "los"]]}
NEW = {"filled": [{"var": ""}]}
STATES = {"any_of": [{"var": "lead.state"}, ["CA", "XX", "NV"]]}


@pytest.mark.parametrize(
    ("rule", "action", "path", "extra", "after"),
    [
        (None, "add-rule", "", "", NEW),
        (CA, "add-rule", "", "", {"and": [CA, NEW]}),
        ({"and": [CA, {"or": [NV]}]}, "add-rule", "1", "", {"and": [CA, {"or": [NV, NEW]}]}),
        (CA, "add-group", "", "", {"and": [CA, {"or": [NEW]}]}),
        ({"or": [CA, NV]}, "add-group", "", "", {"or": [CA, NV, {"and": [NEW]}]}),
        ({"and": [{"or": [{"and": [CA]}]}]}, "add-group", "0.0", "", {"and": [{"or": [{"and": [CA]}]}]}),
        ({"and": [CA, NV]}, "delete", "1", "", CA),
        ({"and": [CA, {"or": [NV]}]}, "delete", "1.0", "", CA),
        ({"and": [CA, {"or": [NV, SOLAR]}]}, "delete", "1.0", "", {"and": [CA, {"or": [SOLAR]}]}),
        (CA, "delete", "0", "", {"and": []}),
        (CA, "duplicate", "0", "", {"and": [CA, CA]}),
        ({"and": [CA, NV]}, "up", "1", "", {"and": [NV, CA]}),
        ({"and": [CA, NV]}, "up", "0", "", {"and": [CA, NV]}),
        ({"and": [CA, {"or": [NV, SOLAR]}]}, "down", "1.0", "", {"and": [CA, {"or": [SOLAR, NV]}]}),
        ({"and": [CA, {"or": [NV, SOLAR]}]}, "down", "1.1", "", {"and": [CA, {"or": [NV, SOLAR]}]}),
        (CA, "off", "0", "", {"and": [{"or": [True, CA]}]}),
        ({"and": [{"or": [True, CA]}]}, "on", "0", "", CA),
        ({"or": [CA, NV]}, "off", "1", "", {"or": [CA, {"and": [False, NV]}]}),
        ({"and": [CA, NV]}, "group", "1", "", {"and": [CA, {"or": [NV]}]}),
        ({"and": [CA, NV]}, "filled", "1", "", {"and": [CA, NV, {"filled": [{"var": "lead.state"}]}]}),
        ({"or": [SOLAR, NV]}, "filled", "1", "", {"or": [SOLAR, {"and": [NV, {"filled": [{"var": "lead.state"}]}]}]}),
        (STATES, "drop", "0", "1", {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}),
        (STATES, "drop-unread", "0", "", {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}),
        (CA, "bogus", "0", "", CA),
        (CA, "delete", "7", "", CA),
        (CA, "drop", "0", "0", CA),
        (CONTAINS, "drop", "0", "0", {"contains": [{"var": "lead.city"}, "los"]}),
    ],
)
def test_what_a_button_makes_of_a_rule(rule: Any, action: str, path: str, extra: str, after: Any) -> None:
    group = act(draw(rule, FIELDS) or Group(), action, read_path(path), extra, PLACES)

    assert write(group) == after


def test_a_region_adds_its_states_once() -> None:
    group = act(draw(STATES, FIELDS) or Group(), "region", (0,), "Northeast", PLACES)

    row = group.parts[0]
    assert isinstance(row, Row)
    assert row.values[0] == ["CA", "XX", "NV", "CT", "ME", "MA", "NH", "RI", "VT", "NJ", "NY", "PA"]
    assert act(group, "region", (0,), "Northeast", PLACES) == group


@pytest.mark.parametrize("ready", ready_made(PLACES), ids=lambda ready: ready.key)
def test_a_ready_made_rule_is_whole_or_waits_for_its_values(ready: Any) -> None:
    group = act(Group(), "ready", (), ready.key, PLACES)

    assert group.parts == ready.rows
    assert draw(write(group), FIELDS) == group
    found = {problem.code for problems in problems_by_path(group, PLACES).values() for problem in problems}
    assert found <= {"empty_list", "unknown_zip_code", "blank_value"}


@pytest.mark.parametrize(("text", "path"), [("", ()), ("0", (0,)), ("1.0.2", (1, 0, 2)), ("x", ()), ("1.-1", (1,))])
def test_a_button_names_its_place(text: str, path: tuple[int, ...]) -> None:
    assert read_path(text) == path
    assert read_path(show_path(path)) == path
