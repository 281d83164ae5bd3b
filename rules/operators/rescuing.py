"""throw and try: a rule that stops with an error of its own, and one that goes on after an error."""

from collections.abc import Mapping
from typing import Any

from rules.bounds import FOREIGN, PAST_BOUNDS, Budget, RuleError, Thrown, undecidable
from rules.operators.base import Call, Evaluate
from rules.problems import shorten
from rules.text import scalar_text

LONGEST_MESSAGE = 200
# What the public suites call an error of arithmetic.
TYPES = {"not_a_number": "NaN", "division_by_zero": "NaN"}
# What an argument of try can read beside the data, once the one before it failed.
ERROR_NAMES = frozenset({"type", "code", "message"})


def build_throw(call: Call) -> Evaluate:
    """Build an error with the value as its words; an object says them under `message` or `type`."""
    run, at = call.left.run, call.at

    def throw(data: Any, budget: Budget) -> object:
        value = run(data, budget)
        budget.spend_value(value)
        raise Thrown(thrown_words(value), value, at)

    return throw


def thrown_words(value: object) -> str:
    """Return what a thrown value says to a person."""
    said = value.get("message") or value.get("type") if isinstance(value, Mapping) else value
    words = (scalar_text(said) or "").strip()
    return shorten(words or "The rule stops here with an error.", LONGEST_MESSAGE)


def build_try(call: Call) -> Evaluate:
    """Build the value of the first argument that has one; each after the first also sees the error before it.

    Only errors of the evaluation are caught: a bound that was passed ends the rule.
    """
    first, *others = call.runs

    def rescue(data: Any, budget: Budget) -> object:
        run, seen = first, data
        for following in others:
            try:
                return run(seen, budget)
            except FOREIGN as error:
                seen = beside(data, foreign_error(error), budget)
            except RuleError as error:
                seen = beside(data, rescuable(error), budget)
            run = following
        return run(seen, budget)

    return rescue


def foreign_error(error: Exception) -> RuleError:
    """Return what Python raised as an error of the rule; raise it again when a bound of Python's own was passed."""
    if isinstance(error, (MemoryError, RecursionError)):
        raise error
    return undecidable(error)


def rescuable(error: RuleError) -> RuleError:
    """Return the error; raise it again when it is a bound that was passed."""
    if error.code in PAST_BOUNDS:
        raise error
    return error


def beside(data: Any, error: RuleError, budget: Budget) -> object:
    """Return the data with the error's `type`, `code` and `message`, or with what a thrown object holds."""
    told: Mapping[Any, object] = {
        "type": error.message if error.code == "thrown" else TYPES.get(error.code, error.code),
        "code": error.code,
        "message": error.message,
    }
    if isinstance(error, Thrown) and isinstance(error.value, Mapping):
        told = error.value
    if not isinstance(data, Mapping):
        return told
    budget.spend(1 + len(data))
    return {**data, **told}
