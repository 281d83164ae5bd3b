"""Our evaluator beside datalogic-py, an independent one: the same value or both an error, on 5,000 made-up rules."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import datalogic_py
import pytest

from rules.json_text import write
from rules.logic import RuleError, evaluate
from rules.operators.base import Call, Evaluate, Operator
from rules.operators.loose import is_list, is_number, numeric
from rules.operators.table import OPERATORS
from rules.operators.variables import look_up
from tests.oracles.random_rules import RuleMaker

MANY, LEAST_COMPARABLE, SEED = 5000, 4000, 20261120
UNSEEN = object()


@dataclass(frozen=True)
class Use:
    """One use of an operator while a rule was decided: its arguments' values, UNSEEN where it did not look."""

    key: str
    values: tuple[Any, ...]
    data: Any

    @property
    def seen(self) -> list[Any]:
        """Return the values that were looked at."""
        return [value for value in self.values if value is not UNSEEN]


@dataclass(frozen=True)
class Exclusion:
    """Uses of operators that the two are known to decide differently, and why ours is as it is."""

    operators: tuple[str, ...]
    when: Callable[[Use], bool]
    reason: str


def is_blank(value: Any) -> bool:
    return value is None or value == ""


def is_no_number(value: Any) -> bool:
    return is_list(value) or isinstance(value, Mapping) or (isinstance(value, str) and numeric(value or "x") is None)


def is_fraction(value: Any) -> bool:
    return value is not None and value % 1 != 0


def holds_blank(use: Use) -> bool:
    paths = [path for value in use.seen for path in (value if is_list(value) else [value]) if isinstance(path, str)]
    return any(is_blank(look_up(use.data, path.split("."), 0)) for path in paths)


EQUAL, ORDERED = ("==", "!="), ("<", "<=", ">", ">=")
LISTS = ("map", "filter", "reduce", "all", "some", "none")
EXCLUSIONS = (
    Exclusion(
        EQUAL,
        lambda use: sum(value is None for value in use.seen) == 1,
        "Null equals only null, as in JavaScript; there it equals 0 and false.",
    ),
    Exclusion(
        (*EQUAL, *ORDERED),
        lambda use: any(map(is_no_number, use.seen)) and not all(isinstance(value, str) for value in use.seen),
        "What cannot be compared is unequal and in no order, as in JavaScript; there it is an error.",
    ),
    Exclusion(
        ("max", "min"),
        lambda use: not all(map(is_number, use.seen)),
        "Texts and truths that say a number are converted, as in JavaScript; there they are an error.",
    ),
    Exclusion(
        ("+", "-", "*", "/", "%", "max", "min"),
        lambda use: any(is_blank(value) or is_list(value) for value in use.seen),
        "Nobody may calculate with a value that is not there, nor with a list: an error; there it is 0.",
    ),
    Exclusion(
        ("/", "%"),
        lambda use: len(use.seen) > 1 and numeric(use.seen[1]) == 0,
        "A division by zero is an error; there one of a fraction gives the largest number there is.",
    ),
    Exclusion(
        ("%",),
        lambda use: any(is_fraction(numeric(value)) for value in use.seen),
        "What is left of a decimal is exact; there it is that of a binary fraction.",
    ),
    Exclusion(
        ("merge",),
        lambda use: None in use.seen,
        "Null is an entry like any other, as in JavaScript; there it is left out.",
    ),
    Exclusion(
        ("missing", "missing_some"),
        holds_blank,
        "A field that holds null or an empty text is missing, as the classic suite says; there it is not.",
    ),
    Exclusion(
        ("substr",),
        lambda use: not isinstance(use.values[0], str),
        "Other values are cut as JavaScript writes them; there as JSON.",
    ),
    Exclusion(
        ("cat",),
        lambda use: any(is_list(value) or isinstance(value, Mapping) for value in use.seen),
        "A list is written with commas, as JavaScript does, and an object not at all; there entries are run together.",
    ),
    Exclusion(
        ("cat",),
        lambda use: any(isinstance(value, Decimal) for value in use.seen),
        "A decimal is written with all its digits, zeros too; there with those of a binary fraction.",
    ),
    Exclusion(
        LISTS,
        lambda use: not is_list(use.values[0]),
        "What is no list has no entries; there a single value is an entry or an error.",
    ),
    Exclusion(
        ("in",),
        lambda use: not isinstance(use.values[1], str) and not is_list(use.values[1]),
        "Nothing is in what is neither a text nor a list; there it is an error.",
    ),
    Exclusion(
        ("in",),
        lambda use: isinstance(use.values[1], str) and not (use.values[0] is None or isinstance(use.values[0], str)),
        "A number or a list is looked for in a text as JavaScript writes it; there it is nowhere.",
    ),
    Exclusion(
        ("if", "?:", "and", "or", "!", "!!", "filter", "all", "some", "none"),
        lambda use: {} in use.seen,
        "An object is true, as in JavaScript, even an empty one; there an empty one is false.",
    ),
)


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> list[Use]:
    """Give a list that is filled with every use of an operator."""
    seen: list[Use] = []
    for key, operator in OPERATORS.items():
        monkeypatch.setitem(OPERATORS, key, observed(operator, seen))
    return seen


