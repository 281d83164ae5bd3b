"""Where an expression stands in its rule: what it is asked for there, and what it may read."""

from dataclasses import dataclass, replace

from rules.operators.base import Node, Operator
from rules.operators.table import OPERATORS


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: among its rule's conditions, under a negation, in the body of a list operator.

    `rescuing` says that it is looked at after an error, which it can read.
    """

    is_condition: bool = False
    negated: bool = False
    in_body: bool = False
    rescuing: bool = False


def inside(operator: Operator, arguments: list[object], position: int, place: Place) -> Place:
    """Return the place of one argument of an operator."""
    if operator.body == position:
        return Place(in_body=True)
    plain = replace(place, is_condition=False, negated=False)
    if operator.key in ("if", "?:"):
        is_test = position % 2 == 0 and position + 1 < len(arguments)
        return replace(plain, is_condition=not place.in_body) if is_test else place
    if operator.key in ("??", "try"):
        return replace(place, rescuing=place.rescuing or (operator.key == "try" and position > 0))
    if place.is_condition and operator.joins and (operator.key in ("and", "or") or is_decision(arguments[position])):
        return replace(place, negated=place.negated is not (operator.key == "!"))
    return plain


def is_decision(document: object) -> bool:
    """Say whether an expression is a condition by itself, so that a negation of it is said as its contrary."""
    operator = OPERATORS.get(next(iter(document))) if isinstance(document, dict) and document else None
    return operator is not None and operator.decides


def joins_conditions(operator: Operator, nodes: tuple[Node, ...]) -> bool:
    """Say whether the conditions are the operator's arguments and not the operator itself."""
    return operator.joins and not (operator.key in ("!", "!!") and not is_decision(nodes[0].document))
