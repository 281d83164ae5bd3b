"""Expressions that give a value: what a mapping sends to a buyer, what a price is, what a transform sets."""

from collections.abc import Collection, Mapping

from rules.fields import Field
from rules.logic import Rule, check_rule
from rules.naming import DELIVERY_NAMES
from rules.problems import Problem

# A compiled expression: call it with data to get its value.
Value = Rule


def compile_value(expression: object, fields: Mapping[str, Field]) -> Value:
    """Return the compiled expression; raise a RuleError when it can never have a value.

    A text is a template when it has {{names}} in it, anywhere in the expression; everything else is JSON-logic.
    """
    return Rule(expression, fields, is_value=True)


def check_value(
    expression: object,
    at: str,
    fields: Mapping[str, Field],
    *,
    names: Collection[str] | None = DELIVERY_NAMES,
    asks_lists: bool = False,
) -> list[Problem]:
    """Return everything that is wrong with an expression, each problem with its path under `at`."""
    return check_rule(expression, at, fields, purpose="value", names=names, asks_lists=asks_lists)
