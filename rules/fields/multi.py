"""Several values out of a list that the seller wrote, or several texts of any kind."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from typing_extensions import override

from rules.fields.base import BLANK, PRESENCE_OPERATORS, Field, FieldType, Normal
from rules.text import fold, scalar_text

SEPARATORS = (re.compile(r"[|;\r\n]"), re.compile(r","))
LONGEST_TEXT = 10_000


class MultiType(FieldType):
    """A list without doubles, each entry the option as the seller wrote it; what is no option stays and is not valid.

    Read from a list (a JSON list, a form field that came several times) or from a text with line breaks, | or ;
    between its entries, or else commas. An option that has a comma itself is found as a whole.
    """

    key = "multi"
    label = "Several choices"
    operators = (
        *("any_of", "all_of", "none_of", "contains", "not_contains", "is", "is_not"),
        *PRESENCE_OPERATORS,
    )
    part_names = ("first", "count")
    part_kinds: ClassVar[Mapping[str, str]] = {"count": "number"}

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        entries = by_folded(raw if isinstance(raw, (list, tuple)) else split_text(raw, field.options))
        if not entries:
            return BLANK
        options = {fold(option): option for option in field.options}
        value = [options.get(key, text) for key, text in entries.items()]
        return Normal(value, not options or entries.keys() <= options.keys())

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return the first entry and how many there are."""
        entries = value if isinstance(value, (list, tuple)) else ()
        return {"first": entries[0] if entries else None, "count": len(entries)}

    @override
    def mask(self, value: object) -> str:
        return ", ".join("••••" for _ in value[:3]) if isinstance(value, (list, tuple)) else "••••" if value else ""


def by_folded(entries: Sequence[object]) -> dict[str, str]:
    """Return the filled texts of a list by how they are compared, nothing when an entry is a list or an object."""
    found: dict[str, str] = {}
    for entry in entries:
        text = scalar_text(entry)
        if text is None:
            return {}
        if fold(text):
            found.setdefault(fold(text), text.strip())
    return found


def split_text(raw: object, options: Sequence[str]) -> Sequence[object]:
    """Return the entries that a text names: itself when it is an option, else what stands between its separators."""
    text = scalar_text(raw)
    if text is None or len(text) > LONGEST_TEXT:
        return ()
    if any(fold(option) == fold(text) for option in options):
        return (text,)
    separator = next((one for one in SEPARATORS if one.search(text)), None)
    return separator.split(text) if separator else (text,)