def observed(operator: Operator, seen: list[Use]) -> Operator:
    """Return an operator that leaves a note of every use."""

    def build(call: Call) -> Evaluate:
        frames: list[dict[int, Any]] = []

        def keeping(position: int, run: Evaluate) -> Evaluate:
            def keep(data: Any, budget: Any) -> Any:
                frames[-1][position] = value = run(data, budget)
                return value

            return keep

        arguments = tuple(replace(node, run=keeping(i, node.run)) for i, node in enumerate(call.arguments))
        run = operator.build(replace(call, arguments=arguments))
        literals = {i: node.document for i, node in enumerate(arguments) if node.is_literal}

        def use(data: Any, budget: Any) -> Any:
            frames.append(dict(literals))
            try:
                return run(data, budget)
            finally:
                known = frames.pop()
                seen.append(Use(operator.key, tuple(known.get(i, UNSEEN) for i in range(len(arguments))), data))

        return use

    return replace(operator, build=build)


def ours(rule: Any, data: Any) -> Any:
    """Return the value that we find as JSON has it, or RuleError for an error."""
    try:
        return json.loads(write(evaluate(rule, data)))
    except RuleError:
        return RuleError


def theirs(engine: datalogic_py.Engine, rule: Any, data: Any) -> Any:
    """Return the value that the oracle finds, or RuleError for an error."""
    try:
        return json.loads(engine.eval_str(json.dumps(rule), json.dumps(data)))
    except datalogic_py.DataLogicError:
        return RuleError


def agree(one: Any, other: Any) -> bool:
    """Return whether two results are the same; numbers may differ as decimals do from binary fractions."""
    if is_number(one) and is_number(other):
        return one == pytest.approx(other, rel=1e-9, abs=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(agree, one, other))
    return type(one) is type(other) and bool(one == other)


def excluded(uses: list[Use]) -> Iterator[tuple[str, str]]:
    """Yield operator and reason of each use that the two are known to decide differently."""
    for use in uses:
        for exclusion in EXCLUSIONS:
            if use.key in exclusion.operators and exclusion.when(use):
                yield use.key, exclusion.reason


def test_an_independent_evaluator_finds_the_same(uses: list[Use], capsys: pytest.CaptureFixture[str]) -> None:
    maker, engine = RuleMaker(SEED), datalogic_py.Engine()
    left_out, same, differing = Counter[tuple[str, str]](), 0, []
    for _ in range(MANY):
        rule, data = maker.rule(), maker.data()
        uses.clear()
        mine, other = ours(rule, data), theirs(engine, rule, data)
        known = set(excluded(uses))
        left_out.update(known)
        if agree(mine, other):
            same += not known
        elif not known:
            differing.append((rule, data, mine, other))
    comparable = same + len(differing)
    lines = [f"  {key:13} {count:4}  {reason}" for (key, reason), count in sorted(left_out.items())]
    told = f"{MANY} rules, {comparable} comparable, {len(differing)} differ; left out, by operator:"
    with capsys.disabled():
        sys.stdout.write("\n".join(["", told, *lines, ""]))
    assert sorted(differing, key=lambda row: len(str(row[0])))[:3] == []
    assert comparable >= LEAST_COMPARABLE
