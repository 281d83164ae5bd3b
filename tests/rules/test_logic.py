"""JSON-logic itself: the public cases, errors, bounds, traces, and checks of what people wrote."""

import json
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules.logic import RuleError, check_rule, compile_rule, evaluate, truthy
from tests.support.a_lead import FIELDS, data_of
from tests.support.cases import rows

PUBLIC_CASES = [
    case
    for case in json.loads((Path(__file__).parent.parent / "cases/jsonlogic/compatible.json").read_text())
    if isinstance(case, dict)
]
STATE, PRODUCT = {"var": "lead.state"}, {"var": "lead.product"}


@pytest.mark.parametrize("case", PUBLIC_CASES, ids=lambda case: case["description"][:60])
def test_a_public_case_gives_its_result(case: dict[str, Any]) -> None:
    result = evaluate(case["rule"], case.get("data"))

    assert result == case["result"]
    assert isinstance(result, bool) is isinstance(case["result"], bool)


def test_there_are_278_public_cases() -> None:
    assert len(PUBLIC_CASES) == 278


@pytest.mark.parametrize(("rule", "data", "expected"), rows("classic.json"))
def test_a_classic_operator_converts_as_javascript_does(rule: Any, data: Any, expected: Any) -> None:
    assert evaluate(rule, data) == expected


@pytest.mark.parametrize(("rule", "data", "expected"), rows("newer.json"))
def test_a_newer_operator_gives_its_result(rule: Any, data: Any, expected: Any) -> None:
    assert evaluate(rule, data) == expected


@pytest.mark.parametrize(
    ("rule", "data", "message"),
    [
        ({"throw": "No price for this state"}, None, "No price for this state"),
        ({"throw": {"val": "x"}}, {"x": {"type": "Some error"}}, "Some error"),
        ({"throw": {"val": "x"}}, {"x": {"type": "E7", "message": "No price"}}, "No price"),
        ({"throw": {"val": "x"}}, {"x": [1]}, "The rule stops here with an error."),
        ({"throw": " "}, None, "The rule stops here with an error."),
        ({"throw": "x" * 300}, None, "x" * 199 + "…"),
        ({"try": {"throw": "Some error"}}, None, "Some error"),
        ({"try": [{"throw": "Some error"}, {"throw": "Some other error"}]}, None, "Some other error"),
        ({"try": [{"throw": "Some error"}, {"/": [0, 0]}]}, None, "A number cannot be divided by zero."),
        ({"map": [[1, 2, 3], {"try": [{"/": [0, 0]}]}]}, None, "A number cannot be divided by zero."),
        ({"try": [{"if": [{"val": ["user", "admin"]}, True, {"throw": "Not an admin"}]}]}, {}, "Not an admin"),
        ({"try": [{"throw": "A"}, {"throw": {"val": []}}]}, None, "A"),
    ],
)
def test_an_error_that_nothing_rescues_is_the_rules_error(rule: Any, data: Any, message: str) -> None:
    with pytest.raises(RuleError) as raised:
        evaluate(rule, data)

    assert raised.value.message == message


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"map": [{"var": "thousand"}, {"map": [{"merge": [[1] * 1000]}, {"+": [1, 1]}]}]}, "too_many_steps"),
        ({"reduce": [{"var": "thousand"}, {"cat": [{"var": "accumulator"}, "x" * 1000]}, ""]}, "text_too_long"),
        ({"reduce": [{"var": "thousand"}, {"*": [{"var": "accumulator"}, 10]}, 1]}, "number_too_large"),
    ],
)
def test_a_rule_does_not_rescue_itself_from_a_bound_that_it_passed(rule: Any, code: str) -> None:
    with pytest.raises(RuleError) as raised:
        evaluate({"try": [rule, "rescued"]}, {"thousand": [1] * 1000})

    assert raised.value.code == code


