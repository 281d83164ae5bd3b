"""Stored lists in a panel: people that a buyer must not be offered, areas that it takes leads from."""

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Settings
from flowbuilder.editor.panels.drawn import Option
from flowbuilder.editor.panels.expression import Expression
from flowbuilder.editor.panels.fields import Choice, Field
from flowbuilder.editor.panels.kinds_of_text import whole
from flowbuilder.editor.panels.rows import Rows


def field_options(desk: Desk) -> list[Option]:
    """Return the fields that a lead has at the step."""
    return [Option(key, field.label) for key, field in desk.fields.items()]


def list_options(desk: Desk) -> list[Option]:
    """Return the account's stored lists."""
    return [Option(identifier, name) for identifier, name in desk.around.lists.items()]


def _first_list(desk: Desk) -> str:
    return next(iter(desk.around.lists), "")


def _start_suppressed(settings: Settings, desk: Desk) -> Changing:
    """Return the first stored list and the field that most lists of people are about."""
    keys = [key for key, field in desk.fields.items() if field.type in ("phone", "email")] or list(desk.fields)
    return {"list": _first_list(desk), "field": keys[0] if keys else ""}


SUPPRESS = Rows(
    "suppress",
    "Never offer it people on these lists",
    "list",
    (
        Choice("list", "Stored list", list_options, macro="choice"),
        Choice("field", "Looks for", field_options, macro="choice"),
    ),
    _start_suppressed,
    most=20,
    may_add=lambda desk: bool(desk.around.lists),
    none=lambda desk: "No list." if desk.around.lists else "No list. There are no stored lists yet.",
)


def _start_area(settings: Settings, desk: Desk) -> Changing:
    return {"list": _first_list(desk)}


AREAS = Rows(
    "areas",
    "Only from these areas",
    "area",
    (
        Choice("list", "List of postal codes", list_options, macro="choice"),
        Field("priority", "Priority there", whole(1, 100), "1 is asked first. Blank: as everywhere.", macro="short"),
        Expression("of", "Looks for", fields_as="{}", none="The lead's postal code"),
    ),
    _start_area,
    most=20,
    may_add=lambda desk: bool(desk.around.lists),
    none=lambda desk: "From everywhere." if desk.around.lists else "From everywhere. There are no stored lists yet.",
)
