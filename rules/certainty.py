"""Which rules have the same verdict for every lead, as far as that is certain from the rule alone."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from rules.fields import Field, normalise
from rules.logic import Rule, RuleError, truthy
from rules.naming import field_at, label_of
from rules.text import fold, scalar_text

MANY_VALUED = ("multi",)
"""Types whose fields hold several values at once, so that two of them can both be there."""

BLIND = frozenset({"and", "or", "!", "!!", "==", "===", "!=", "!==", "<", "<=", ">", ">=", "if", "?:"})
"""Operators that see nothing but their arguments; others may look at the lead or at the clock by themselves."""

Allowed = frozenset[object]


def certain_verdict(rule: Rule, fields: Mapping[str, Field]) -> bool | None:
    """Return the verdict that a rule has for every lead, None when it depends on the lead or cannot be told."""
    if _reads_nothing(rule.document):
        try:
            return truthy(rule({}))
        except RuleError:
            return None
    return False if _contradiction(rule.document, fields) else None


def contradiction_in(rule: Rule, fields: Mapping[str, Field]) -> str:
    """Return the label of what a rule asks to be two things at once, "" where it asks no such thing."""
    path = _contradiction(rule.document, fields)
    return label_of(path, fields, {}) if path else ""


def _reads_nothing(document: object) -> bool:
    """Return whether an expression has only operators that see nothing but their arguments."""
    if isinstance(document, dict):
        return document.keys() <= BLIND and all(map(_reads_nothing, document.values()))
    return all(map(_reads_nothing, document)) if isinstance(document, list) else True


def _contradiction(document: object, fields: Mapping[str, Field]) -> str:
    """Return the path of which conditions that must all be true ask for different values, "" when there is none."""
    found: dict[str, Allowed] = {}
    for path, allowed in _demands(document, fields):
        found[path] = found.get(path, allowed) & allowed
    return next((path for path, allowed in found.items() if not allowed), "")


def _demands(document: object, fields: Mapping[str, Field]) -> Iterator[tuple[str, Allowed]]:
    """Yield every path that has to be one of some values, for conditions joined by and."""
    if not isinstance(document, dict) or len(document) != 1:
        return
    [(operator, arguments)] = document.items()
    if operator == "and" and isinstance(arguments, list):
        for argument in arguments:
            yield from _demands(argument, fields)
    if operator in ("is", "any_of") and isinstance(arguments, list) and len(arguments) == 2:
        path, values = _path_of(arguments[0]), arguments[1] if operator == "any_of" else [arguments[1]]
        field = field_at(path, fields) if path else None
        is_single = field is None or field.type not in MANY_VALUED
        if path and is_single and isinstance(values, list) and not any(isinstance(one, (dict, list)) for one in values):
            yield path, frozenset(_comparable(value, field) for value in values)


def _path_of(document: object) -> str:
    """Return the path that a variable reads, "" when it is none or is computed."""
    path = document.get("var") if isinstance(document, dict) and len(document) == 1 else None
    return path if isinstance(path, str) else ""


def _comparable(value: object, field: Field | None) -> object:
    """Return a value as `is` compares it: in the normal form of the field, without case."""
    normal = normalise(value, field).value if field else None
    if isinstance(normal, (int, Decimal)):
        return Decimal(normal).normalize()
    return fold(scalar_text(value if normal is None else normal) or "")