def test_a_rule_rescues_itself_from_data_that_no_operator_can_take() -> None:
    class Broken(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise TypeError(key)

    assert evaluate({"try": [{"val": ["a", "b", "c"]}, {"val": "code"}]}, Broken()) == "cannot_decide"


def test_what_an_error_says_is_a_name_only_after_an_error() -> None:
    rule = {"==": [{"var": "message"}, "x"]}

    assert check_rule({"try": [{"throw": "x"}, rule]}, "", FIELDS) == []
    assert [problem.path for problem in check_rule({"try": [rule, False]}, "", FIELDS)] == ["try[0].==[0]"]


@pytest.mark.parametrize(("rule", "path", "code"), rows("rule_problems.json"))
def test_a_wrong_rule_is_one_problem_with_an_address(rule: Any, path: str, code: str) -> None:
    problems = check_rule(rule, "steps[0].continue_if", FIELDS)

    assert [(problem.path.removeprefix("steps[0].continue_if"), problem.code) for problem in problems] == [(path, code)]
    assert problems[0].message.endswith((".", "?"))


def test_all_problems_are_found_at_once() -> None:
    rule = {"and": [{"is": [STATE]}, {"any_off": [STATE, ["CA"]]}, {"matches": [{"var": "lead.city"}, "(?=a)"]}]}

    assert [problem.code for problem in check_rule(rule, "", FIELDS)] == [
        "wrong_arguments",
        "unknown_operator",
        "bad_pattern",
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"any_off": [STATE, ["CA"]]}, "There is no operator “any_off”. Did you mean “any_of”?"),
        ({"is": [{"var": "lead.stat"}, "CA"]}, "This flow has no field “stat”. Did you mean “state”?"),
        ({"is": [{"var": "state"}, "CA"]}, "There is no “state” to read from. Did you mean “lead.state”?"),
        ({"is": [STATE]}, "“is” takes 2 arguments, not 1."),
        ({"is": [PRODUCT, "windows"]}, "“windows” is not a value of Product."),
        (
            {"matches": [{"var": "lead.city"}, "(a)\\1"]},
            "Patterns cannot refer back to what an earlier group matched, as \\1 does.",
        ),
        ({"more_than": [STATE, 3]}, "“more_than” does not fit State, which is a state."),
    ],
)
def test_a_problem_says_what_to_do(rule: Any, message: str) -> None:
    assert [problem.message for problem in check_rule(rule, "", FIELDS)] == [message]


@pytest.mark.parametrize(
    "rule", [{"bogus": [1]}, {"is": [STATE]}, {"and": []}, {"matches": [STATE, "("]}, {}, {"a": 1, "b": 2}]
)
def test_what_can_never_be_decided_does_not_compile(rule: Any) -> None:
    with pytest.raises(RuleError) as raised:
        compile_rule(rule, FIELDS)

    assert raised.value.code == check_rule(rule, "", FIELDS)[0].code


def test_a_rule_may_name_fields_that_only_the_check_knows_not_to_exist() -> None:
    rule = {"is": [{"var": "lead.nope"}, "x"]}

    assert compile_rule(rule, FIELDS)(data_of({})) is False
    assert [problem.code for problem in check_rule(rule, "", FIELDS)] == ["unknown_name"]


def test_a_rule_names_the_variables_it_reads() -> None:
    rule = compile_rule({"and": [{"is": [STATE, "CA"]}, {"some": [{"var": "flow.x"}, {"is": [{"var": "y"}, 1]}]}]})

    assert rule.variables == {"lead.state", "flow.x"}


