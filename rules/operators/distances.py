"""near: whether a postal code is within a distance of another, between ZIP codes of the United States."""

import re
from collections.abc import Callable
from typing import Any

from rules.bounds import Budget
from rules.fields import Field
from rules.fields.postal_code import TERRITORIES
from rules.operators.amounts import Side, number_side
from rules.operators.base import Call, Evaluate, Node
from rules.operators.likeness import constant
from rules.operators.variables import look_up
from rules.problems import shorten
from rules.zip_codes import KM_PER_MILE, Point, kilometres_between, point_of

ZIP_CODE = re.compile(r"([0-9]{5})(?:-[0-9]{4})?")
AMERICAN = ("US", *TERRITORIES)
UNITS = {"mi": KM_PER_MILE, "km": 1.0}
ONLY_HERE = "Distances are known between ZIP codes of the United States; for others, “starts with” compares areas."


def build_near(call: Call) -> Evaluate:
    """Build whether a ZIP code is at most so many miles, or kilometres, from another: between their middles.

    The fourth argument is the unit, `mi` when there is none. A blank code, one that is no ZIP code, and one that is
    nowhere, as those of military mail, is near to nothing.
    """
    refuse_elsewhere(call)
    where, centre = read_point(call), centre_of(call.arguments[1])
    radius, scale = radius_of(call), UNITS[unit_of(call)]

    def is_near(data: Any, budget: Budget) -> bool:
        here, there, limit = where(data, budget), centre(data, budget), radius.read(data, budget)
        if here is None or there is None or limit is None:
            return False
        return kilometres_between(here, there) <= float(limit) * scale

    return is_near


def refuse_elsewhere(call: Call) -> None:
    """Refuse a postal code that is always one of another country."""
    field = call.left.field
    if field and field.type == "postal_code" and field.region not in (None, *AMERICAN) and not field.country_field:
        call.refuse("no_distances", f"{field.label} has codes of {field.region}. {ONLY_HERE}")


def read_point(call: Call) -> Evaluate:
    """Return the reading of where a value is, None when it is nowhere."""
    run, is_here = call.left.run, is_american(call.left.field)

    def read(data: Any, budget: Budget) -> Point | None:
        code = zip_of(run(data, budget))
        return point_of(code) if code and is_here(data) else None

    return read


def is_american(field: Field | None) -> Callable[[Any], bool]:
    """Return whether a lead's country, where its postal code goes by one, is the United States."""
    if field is None or not field.country_field:
        return lambda _data: True
    key, otherwise = field.country_field, field.region or "US"
    return lambda data: (look_up(data, ("lead", key)) or otherwise) in AMERICAN


def centre_of(node: Node) -> Evaluate:
    """Return the reading of the point that distances are measured from; refuse a literal that is nowhere."""
    if not node.is_literal:
        run = node.run
        return lambda data, budget: point_at(run(data, budget))
    point = point_at(node.document)
    if point is None:
        node.refuse("unknown_zip_code", f"“{shorten(node.document)}” is not a known ZIP code, like 94105. {ONLY_HERE}")
    return constant(point)


def point_at(value: object) -> Point | None:
    """Return where a ZIP code is, None for what is none or is nowhere."""
    code = zip_of(value)
    return point_of(code) if code else None


def zip_of(value: object) -> str | None:
    """Return the first five digits of a ZIP code, None for what is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000:
        return str(value).zfill(5)
    match = ZIP_CODE.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1] if match else None


def radius_of(call: Call) -> Side:
    """Return the distance; refuse a literal that is none."""
    node = call.arguments[2]
    radius = number_side(call, node)
    if node.is_literal and not radius.known > 0:  # type: ignore[operator]
        node.refuse("bad_distance", "A distance is more than 0.")
    return radius


def unit_of(call: Call) -> str:
    """Return the unit that the fourth argument names, miles when there is none; refuse another."""
    if len(call.arguments) < 4:
        return "mi"
    node = call.arguments[3]
    if node.is_literal and isinstance(node.document, str) and node.document in UNITS:
        return node.document
    return node.refuse("bad_unit", "A distance is in miles, mi, or in kilometres, km.")
