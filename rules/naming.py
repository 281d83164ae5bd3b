"""What the names in an expression stand for: fields of the lead, their parts, and what a run knows beside them."""

from collections.abc import Collection, Mapping

from rules.fields import JOURNEY, Field, readable, type_of
from rules.problems import shorten, suggest

# Where an expression of a flow may read from.
NAMES = frozenset({"lead", "raw", "valid", "parts", "source", "run", "step", "flow"})
# What the expressions of a destination see beside it.
DELIVERY_NAMES = NAMES | {"offer"}

PART_WORDS = {"area": "area code", "code": "country code", "tld": "top-level domain", "user": "mailbox"}
NUMBER_PARTS = ("age", "year", "month", "day")
# Names that say nothing beside what follows them: flow.min_bill is "Min bill", offer.id is "Offer ID".
SHORT = ("lead", "flow", "step", "")
OF_FIELDS = ("lead", "raw", "valid", "parts")


def field_at(path: str, fields: Mapping[str, Field]) -> Field | None:
    """Return the field, or what compares like one, that a path names; None when its type is not known."""
    name, _, key = path.partition(".")
    if name == "lead":
        return fields.get(key)
    if name == "valid" and key in fields:
        return Field(key, "boolean", f"{fields[key].label} is valid")
    if name == "parts":
        return part_at(key, fields)
    return JOURNEY.get(path)


def part_at(path: str, fields: Mapping[str, Field]) -> Field | None:
    """Return the part that a path like `phone_1.area` names as a field of its own, None when there is none."""
    key, _, part = path.partition(".")
    field = fields.get(key)
    if field is None or part not in type_of(field).part_names:
        return None
    field_type = type_of(field)
    kind = field_type.part_kinds.get(part) or ("number" if part in NUMBER_PARTS else "text")
    words = field_type.part_words.get(part) or PART_WORDS.get(part, part)
    return Field(key, kind, f"age by {field.label}" if part == "age" else f"{field.label} {words}")


def name_problem(path: str, fields: Mapping[str, Field], names: Collection[str] | None) -> str | None:
    """Return what is wrong with a path as a sentence, or None; with names=None every first name is allowed."""
    name, _, rest = path.partition(".")
    if names is not None and path and name not in names:
        hint = f" Did you mean “lead.{path}”?" if path in fields else suggest(name, names)
        return f"There is no “{shorten(name)}” to read from.{hint}"
    if name not in OF_FIELDS:
        return None
    key, _, part = rest.partition(".")
    field = fields.get(key)
    if field is None:
        return f"This flow has no field “{shorten(key)}”.{suggest(key, fields)}"
    if name != "parts":
        return f"“{field.label}” is one value, without parts of that name." if part else None
    known = type_of(field).part_names
    return None if part in known else f"{field.label} has no part “{shorten(part)}”.{suggest(part, known)}"


def label_of(path: str, fields: Mapping[str, Field], names: Mapping[str, str]) -> str:
    """Return what a path is called in a sentence."""
    if path in names:
        return names[path]
    field = field_at(path, fields)
    if field is not None:
        return field.label
    name, _, rest = path.partition(".")
    if name == "raw" and rest in fields:
        return f"posted {fields[rest].label}"
    words = rest if rest and name in SHORT else path
    return readable(words.replace(".", "_")) or "the data"
