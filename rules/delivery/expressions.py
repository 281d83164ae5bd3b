"""Expressions and rules of a destination, compiled or reported with their path, whether the flow is known or not."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from rules.fields import Field
from rules.logic import NO_FIELDS, Purpose, Rule, RuleError, check_rule, compile_rule
from rules.naming import DELIVERY_NAMES, OF_FIELDS, name_problem
from rules.problems import Problem
from rules.reading import Document
from rules.seen_values import fields_seen
from rules.templates import ALIASES
from rules.values import Value, compile_value

MOST_KEPT = 1024
"""For so many flows, and so many kinds of fields, an expression is kept compiled."""

# What a rule over an answer can see; `said` is what stands at the path of the reason, or else the body as text.
ANSWER_NAMES = frozenset({"status", "headers", "body", "said"})


class RuleOfAnyFlow(Rule):
    """An expression that is compiled for the fields of each flow whose lead it meets, as a connection has no flow.

    What a rule says of a field depends on the field's type: “California” is the state CA, and no text that reads so.
    Flows whose fields are alike share what was compiled.
    """

    __slots__ = ("_by_fields", "_by_flow", "_reads")

    def __init__(self, document: object, *, is_value: bool) -> None:
        """Compile it as for leads of unknown fields; raise a RuleError when it can never be decided."""
        super().__init__(document, NO_FIELDS, is_value=is_value)
        self._reads = _fields_read(self)
        self._by_flow: dict[int, tuple[Mapping[str, Field], Rule]] = {}
        self._by_fields: dict[tuple[Field | None, ...], Rule] = {}

    def __call__(self, data: Any) -> Any:
        """Return the value for the data; raise a RuleError when there is none."""
        if not (fields := fields_seen(data)):
            return super().__call__(data)
        found = self._by_flow.get(id(fields))
        return (found[1] if found and found[0] is fields else self._compiled_for(fields))(data)

    def _compiled_for(self, fields: Mapping[str, Field]) -> Rule:
        """Return the rule for a flow's fields; they are kept with it, so that nothing else comes by their identity."""
        read = tuple(map(fields.get, self._reads))
        rule = self._by_fields.get(read)
        if rule is None:
            rule = self._compile({field.key: field for field in read if field})
            _keep(self._by_fields, read, rule)
        _keep(self._by_flow, id(fields), (fields, rule))
        return rule

    def _compile(self, fields: Mapping[str, Field]) -> Rule:
        """Return the rule for these fields.

        Several flows share a connection, and what one of them has a value for may be none in another. A field with
        which the rule cannot be is read as it is then: it never has that value there.
        """
        for odd in (None, *fields):
            with suppress(RuleError):
                return Rule(
                    self.document, {key: field for key, field in fields.items() if key != odd}, is_value=self._is_value
                )
        return Rule(self.document, NO_FIELDS, is_value=self._is_value)


Key = TypeVar("Key")
Kept = TypeVar("Kept")


def _keep(kept: dict[Key, Kept], key: Key, value: Kept) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value


def _of_any_flow(document: object, *, is_value: bool) -> Rule:
    """Return an expression for leads of whatever flow, compiled once and for all where it is the same for each."""
    rule = Rule(document, NO_FIELDS, is_value=is_value)
    return rule if _is_alike(rule) else RuleOfAnyFlow(document, is_value=is_value)


def _is_alike(rule: Rule) -> bool:
    """Say whether a rule is the same for all flows: it reads nothing, or gives a value as it is.

    An age is worked out from the field that has it, and a field of the lead may be called as a name in braces is.
    """
    if rule.node.variable is not None:
        return not rule.node.variable.endswith(".age")
    return not rule.variables or (isinstance(rule.document, str) and rule.variables.isdisjoint(ALIASES.values()))


def _fields_read(rule: Rule) -> tuple[str, ...]:
    """Return the keys of the fields that a rule reads, in whatever way; those too that a name in braces may mean."""
    meant = {name for name, path in ALIASES.items() if path in rule.variables}
    split = (path.split(".") for path in rule.variables | meant)
    return tuple(sorted({path[1] for path in split if path[0] in OF_FIELDS and len(path) > 1}))


def read_value(document: Document, expression: Any, path: str) -> Value | None:
    """Return the compiled expression, None (and problems in the document) if something is wrong with it."""
    if _has_problems(document, expression, path, "value", DELIVERY_NAMES):
        return None
    return compile_value(expression, document.fields) if document.fields else _of_any_flow(expression, is_value=True)


def read_rule(document: Document, rule: Any, path: str, names: frozenset[str] = DELIVERY_NAMES) -> Rule | None:
    """Return the compiled rule, None (and problems in the document) if something is wrong with it."""
    if _has_problems(document, rule, path, "condition", names):
        return None
    return compile_rule(rule, document.fields) if document.fields else _of_any_flow(rule, is_value=False)


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
