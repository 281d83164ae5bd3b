"""What is said of a rule that is being built."""

from typing import Any

import pytest

from rules.builder import Group, draw
from rules.builder.hints import lets_blank_in
from rules.builder.judging import Spoken, Verdict, is_complete, problems_by_path, speak, verdicts
from tests.support.a_lead import FIELDS
from tests.support.made_rules import PLACES

CA, NV = {"is": [{"var": "lead.state"}, "CA"]}, {"is": [{"var": "lead.state"}, "NV"]}
NOT_NV, FILLED = {"is_not": [{"var": "lead.state"}, "NV"]}, {"filled": [{"var": "lead.state"}]}
SOLAR = {"is": [{"var": "lead.product"}, "solar"]}


def drawn(rule: Any) -> Group:
    """Return a rule as it can be built."""
    return draw(rule, FIELDS) or Group()


@pytest.mark.parametrize(
    ("rule", "spoken"),
    [
        (None, Spoken("", 0, 0)),
        ({"and": [CA, {"filled": [{"var": ""}]}]}, Spoken("State is CA", 1, 0)),
        ({"and": [CA, {"or": [True, SOLAR]}]}, Spoken("State is CA", 0, 1)),
        ({"or": [{"any_of": [{"var": "lead.state"}, []]}]}, Spoken("", 1, 0)),
        (
            {"at_least": [{"var": "lead.monthly_bill"}, {"var": "flow.min_bill"}]},
            Spoken("Monthly bill is at least Min bill", 0, 0),
        ),
        ({"is": [{"var": "step.s1.outcome"}, "declined"]}, Spoken("Outcome of step 1 is Declined", 0, 0)),
    ],
)
def test_how_a_rule_reads(rule: Any, spoken: Spoken) -> None:
    assert speak(drawn(rule), PLACES) == spoken


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        (NOT_NV, [(0,)]),
        (CA, []),
        ({"and": [NOT_NV, FILLED]}, []),
        ({"and": [NOT_NV, CA]}, []),
        ({"or": [NOT_NV, FILLED]}, [(0,)]),
        ({"and": [FILLED, {"or": [NOT_NV, SOLAR]}]}, []),
        ({"!": {"or": [NOT_NV]}}, []),
        ({"!": {"in_list": [{"var": "lead.email"}, "lst_A"]}}, [(0,)]),
        ({"blank": [{"var": "lead.state"}]}, []),
    ],
)
def test_which_rows_let_in_leads_without_the_field(rule: Any, paths: list[tuple[int, ...]]) -> None:
    group = drawn(rule)

    assert [(n,) for n in range(len(group.parts)) if lets_blank_in(group, (n,))] + [
        (1, n) for n in range(2) if lets_blank_in(group, (1, n))
    ] == paths


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (CA, {}),
        ({"and": [CA, NV]}, {(): Verdict(always=False, label="State")}),
        ({"and": [SOLAR, {"and": [CA, NV]}]}, {(1,): Verdict(always=False, label="State")}),
        ({"or": [CA, {"!": {"or": [CA]}}]}, {(): Verdict(always=True)}),
        ({"and": [CA, {"or": [True, NV]}]}, {}),
        ({"and": [CA, NV, {"is": [{"var": "lead.product"}, "windows"]}]}, {(): Verdict(always=False, label="State")}),
        ({"and": [CA, {"is": [{"var": "lead.state"}, ""]}]}, {}),
    ],
)
def test_which_groups_have_one_verdict(rule: Any, found: Any) -> None:
    assert verdicts(drawn(rule), PLACES) == found


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({"is": [{"var": "lead.state"}, "XX"]}, (0,), "bad_value"),
        ({"and": [CA, {"is": [{"var": "lead.state"}, "XX"]}]}, (1,), "bad_value"),
        ({"and": [CA, {"or": [SOLAR, {"is": [{"var": "lead.state"}, "XX"]}]}]}, (1, 1), "bad_value"),
        ({"!": {"or": [{"is": [{"var": "lead.state"}, "XX"]}]}}, (0,), "bad_value"),
        ({"and": [CA, {"!": {"in_list": [{"var": "lead.email"}, "nobody"]}}]}, (1,), "not_a_list"),
        ({"and": [{"bogus": [1]}, CA]}, (0,), "unknown_operator"),
        ({"and": [CA, {"or": []}]}, (1,), "empty_group"),
        ({"and": [CA, {"or": [True, {"and": [SOLAR, {"!": [1, 2]}]}]}]}, None, ""),
    ],
)
def test_a_problem_is_shown_at_its_row(rule: Any, path: Any, code: str) -> None:
    found = problems_by_path(drawn(rule), PLACES)

    assert [(at, [one.code for one in problems]) for at, problems in found.items()] == (
        [(path, [code])] if code else []
    )


@pytest.mark.parametrize(
    ("rule", "complete"),
    [
        (CA, True),
        (FILLED, True),
        ({"filled": [{"var": ""}]}, False),
        ({"is": [{"var": "lead.state"}, ""]}, False),
        ({"any_of": [{"var": "lead.state"}, []]}, False),
        ({"between": [{"var": "lead.credit_score"}, 1, ""]}, False),
        ({"at_least": [{"var": "lead.credit_score"}, {"var": ""}]}, False),
        ({"valid": [{"var": "lead.phone_1"}]}, True),
    ],
)
def test_when_a_row_is_complete(rule: Any, complete: bool) -> None:
    assert is_complete(drawn(rule).parts[0]) is complete
