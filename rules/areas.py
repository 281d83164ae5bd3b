"""Areas: stored lists of postal codes from which a buyer takes leads, each with a priority of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.logic import Rule, truthy
from rules.operators.stored import is_list_id
from rules.ranking import LAST
from rules.reading import Part

MOST_AREAS = 20
POSTAL_CODE = "postal_code"


@dataclass(frozen=True, slots=True)
class Area:
    """One list, and the priority that a lead from there gives its buyer; None leaves the buyer's own."""

    list_id: str
    rule: Rule
    priority: int | None = None

    def has(self, view: Mapping[str, Any]) -> bool:
        """Return whether a lead is from there; a blank postal code is in no area."""
        return truthy(self.rule(view))


def read_areas(part: Part) -> tuple[Area, ...]:
    """Return the areas of a part, written `{"list": id, "priority": 2, "of": {"var": "lead.postal_code"}}`.

    Without `of` the flow's first postal code is looked up. Without `areas` a buyer takes leads from everywhere.
    """
    written = part.parts("areas", "an area")
    if len(written) > MOST_AREAS:
        part.report("areas", "too_many_areas", f"A buyer has at most {MOST_AREAS} areas.")
    areas = (_read_area(inner) for inner in written[:MOST_AREAS])
    return tuple(area for area in areas if area)


def _read_area(part: Part) -> Area | None:
    list_id, of = part.text("list"), part.take("of", _first_postal_code(part))
    priority = part.whole("priority", least=1, most=LAST) if part.has("priority") else None
    part.finish()
    if list_id and not is_list_id(list_id):
        part.report("list", "not_a_list", "Name the stored list by its id, which begins with “lst_”.")
    elif of is None:
        part.report("of", "no_postal_code", "The flow has no postal code; say in “of” what is looked up in the list.")
    elif list_id and part.document.value(of, part.at("of")):
        rule = part.document.rule({"in_list": [of, list_id]}, part.path)
        return Area(list_id, rule, priority) if rule else None
    return None


def _first_postal_code(part: Part) -> object:
    keys = (key for key, field in part.document.fields.items() if field.type == POSTAL_CODE)
    return next(({"var": f"lead.{key}"} for key in keys), None)
