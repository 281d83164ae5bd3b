"""and, or, !, !!, if and ??: conditions made of conditions, each looked at only when it matters."""

from typing import Any

from rules.bounds import Budget
from rules.operators.base import Call, Evaluate
from rules.operators.loose import truthy


def build_and(call: Call) -> Evaluate:
    """Build the first value that is not true, or the last one."""
    runs = call.runs

    def all_of(data: Any, budget: Budget) -> object:
        value: object = None
        for run in runs:
            value = run(data, budget)
            if value is not True and not truthy(value):
                return value
        return value

    return all_of


def build_or(call: Call) -> Evaluate:
    """Build the first value that is true, or the last one."""
    runs = call.runs

    def any_of(data: Any, budget: Budget) -> object:
        value: object = None
        for run in runs:
            value = run(data, budget)
            if value is not False and truthy(value):
                return value
        return value

    return any_of


def build_not(call: Call) -> Evaluate:
    """Build the contrary of a truth."""
    run = call.left.run
    return lambda data, budget: not truthy(run(data, budget))


def build_truth(call: Call) -> Evaluate:
    """Build the truth of a value as true or false."""
    run = call.left.run
    return lambda data, budget: truthy(run(data, budget))


def build_if(call: Call) -> Evaluate:
    """Build if, then, else if, then, …, else; nothing when no condition is true and there is no else."""
    runs = call.runs
    cases = tuple(zip(runs[0::2], runs[1::2], strict=False))
    otherwise = runs[-1] if len(runs) % 2 else None

    def choose(data: Any, budget: Budget) -> object:
        for condition, consequence in cases:
            if truthy(condition(data, budget)):
                return consequence(data, budget)
        return otherwise(data, budget) if otherwise else None

    return choose


def build_coalesce(call: Call) -> Evaluate:
    """Build the first value that is not null; null when all are."""
    runs = call.runs

    def first_known(data: Any, budget: Budget) -> object:
        for run in runs:
            value = run(data, budget)
            if value is not None:
                return value
        return None

    return first_known
