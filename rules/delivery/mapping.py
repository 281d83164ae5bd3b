"""A buyer's fields and the expressions that fill them, in the order in which they are sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.delivery.expressions import read_rule, read_value
from rules.logic import Rule, truthy
from rules.reading import Part
from rules.values import Value

MOST_ENTRIES = 500
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the buyer."""

    name: str
    value: Value
    is_required: bool = False
    when: Rule | None = None

    def is_sent(self, view: Mapping[str, Any]) -> bool:
        """Return True if this entry's own rule lets it be sent; raises RuleError."""
        return self.when is None or truthy(self.when(view))


def read_mapping(part: Part, *, nests: bool) -> tuple[Entry, ...]:
    """Return the entries of a `mapping`; `nests` if the format makes objects of dotted names."""
    written = part.take("mapping", [])
    if not isinstance(written, list) or len(written) > MOST_ENTRIES:
        part.report("mapping", "not_a_list", f"“mapping” must be a list of at most {MOST_ENTRIES} fields.")
        return ()
    entries = [_read_entry(part, entry, f"mapping[{position}]") for position, entry in enumerate(written)]
    read = tuple(entry for entry in entries if entry)
    _report_clashes(part, [entry.name for entry in read], nests=nests)
    return read


def _read_entry(part: Part, written: Any, place: str) -> Entry | None:
    """Return the entry `[their field, expression]` or `[their field, expression, {"required", "when"}]`."""
    if not isinstance(written, list) or len(written) not in (2, 3) or not isinstance(written[0], str):
        part.report(place, "bad_mapping", "A field is mapped by [their field, expression].")
        return None
    name = written[0].strip()
    if not _NAME.fullmatch(name) or not all(name.split(".")):
        part.report(f"{place}[0]", "bad_field_name", "Their field needs a name of 1 to 200 characters.")
        return None
    value = read_value(part.document, written[1], part.at(f"{place}[1]"))
    options = part.document.part(written[2] if len(written) == 3 else {}, part.at(f"{place}[2]"), "a mapped field")
    if options is None:
        return None
    is_required = options.flag("required")
    when = read_rule(part.document, options.take("when"), options.at("when")) if options.has("when") else None
    options.finish()
    return None if value is None else Entry(name, value, is_required, when)


def _report_clashes(part: Part, names: list[str], *, nests: bool) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        part.report("mapping", "mapped_twice", f"Their field “{name}” is filled twice.")
    keys = [name.split(".") for name in names] if nests else []
    outer = {".".join(key[:depth]) for key in keys for depth in range(1, len(key))}
    for name in sorted(outer.intersection(names)):
        part.report("mapping", "mapped_twice", f"Their field “{name}” cannot be a value and an object at once.")
