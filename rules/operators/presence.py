"""is filled in, is blank, is valid, is yes: what is there at all."""

from typing import Any

from rules.bounds import Budget
from rules.clock_values import today
from rules.fields import TYPES, Field, normalise, type_of
from rules.operators.base import Call, Evaluate, Node
from rules.operators.likeness import contrary
from rules.operators.loose import is_list
from rules.operators.variables import look_up


def is_blank(value: object) -> bool:
    """Say whether a value says nothing: null, an empty list, or a text of spaces."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (is_list(value) and not value)


def build_blank(call: Call) -> Evaluate:
    """Build whether a value says nothing."""
    run = call.left.run
    return lambda data, budget: is_blank(run(data, budget))


build_filled = contrary(build_blank)


def build_yes(call: Call) -> Evaluate:
    """Build whether a value is yes; a blank one is neither yes nor no."""
    run = call.left.run
    return lambda data, budget: run(data, budget) is True


def build_no(call: Call) -> Evaluate:
    """Build whether a value is no; a blank one is neither yes nor no."""
    run = call.left.run
    return lambda data, budget: run(data, budget) is False


def build_valid(call: Call) -> Evaluate:
    """Build whether a value is a valid one of its field's type, or of the type that is named beside it."""
    field = call.left.field if (call.left.variable or "").startswith("lead.") else None
    named = named_type(call.arguments[1]) if len(call.arguments) > 1 else None
    if field and named in (None, field.type):
        return known_validity(call, field)
    if named is None:
        call.refuse("type_needed", f"Say what the value should be a valid one of: {', '.join(TYPES)}.")
    kind = Field(call.key, named, region=field.region if field else None)
    run = call.left.run

    def is_valid(data: Any, budget: Budget) -> bool:
        return normalise(run(data, budget), kind).valid

    return valid_today(call, kind, is_valid)


build_not_valid = contrary(build_valid)


def named_type(node: Node) -> str:
    """Return the field type that a literal names; refuse one that does not exist."""
    if node.is_literal and isinstance(node.document, str) and node.document in TYPES:
        return node.document
    return node.refuse("unknown_type", f"A value can be valid as one of: {', '.join(TYPES)}.")


def known_validity(call: Call, field: Field) -> Evaluate:
    """Return what intake found out about a field; where it did not look, the value itself is asked."""
    run = call.left.run

    def is_valid(data: Any, budget: Budget) -> bool:
        known = look_up(data, ("valid", field.key))
        return known if isinstance(known, bool) else normalise(run(data, budget), field).valid

    return valid_today(call, field, is_valid)


def valid_today(call: Call, field: Field, is_valid: Evaluate) -> Evaluate:
    """Return a validity that also looks at the day of the run, for the types to which it matters."""
    field_type = type_of(field)
    if not field_type.validity_ages:
        return is_valid
    run = call.left.run
    return lambda data, budget: is_valid(data, budget) and field_type.is_valid_on(run(data, budget), today(data))
