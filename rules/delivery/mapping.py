"""A buyer's fields and the expressions that fill them, in the order in which they are sent."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rules.delivery.expressions import read_rule, read_value
from rules.delivery.formats import Format
from rules.delivery.formats.xml import ELEMENT
from rules.logic import Rule
from rules.reading import Part
from rules.values import Value

MOST_ENTRIES = 500
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the buyer; where it has a rule of its own, it is only sent if that is true."""

    name: str
    value: Value
    is_required: bool = False
    when: Rule | None = None


def read_mapping(part: Part, writing: Format, beside: Iterable[str] = (), *, key: str = "mapping") -> tuple[Entry, ...]:
    """Return the entries of a setting that this format writes; `beside` are names that others fill with them."""
    written = part.take(key, [])
    if not isinstance(written, list) or len(written) > MOST_ENTRIES:
        part.report(key, "not_a_list", f"“{key}” must be a list of at most {MOST_ENTRIES} fields.")
        return ()
    entries = [_read_entry(part, entry, f"{key}[{position}]") for position, entry in enumerate(written)]
    read = tuple(entry for entry in entries if entry)
    names = [*(entry.name for entry in read), *beside]
    for message in _clashes(names, nests=writing.nests):
        part.report(key, "mapped_twice", message)
    if writing.has_elements:
        _report_no_elements(part, names)
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


def _clashes(names: list[str], *, nests: bool) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Their field “{name}” is filled twice."
    keys = [name.split(".") for name in names] if nests else []
    outer = {".".join(key[:depth]) for key in keys for depth in range(1, len(key))}
    for name in sorted(outer.intersection(names)):
        yield f"Their field “{name}” cannot be a value and an object at once."


def _report_no_elements(part: Part, names: list[str]) -> None:
    for name in names:
        if not all(ELEMENT.fullmatch(piece) for piece in name.split(".")):
            message = (
                f"Their field “{name}” cannot be an XML element: it begins with a letter or _ and holds letters, "
                "digits, - and _; a dot nests."
            )
            part.report("mapping", "bad_field_name", message)
