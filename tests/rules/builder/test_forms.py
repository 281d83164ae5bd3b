"""Rules from forms: what is posted becomes a rule, and what cannot be read stays as it was typed."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings

from rules.builder import COMPARISONS, NO_RULE, Group, Opaque, Row, draw, part_at, write
from rules.builder.forms import read_form
from rules.builder.model import Part, Path
from rules.builder.shapes import texts_of
from rules.json_text import write as write_json
from tests.support.a_lead import FIELDS
from tests.support.made_rules import PLACES, groups

POSTED: dict[str, list[str]] = {
    "how": ["all"],
    "0.field": ["lead.state"],
    "0.op": ["any_of"],
    "0.value": ["CA"],
    "0.add": ["nevada"],
    "1.how": ["any"],
    "1.0.field": ["lead.product"],
    "1.0.op": ["is"],
    "1.0.value": ["Solar"],
    "1.1.field": ["lead.monthly_bill"],
    "1.1.op": ["at_least"],
    "1.1.value": ["$120"],
    "2.field": ["lead.dob"],
    "2.op": ["age_between"],
    "2.value": ["25"],
    "2.value2": ["70"],
}


def read(posted: dict[str, list[str]], before: object = None) -> Any:
    """Return the rule that a form says."""
    return write(read_form(posted, PLACES, draw(before, FIELDS) or Group()).group)


def test_groups_in_groups() -> None:
    assert read(POSTED) == {
        "and": [
            {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]},
            {"or": [{"is": [{"var": "lead.product"}, "solar"]}, {"at_least": [{"var": "lead.monthly_bill"}, 120]}]},
            {"age_between": [{"var": "lead.dob"}, 25, 70]},
        ]
    }


def row(path: str, comparison: str, **inputs: Any) -> Any:
    """Return the rule of a single row."""
    posted = {"how": ["all"], "0.field": [path], "0.op": [comparison]}
    return read(posted | {f"0.{name}": one if isinstance(one, list) else [one] for name, one in inputs.items()})


@pytest.mark.parametrize(
    ("path", "comparison", "inputs", "beside"),
    [
        ("lead.monthly_bill", "at_least", {"value": "$1,200.50"}, [Decimal("1200.50")]),
        ("lead.monthly_bill", "at_least", {"value": "a lot"}, ["a lot"]),
        ("lead.monthly_bill", "at_least", {"side": "field", "other": "flow.min_bill"}, [{"var": "flow.min_bill"}]),
        (
            "lead.credit_score",
            "between",
            {"value": "600", "side2": "field", "other2": "flow.min_bill"},
            [600, {"var": "flow.min_bill"}],
        ),
        ("lead.city", "contains", {"value": "san"}, ["san"]),
        ("lead.city", "contains", {"value": "san\nlos"}, [["san", "los"]]),
        ("lead.city", "any_of", {"add": "Austin, Dallas"}, [["Austin", "Dallas"]]),
        ("lead.city", "any_of", {"add": "Washington, DC\nAustin"}, [["Washington, DC", "Austin"]]),
        ("lead.interests", "any_of", {"add": "Kitchen, bath"}, [["Kitchen, bath"]]),
        ("lead.zip_code", "any_of", {"add": "94105\t10001,73301;94105"}, [["94105", "10001", "73301"]]),
        ("lead.move_date", "before", {"value": "11/20/2026"}, ["2026-11-20"]),
        ("lead.move_date", "within_next", {"value": "30", "unit": "d"}, ["30d"]),
        ("lead.move_date", "within_next", {"value": "2", "unit": "w"}, ["2w"]),
        ("lead.move_date", "within_next", {"value": "some", "unit": "d"}, ["somed"]),
        ("lead.homeowner", "yes", {}, []),
        ("lead.phone_1", "area_code_in", {"add": "213 310"}, [["213 310"]]),
        ("lead.phone_1", "country_in", {"add": "germany"}, [["DE"]]),
        ("lead.phone_1", "is", {"value": "(512) 555-1234"}, ["+15125551234"]),
        ("run.now", "day_is", {"value": ["fri", "mon"]}, [["mon", "fri"]]),
        ("run.now", "time_between", {"value": "08:00", "value2": "18:00", "zone": ""}, ["08:00", "18:00"]),
        ("lead.zip_code", "near", {"value": "94105", "value2": "25", "unit": "mi"}, ["94105", 25]),
        ("lead.zip_code", "near", {"value": "94105", "value2": "25", "unit": "km"}, ["94105", 25, "km"]),
        ("lead.income", "at_least", {"value": "50,000"}, [50000]),
        ("lead.state", "is", {}, [""]),
        ("lead.state", "any_of", {}, [[]]),
    ],
)
def test_what_is_typed_beside_a_field(path: str, comparison: str, inputs: dict[str, Any], beside: list[Any]) -> None:
    assert row(path, comparison, **inputs) == {comparison: [{"var": path}, *beside]}


def test_a_denial_and_a_stored_list() -> None:
    assert row("lead.email", "not_in_list", value="lst_A") == {"!": {"in_list": [{"var": "lead.email"}, "lst_A"]}}


def test_a_row_without_a_field_is_kept_as_one_that_is_not_complete() -> None:
    assert read({"how": ["all"], "0.field": [""]}) == {"filled": [{"var": ""}]}


def test_no_rows_are_no_rule() -> None:
    assert read({"how": ["all"]}, POSTED_STATE) == NO_RULE


POSTED_STATE = {"is": [{"var": "lead.state"}, "CA"]}


@pytest.mark.parametrize(
    ("posted", "rule"),
    [
        ({"0.field": ["lead.city"], "0.op": ["is"], "0.value": ["CA"]}, {"is": [{"var": "lead.city"}, ""]}),
        (
            {"0.field": ["lead.monthly_bill"], "0.op": ["is"], "0.value": ["CA"]},
            {"is": [{"var": "lead.monthly_bill"}, ""]},
        ),
        ({"0.field": ["lead.monthly_bill"], "0.op": ["nothing"]}, {"at_least": [{"var": "lead.monthly_bill"}, ""]}),
        (
            {"0.field": ["lead.state"], "0.op": ["any_of"], "0.value": ["CA"]},
            {"any_of": [{"var": "lead.state"}, ["CA"]]},
        ),
        ({"0.field": ["lead.state"], "0.op": ["filled"], "0.value": ["CA"]}, {"filled": [{"var": "lead.state"}]}),
        ({"0.field": ["lead.state"], "0.op": ["in_list"], "0.value": ["CA"]}, {"in_list": [{"var": "lead.state"}, ""]}),
    ],
)
def test_another_field_or_comparison_keeps_what_still_means_something(posted: Any, rule: Any) -> None:
    assert read({"how": ["all"], **posted}, POSTED_STATE) == rule


def form_of(group: Group) -> dict[str, list[str]]:
    """Return what a browser posts for a rule that nobody has touched."""
    posted: dict[str, list[str]] = {}

    def lay_out(part: Part, path: Path) -> None:
        prefix = "".join(f"{number}." for number in path)
        if part.off:
            posted[f"{prefix}off"] = ["1"]
        match part:
            case Group():
                posted[f"{prefix}how"] = [part.how]
                for number, inner in enumerate(part.parts):
                    lay_out(inner, (*path, number))
            case Opaque():
                posted[f"{prefix}json"] = [write_json(part.rule).decode()]
            case Row():
                texts = texts_of(part, COMPARISONS[part.comparison], PLACES.field(part.field))
                posted[f"{prefix}field"], posted[f"{prefix}op"] = [part.field], [part.comparison]
                posted.update({f"{prefix}{name}": list(said) for name, said in texts.items()})

    lay_out(group, ())
    return posted


@settings(max_examples=300)
@given(groups())
@example(Group("all", (Row("lead.email", "domain_in", (["a, b"],)),), bare=True))
def test_a_form_that_nobody_touched_says_the_rule_that_it_was_made_from(group: Group) -> None:
    assert read_form(form_of(group), PLACES, group).group == group


@settings(max_examples=300)
@given(groups())
def test_a_form_says_a_rule_of_the_same_shape_without_knowing_the_one_before(group: Group) -> None:
    found = read_form(form_of(group), PLACES, Group()).group

    assert [type(part) for part in found.parts] == [type(part) for part in group.parts]
    assert [part.off for part in found.parts] == [part.off for part in group.parts]


def test_json_that_cannot_be_read_leaves_the_part_as_it_was() -> None:
    before = Group("all", (Opaque({"==": [1, 1]}), Row("lead.state", "filled")))
    posted = form_of(before) | {"0.json": ["{"]}

    reading = read_form(posted, PLACES, before)

    assert reading.group == before
    assert "not JSON" in reading.problems["0.json"]


@pytest.mark.parametrize("name", ["0.0.0.0.0.field", "x.field", "-1.field", "0..field", "0.FIELD", "9999999.field"])
def test_names_that_no_form_of_ours_has_are_passed_over(name: str) -> None:
    found = read_form({"how": ["all"], name: ["lead.state"]}, PLACES, Group()).group

    assert part_at(found, (0,)) in (None, *found.parts)