class Lazy(Mapping[str, Any]):
    """Parts that are only worked out when a rule reads them."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __getitem__(self, key: str) -> Any:
        self.read.append(key)
        return {"area": "213"}

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_only_the_parts_that_a_rule_reads_are_worked_out() -> None:
    parts = Lazy()
    rule = compile_rule({"area_code_in": [{"var": "lead.phone_1"}, ["213"]]}, FIELDS)

    assert rule({"lead": {"phone_1": "+12135550148"}, "parts": parts}) is True
    assert parts.read == ["phone_1"]


def test_later_conditions_are_not_looked_at_when_they_do_not_matter() -> None:
    failing = {"+": ["x", 1]}

    assert evaluate({"and": [False, failing]}, {}) is False
    assert evaluate({"or": [True, failing]}, {}) is True
    assert evaluate({"if": [True, "yes", failing]}, {}) == "yes"


def test_a_trace_has_every_condition_with_its_value_and_verdict() -> None:
    rule = compile_rule({"and": [{"is": [STATE, "CA"]}, {"or": [{"is": [PRODUCT, "solar"]}]}]}, FIELDS)

    trace = rule.trace(data_of({"state": "NV", "product": "solar"}))

    assert trace.value is False
    assert [(c.path, c.operator, c.arguments, c.value, c.verdict) for c in trace.conditions] == [
        ("and[0]", "is", ("CA",), "NV", False),
        ("and[1].or[0]", "is", ("solar",), None, None),
    ]


def test_a_trace_tells_the_contrary_where_a_rule_asks_for_it() -> None:
    rule = compile_rule({"!": {"or": [{"is": [STATE, "CA"]}, {"is": [PRODUCT, "solar"]}]}}, FIELDS)

    trace = rule.trace(data_of({"state": "NV", "product": "roofing"}))

    assert trace.value is True
    assert [(c.negated, c.verdict) for c in trace.conditions] == [(True, True), (True, True)]


def test_a_trace_looks_at_the_tests_of_an_expression() -> None:
    from rules.values import compile_value

    price = compile_value({"if": [{"is": [STATE, "CA"]}, 42, {"*": [2, 15]}]}, FIELDS)
    trace = price.trace(data_of({"state": "NV"}))

    assert trace.value == 30
    assert [(c.path, c.verdict) for c in trace.conditions] == [("if[0]", False)]


@pytest.mark.parametrize(
    "rule",
    [
        {"all": [[1, 2], {">": [{"+": [{"var": ""}, 1]}, 0]}]},
        {"contains": [{"cat": [""]}, {"+": ["x", 1]}]},
        {"reduce": [[1, 2, 3], {"+": [{"val": "current"}, {"val": "accumulator"}]}, 0]},
    ],
)
def test_a_trace_does_not_fail_where_the_rule_did_not_look(rule: Any) -> None:
    compiled = compile_rule(rule)

    assert compiled.trace({}).value == compiled({})


def test_a_trace_decides_as_the_rule_itself() -> None:
    for row in rows("rules.json"):
        rule, posted, expected = row.values
        assert compile_rule(rule, FIELDS).trace(data_of(posted)).value is expected


@pytest.mark.parametrize("value", [False, None, 0, "", [], 0.0, Decimal(0), float("nan")])
def test_false_values(value: Any) -> None:
    assert truthy(value) is False


@pytest.mark.parametrize("value", [True, 1, "0", [0], {}, -1, Decimal("0.1")])
def test_true_values(value: Any) -> None:
    assert truthy(value) is True


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"within_last": [{"var": "lead.move_date"}, "30d"]}, "no_now"),
        ({"time_between": [{"var": "lead.when"}, "08:00", "18:00"]}, "no_time_zone"),
        ({"is": [{"var": "lead"}, "x"]}, "not_comparable"),
        ({"+": [{"var": "lead.nothing"}, 1]}, "not_a_number"),
    ],
)
def test_what_cannot_be_decided_is_an_error_and_no_verdict(rule: Any, code: str) -> None:
    data = {"lead": {"move_date": "2026-12-01", "when": "2026-11-20T10:00:00Z"}}

    with pytest.raises(RuleError) as raised:
        evaluate(rule, data, FIELDS)

    assert raised.value.code == code


def test_an_error_while_deciding_names_its_place() -> None:
    with pytest.raises(RuleError) as raised:
        evaluate({"and": [True, {">": [{"+": ["x", 1]}, 3]}]}, {})

    assert raised.value.path == "and[1].>[0].+"


def nested(depth: int, inner: Any, wrap: Any) -> Any:
    """Return a document wrapped in itself."""
    for _ in range(depth):
        inner = wrap(inner)
    return inner


TWENTY = {"var": "twenty"}
ACCUMULATOR, CURRENT = {"var": "accumulator"}, {"var": "current"}
LONG_TEXT = "x" * 60_000


def doubling(body: Any, start: Any = 1, times: str = "thousand") -> Any:
    """Return a reduce that makes something larger on every turn."""
    return {"reduce": [{"var": times}, body, start]}


BOMBS: dict[str, Any] = {
    "six nested maps of twenty": nested(6, 1, lambda inner: {"map": [{"merge": [[1] * 20]}, inner]}),
    "six nested filters": nested(6, True, lambda inner: {"filter": [{"merge": [[1] * 20]}, inner]}),
    "six nested alls": nested(6, True, lambda inner: {"all": [{"merge": [[1] * 20]}, inner]}),
    "six nested somes": nested(6, False, lambda inner: {"some": [{"merge": [[1] * 20]}, inner]}),
    "six nested nones": nested(6, 1, lambda inner: {"none": [{"merge": [[1] * 20]}, {"and": [inner, False]}]}),
    "six nested reduces": nested(6, 1, lambda inner: {"reduce": [{"merge": [[1] * 20]}, inner, 0]}),
    "a list that doubles": doubling({"merge": [ACCUMULATOR, ACCUMULATOR]}, [1]),
    "a text that doubles": doubling({"cat": [ACCUMULATOR, ACCUMULATOR]}, "x"),
    "a number that squares itself": doubling({"*": [ACCUMULATOR, ACCUMULATOR]}, 10),
    "a decimal that squares itself": doubling({"*": [ACCUMULATOR, ACCUMULATOR]}, 10.5),
    "a tree that doubles and is returned": doubling([ACCUMULATOR, ACCUMULATOR], [], "forty"),
    "a tree that doubles and is written": {"cat": [doubling([ACCUMULATOR, ACCUMULATOR], [], "forty")]},
    "two trees that double and are compared": {
        "==": [doubling([ACCUMULATOR, ACCUMULATOR], [1], "forty"), doubling([ACCUMULATOR, ACCUMULATOR], [1], "forty")]
    },
    "a tree of whole data": doubling([{"var": ""}, {"var": ""}], [], "forty"),
    "a chain too deep to return": doubling([ACCUMULATOR], []),
    "long texts put together": {"map": [{"var": "thousand"}, {"cat": [LONG_TEXT, "y"]}]},
    "long texts searched": {"map": [{"var": "thousand"}, {"in": ["yy", LONG_TEXT]}]},
    "long texts compared": {"map": [{"var": "thousand"}, {"contains": [LONG_TEXT, "yy"]}]},
    "long texts against a pattern": {"map": [{"var": "thousand"}, {"matches": [LONG_TEXT, "(x+x+)+y"]}]},
    "phone numbers in a loop": {"map": [{"var": "thousand"}, nested(5, "5125551234", lambda i: {"phone": [i]})]},
    "hashes in a loop": {"map": [{"var": "thousand"}, {"hash": [LONG_TEXT]}]},
    "a list searched in a loop": {"map": [{"var": "thousand"}, {"in": [7, [8] * 1000]}]},
    "a list merged in a loop": {"map": [{"var": "thousand"}, {"merge": [[8] * 1000]}]},
    "absent variables in a loop": {"map": [{"var": "thousand"}, {"missing": [["a"] * 1000]}]},
    "a million short bodies": {"map": [{"var": "thousand"}, {"map": [{"merge": [[1] * 1000]}, 1]}]},
    "pieces in a loop": {"map": [{"var": "thousand"}, {"split": [LONG_TEXT, "x"]}]},
    "errors rescued in a loop": {
        "map": [{"var": "thousand"}, {"map": [{"merge": [[1] * 1000]}, {"try": [{"throw": "x"}, {"var": "type"}]}]}]
    },
    "long errors in a loop": {"map": [{"var": "thousand"}, {"try": [{"throw": LONG_TEXT}, 1]}]},
    "joined lists in a loop": {"map": [{"var": "thousand"}, {"join": [["x"] * 1000]}]},
}
BOMB_DATA = {"thousand": [1] * 1000, "forty": [1] * 40, "twenty": [1] * 20}


@pytest.mark.parametrize("name", BOMBS)
def test_a_rule_that_costs_too_much_ends_in_an_error_and_not_in_a_hang(name: str) -> None:
    rule = compile_rule(BOMBS[name])
    begin = time.process_time()

    with pytest.raises(RuleError):
        rule(BOMB_DATA)

    # A tenth of a second on a usual machine (`bench/rules.py` prints it); without a bound it would take minutes.
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (nested(33, True, lambda inner: {"!": inner}), "too_deep"),
        (nested(100_000, True, lambda inner: {"!": [inner]}), "too_deep"),
        (nested(100_000, 1, lambda inner: [inner]), "too_deep"),
        ({"and": [True] * 10_001}, "too_many_entries"),
        ({"or": [{"and": [True] * 5000}] * 2}, "too_many_nodes"),
        ({"any_of": [STATE, ["CA"] * 10_001]}, "too_many_entries"),
        ({"and": [{"valid": ["x", "phone"]}] * 3000}, "too_many_steps"),
        ({"is": [STATE, 10**301]}, "number_too_large"),
        ({"is": [STATE, float("inf")]}, "number_too_large"),
        ({"is": [STATE, "x" * 65_537]}, "text_too_long"),
        ({"is": [STATE, {1, 2}]}, "not_json"),
        ({"is": [STATE, b"CA"]}, "not_json"),
        ({1: [STATE]}, "not_json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_past_a_bound_does_not_compile(rule: Any, code: str) -> None:
    with pytest.raises(RuleError) as raised:
        compile_rule(rule)

    assert raised.value.code == code


def test_a_literal_list_is_one_node_of_up_to_ten_thousand_entries() -> None:
    codes = [f"{number:05d}" for number in range(10_000)]
    rule = compile_rule({"any_of": [{"var": "lead.city"}, codes]}, FIELDS)

    assert rule(data_of({"city": "09999"})) is True
    assert rule(data_of({"city": "10000"})) is False


def test_a_rule_at_the_depth_limit_is_decided() -> None:
    assert evaluate(nested(31, True, lambda inner: {"!": [inner]}), {}) is False
