"""The fields of a flow on the panel of its first card: shown, changed, added, put in another order, taken out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.typed import Form, Unreadable, as_map, lines, listed, shown_in
from rules.categories import BY_KEY, QUALITY
from rules.field_lint import mentions
from rules.fields import TYPES, parse_field, readable
from rules.places import written_steps
from rules.proposing import key_of, propose

WITH_OPTIONS = ("choice", "multi")
CHECKS = {"": "As usual", "none": "Not at all", "possible": "Could be real", "valid": "Must be valid"}
Document = Mapping[str, Any]
Fields = list[Any]
Problems = Mapping[str, Sequence[str]]
Typed = MultiDict[str, str] | None


@dataclass(frozen=True)
class FieldRow:
    """One field as the panel shows it; `uses` are the places whose rules read it, in words."""

    number: int
    key: str
    type: str
    type_label: str
    label: str
    placeholder: str
    required: bool
    check: str
    options: str
    region: str
    country_field: str
    sensitive: bool
    aliases: str
    uses: Sequence[str]
    problems: Sequence[str]

    @property
    def called(self) -> str:
        """Return its label, or what its key says where it has none."""
        return self.label or self.placeholder

    @property
    def has_options(self) -> bool:
        """Return whether its values are chosen from a list."""
        return self.type in WITH_OPTIONS

    @property
    def has_region(self) -> bool:
        """Return whether its values are read by the rules of a country."""
        return self.type in TYPES and TYPES[self.type].has_region


def field_rows(settings: Document, document: Document, problems: Problems, typed: Typed) -> list[FieldRow]:
    """Return the fields of a document as rows, with what is wrong with each."""
    return [_row(number, written, document, problems, typed) for number, written in enumerate(written_fields(settings))]


def written_fields(settings: Document) -> Fields:
    """Return the fields as they are written; none where they are no list."""
    fields = settings.get("fields")
    return list(fields) if isinstance(fields, list) else []


def read_fields(form: Form, settings: Document, known: Sequence[Document]) -> Fields:
    """Return the fields that a form says: each as it was but for what was changed, then what its button does."""
    fields = [_read(form, number, written) for number, written in enumerate(written_fields(settings))]
    action = form.text("do")
    if action.startswith(("field:", "example:")) and not form.problems:
        return _pressed(form, action, fields, known)
    return fields


def uses_of(document: Document, key: str) -> list[str]:
    """Return where a field is read, in words: steps by their numbers, the first card and the last one."""
    found = []
    door = as_map(document.get("intake"))
    if mentions(door, key):
        found.append("“Leads arrive”")
    numbered = enumerate(written_steps(document), 1)
    found += [f"step {number}" for number, step in numbered if mentions(step.settings, key)]
    if mentions(document.get("fallback"), key):
        found.append("the last card")
    others = (as_map(field) for field in written_fields(document))
    found += [f"the field {_label(other)}" for other in others if other.get("country_field") == key]
    return found


def _row(number: int, written: object, document: Document, problems: Problems, typed: Typed) -> FieldRow:
    field, at = as_map(written), f"fields.{number}."
    kind = str(field.get("type", ""))
    own = [
        sentence
        for address, sentences in problems.items()
        if address == f"fields[{number}]" or address.startswith(f"fields[{number}].")
        for sentence in sentences
    ]
    return FieldRow(
        number=number,
        key=str(field.get("key", "")),
        type=kind,
        type_label=TYPES[kind].label if kind in TYPES else kind,
        label=shown_in(typed, f"{at}label", str(field.get("label", ""))),
        placeholder=readable(str(field.get("key", ""))),
        required=field.get("required") is True,
        check=str(field.get("check", "")),
        options=shown_in(typed, f"{at}options", _options(field)),
        region=shown_in(typed, f"{at}region", str(field.get("region", ""))),
        country_field=str(field.get("country_field", "")),
        sensitive=_is_sensitive(field),
        aliases=shown_in(typed, f"{at}aliases", _aliases(field)),
        uses=uses_of(document, str(field.get("key", ""))),
        problems=own,
    )


def _read(form: Form, number: int, written: object) -> object:
    """Return one field as a form has it; one that is no object stays as it is."""
    at = f"fields.{number}."
    if not isinstance(written, Mapping) or form.text(f"{at}key") != str(written.get("key", "")):
        return written
    field = dict(written)
    _read_type(form, field, at)
    form.put(field, "label", f"{at}label", str(written.get("label", "")))
    form.tick(field, "required", f"{at}required", shown=written.get("required") is True)
    form.put(field, "check", f"{at}check", str(written.get("check", "")))
    form.put(field, "options", f"{at}options", _options(written), lines)
    form.put(field, "region", f"{at}region", str(written.get("region", "")), _country)
    form.put(field, "country_field", f"{at}country_field", str(written.get("country_field", "")))
    form.tick(field, "sensitive", f"{at}sensitive", shown=_is_sensitive(written))
    form.put(field, "aliases", f"{at}aliases", _aliases(written), listed)
    return field


def _read_type(form: Form, field: dict[str, Any], at: str) -> None:
    """Set another type; what only the type before has a use for goes with it."""
    kind = form.text(f"{at}type")
    if kind not in TYPES or kind == field.get("type"):
        return
    field["type"] = kind
    if kind not in WITH_OPTIONS:
        field.pop("options", None)
    if not TYPES[kind].has_region:
        field.pop("region", None)
        field.pop("country_field", None)


def _pressed(form: Form, action: str, fields: Fields, known: Sequence[Document]) -> Fields:
    """Return the fields after the button that was pressed."""
    word, _, place = action.partition(":")[2].partition(":")
    number = int(place) if place.isdecimal() and len(place) < 5 else -1
    if 0 <= number < len(fields) and word in MOVES:
        return MOVES[word](fields, number)
    if action in ADDS:
        return [*fields, *_new_among(fields, ADDS[action](form, fields, known))]
    return fields


def _up(fields: Fields, number: int) -> Fields:
    at = max(0, number - 1)
    rest = [*fields[:number], *fields[number + 1 :]]
    return [*rest[:at], fields[number], *rest[at:]]


def _down(fields: Fields, number: int) -> Fields:
    rest = [*fields[:number], *fields[number + 1 :]]
    return [*rest[: number + 1], fields[number], *rest[number + 1 :]]


MOVES: Mapping[str, Callable[[Fields, int], Fields]] = {
    "up": _up,
    "down": _down,
    "remove": lambda fields, number: [*fields[:number], *fields[number + 1 :]],
}


def _new(form: Form, fields: Fields, _known: Sequence[Document]) -> Iterator[Document]:
    """Yield a field of a name and a type that were typed."""
    name, kind = form.text("new.label"), form.text("new.type")
    key = key_of(name)
    if not name or not any(letter.isalnum() for letter in name):
        form.problems["new.label"] = "Say what the field is called, such as Phone."
    elif any(as_map(field).get("key") == key for field in fields):
        form.problems["new.label"] = f"There is a field “{key}” already."
    else:
        label = {} if readable(key) == name else {"label": name}
        options = {"options": ["yes", "no"]} if kind == "choice" else {}
        yield {"key": key, "type": kind if kind in TYPES else "text", **label, **options}


def _of_category(form: Form, _fields: Fields, _known: Sequence[Document]) -> Iterator[Document]:
    category = BY_KEY.get(form.text("new.category"))
    yield from category.fields if category else ()


def _of_catalogue(form: Form, _fields: Fields, known: Sequence[Document]) -> Iterator[Document]:
    wanted = form.text("new.known")
    yield from (field for field in (*known, QUALITY) if field.get("key") == wanted)


def _of_example(form: Form, fields: Fields, known: Sequence[Document]) -> Iterator[Document]:
    """Yield the fields that a pasted lead has and the flow does not."""
    problems: list[Any] = []
    had = [read for written in fields if (read := parse_field(written, "", problems))]
    proposal = propose(form.text("example"), known=known, taken=had)
    if proposal.problem:
        form.problems["example"] = proposal.problem
    elif not proposal.fields:
        form.problems["example"] = "The flow has every field of this lead already."
    yield from (one.document for one in proposal.fields)


ADDS: Mapping[str, Callable[[Form, Fields, Sequence[Document]], Iterator[Document]]] = {
    "field:add": _new,
    "field:category": _of_category,
    "field:known": _of_catalogue,
    "example:add": _of_example,
}


def _new_among(fields: Fields, added: Iterator[Document]) -> Iterator[dict[str, Any]]:
    """Yield those of some fields whose keys nobody has yet."""
    had = {as_map(field).get("key") for field in fields}
    for field in added:
        if field["key"] not in had:
            had.add(field["key"])
            yield dict(field)


def _options(field: Document) -> str:
    options = field.get("options")
    return "\n".join(map(str, options)) if isinstance(options, list) else ""


def _aliases(field: Document) -> str:
    aliases = field.get("aliases")
    return ", ".join(map(str, aliases)) if isinstance(aliases, list) else ""


def _is_sensitive(field: Document) -> bool:
    """Return whether a field's values are masked: as it says, else as is usual for its type."""
    kind, written = str(field.get("type", "")), field.get("sensitive")
    any_text = kind == "multi" and not field.get("options")
    return written if isinstance(written, bool) else any_text or (kind in TYPES and TYPES[kind].personal)


def _label(field: Document) -> str:
    return str(field.get("label") or readable(str(field.get("key", ""))))


def _country(typed: str) -> str:
    if len(typed) == len("US") and typed.isascii() and typed.isalpha():
        return typed.upper()
    raise Unreadable("A country is two letters, such as US.")
