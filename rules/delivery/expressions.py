"""Expressions and rules of a destination, compiled or reported with their path, whether the flow is known or not."""

from typing import Any

from rules.logic import Purpose, Rule, check_rule, compile_rule
from rules.naming import DELIVERY_NAMES, name_problem
from rules.problems import Problem
from rules.reading import Document
from rules.values import Value, compile_value

# What a rule over an answer can see; `said` is what stands at the path of the reason, or else the body as text.
ANSWER_NAMES = frozenset({"status", "headers", "body", "said"})


def read_value(document: Document, expression: Any, path: str) -> Value | None:
    """Return the compiled expression, None (and problems in the document) if something is wrong with it."""
    if _has_problems(document, expression, path, "value", DELIVERY_NAMES):
        return None
    return compile_value(expression, document.fields)


def read_rule(document: Document, rule: Any, path: str, names: frozenset[str] = DELIVERY_NAMES) -> Rule | None:
    """Return the compiled rule, None (and problems in the document) if something is wrong with it."""
    if _has_problems(document, rule, path, "condition", names):
        return None
    return compile_rule(rule, document.fields)


def _has_problems(document: Document, expression: Any, path: str, purpose: Purpose, names: frozenset[str]) -> bool:
    if document.fields:
        found = check_rule(expression, path, document.fields, purpose=purpose, names=names)
    else:
        found = _problems_without_a_flow(expression, path, purpose, names)
    document.problems.extend(found)
    return any(problem.severity == "error" for problem in found)


def _problems_without_a_flow(expression: Any, path: str, purpose: Purpose, names: frozenset[str]) -> list[Problem]:
    """Return the problems of an expression whose flow, and so the lead's fields, are not known: any field may exist."""
    found = [
        problem
        for problem in check_rule(expression, path, {}, purpose=purpose, names=None)
        if problem.code != "unknown_name"
    ]
    if any(problem.severity == "error" for problem in found):
        return found
    compiled = compile_value(expression, {}) if purpose == "value" else compile_rule(expression, {})
    unknown = [name for name in sorted(compiled.variables) if name and name.partition(".")[0] not in names]
    return found + [Problem(path, "unknown_name", name_problem(name, {}, names) or "") for name in unknown]
