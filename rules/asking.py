"""What a single condition asks, brought to the operators of the rule builder so that all are said in the same words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rules.operators.table import OPERATORS

# The operators of JSON-logic that ask the same as one of the rule builder.
SAME_AS = {
    "==": "is",
    "===": "is",
    "!=": "is_not",
    "!==": "is_not",
    ">": "more_than",
    ">=": "at_least",
    "<": "less_than",
    "<=": "at_most",
}
MIRRORED = {"more_than": "less_than", "less_than": "more_than", "at_least": "at_most", "at_most": "at_least"}


@dataclass(frozen=True, slots=True)
class Asked:
    """An operator of the rule builder, its left side, what stands beside it, and whether the contrary is asked."""

    operator: str
    left: object
    beside: tuple[object, ...] = ()
    denied: bool = False


def arguments_of(document: object) -> tuple[str, list[object]] | None:
    """Return an operator and its arguments; None when the document is no correct use of a known operator."""
    if not isinstance(document, dict) or len(document) != 1:
        return None
    key, written = next(iter(document.items()))
    operator = OPERATORS.get(key)
    arguments = written if isinstance(written, list) else [written]
    if operator is None or len(arguments) < operator.least:
        return None
    return None if operator.most is not None and len(arguments) > operator.most else (key, arguments)


def asked_by(document: object, *, negated: bool) -> Asked | None:
    """Return what a condition asks, None when it can only be shown as it is written."""
    used = arguments_of(document)
    if used is None:
        return None
    asked = translated(*used)
    return contrary(asked) if asked and negated else asked


def contrary(asked: Asked) -> Asked:
    """Return the contrary of what is asked, by the operator that says it where there is one."""
    opposite = OPERATORS[asked.operator].opposite
    return replace(asked, operator=opposite) if opposite else replace(asked, denied=not asked.denied)


def translated(key: str, arguments: list[object]) -> Asked | None:
    """Return the use of an operator as the rule builder would have written it, None when it has no such operator."""
    if key == "exists":
        return Asked(key, {"val": arguments})
    if OPERATORS[key].says:
        return Asked(key, arguments[0], tuple(arguments[1:]))
    if key in ("!", "!!", "var", "val"):
        return presence(key, arguments)
    if key == "in":
        return membership(*arguments)
    if key in SAME_AS and len(arguments) == 2:
        return compared(SAME_AS[key], *arguments)
    return Asked("between", arguments[1], (arguments[0], arguments[2])) if key == "<=" else None


def presence(key: str, arguments: list[object]) -> Asked | None:
    """Return the question whether a variable says yes, or says anything when it can say more than yes and no."""
    if key in ("var", "val"):
        return Asked("yes", {key: arguments})
    return Asked("yes", arguments[0], denied=key == "!") if is_variable(arguments[0]) else None


def membership(needle: object, place: object) -> Asked:
    """Return the question whether a value is one of a list, or a text part of another."""
    return Asked("any_of", needle, (place,)) if isinstance(place, list) else Asked("contains", place, (needle,))


def compared(operator: str, left: object, right: object) -> Asked:
    """Return a comparison with the variable on its left."""
    if isinstance(right, dict) and not isinstance(left, dict):
        return Asked(MIRRORED.get(operator, operator), right, (left,))
    return Asked(operator, left, (right,))


def is_variable(document: object) -> bool:
    """Say whether an expression reads a variable."""
    return isinstance(document, dict) and "var" in document


def merged(conditions: Sequence[Asked | object], *, either: bool) -> list[Asked | object]:
    """Return the conditions with those joined that ask the same of the same: "is CA" or "is NV" is "is CA or NV"."""
    together: list[Asked | object] = []
    for condition in conditions:
        place = next((i for i, earlier in enumerate(together) if can_merge(earlier, condition, either=either)), None)
        if place is None:
            together.append(condition)
        else:
            together[place] = merge(together[place], condition)  # type: ignore[arg-type]
    return together


MERGED = {True: {"is": "any_of", "any_of": "any_of"}, False: {"is_not": "none_of", "none_of": "none_of"}}


def can_merge(one: object, other: object, *, either: bool) -> bool:
    """Say whether two conditions can be said as one."""
    alike = MERGED[either]
    if not isinstance(one, Asked) or not isinstance(other, Asked) or one.left != other.left:
        return False
    return one.operator in alike and other.operator in alike and not has_computed(one) and not has_computed(other)


def has_computed(asked: Asked) -> bool:
    """Say whether what stands beside the left side is not all literal."""
    return any(isinstance(entry, dict) for entry in entries(asked))


def entries(asked: Asked) -> list[object]:
    """Return what stands beside the left side as one list."""
    beside = asked.beside[0] if asked.beside else []
    return list(beside) if isinstance(beside, list) else [beside]


def merge(one: Asked, other: Asked) -> Asked:
    """Return two conditions on the same left side as one."""
    both = entries(one) + [entry for entry in entries(other) if entry not in entries(one)]
    key = {**MERGED[True], **MERGED[False]}[one.operator]
    return Asked(key, one.left, (both,))
