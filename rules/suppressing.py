"""Suppression: stored lists of people that a buyer must not be offered, each with the field that is looked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.logic import Rule, truthy
from rules.operators.stored import is_list_id
from rules.reading import Part

MOST_LISTS = 20


@dataclass(frozen=True, slots=True)
class Suppression:
    """One list and one field; the list is asked before the step, as for any rule that names it."""

    listed: str
    field: str
    rule: Rule

    def holds(self, view: Mapping[str, Any]) -> bool:
        """Return whether the lead's value is in the list; raises RuleError when the list is gone."""
        return truthy(self.rule(view))


def read_suppressions(part: Part) -> tuple[Suppression, ...]:
    """Return the lists of a part's `suppress`, each written `{"list": id, "field": key}`."""
    found = []
    for listed, field in read_pairs(part, part.document.fields):
        rule = part.document.rule({"in_list": [{"var": f"lead.{field}"}, listed]}, part.at("suppress"))
        if rule:
            found.append(Suppression(listed, field, rule))
    return tuple(found)


def read_pairs(part: Part, fields: Mapping[str, object] | None) -> list[tuple[str, str]]:
    """Return the lists and fields of a part's `suppress`; `fields` are the flow's, None where it is not known."""
    written = part.parts("suppress", "a suppression list")
    if len(written) > MOST_LISTS:
        part.report("suppress", "too_many", f"“suppress” has at most {MOST_LISTS} lists.")
    return [pair for inner in written[:MOST_LISTS] for pair in _read_pair(inner, fields)]


def _read_pair(part: Part, fields: Mapping[str, object] | None) -> Iterator[tuple[str, str]]:
    listed, field = part.take("list"), part.take("field")
    is_list = isinstance(listed, str) and is_list_id(listed)
    is_field = isinstance(field, str) and bool(field) and (fields is None or field in fields)
    if not is_list:
        part.report("list", "not_a_list", "Name the stored list by its id, which begins with “lst_”.")
    if not is_field:
        known = "a field" if fields is None else "a field of the flow"
        part.report("field", "unknown_word", f"“field” must be {known}, whose value is looked for in the list.")
    part.finish()
    if is_list and is_field:
        yield str(listed), str(field)
