"""The inputs that stand beside a field: what each is for, what it holds, what can be chosen in it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.builder import Comparison, Row
from rules.builder.editors import beside, is_recognised, text_of
from rules.builder.regions import REGIONS
from rules.builder.shapes import FIELD_SIDE, SIDES, Texts, entries_of, first, is_list, texts_of
from rules.countries import countries
from rules.fields import TYPES, Field
from rules.fields.date import DAYS
from rules.fields.state import STATES
from rules.money import SIGNS
from rules.saying import DAY_WORDS, say_literal, say_option

MOST_TOKENS = 24
"""How many values of a list stand on the page one by one; the others are counted, and edited as lines."""
MOST_OPTIONS = 60
"""With more options than this a value is typed, with suggestions."""
UNITS = (("m", "minutes"), ("h", "hours"), ("d", "days"), ("w", "weeks"))
DISTANCES = (("mi", "miles"), ("km", "km"))
ZONES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "Pacific/Honolulu", "America/Toronto", "Europe/London", "Europe/Berlin", "Europe/Madrid"),
    *("Europe/Rome", "Europe/Oslo", "Australia/Sydney", "UTC"),
)
"""Time zones that are suggested; every other one can be typed."""
DATES = ("date", "dob", "datetime", "moment")
DAY_LENGTH = len("2026-11-20")


@dataclass(frozen=True)
class Choice:
    """One thing to choose from: what is posted, what people read, and whether it is chosen."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Input:
    """One input: its name, its kind (text, number, date, time, select, list), what it holds, and what stands before it.

    With `by_field` another field stands in its place, `other` is its path; `may_be_field` says that one can.
    """

    name: str
    kind: str
    text: str
    label: str
    options: tuple[Choice, ...] = ()
    suggestions: str = ""
    unit: str = ""
    between: str = ""
    placeholder: str = ""
    side: str = ""
    by_field: bool = False
    other: str = ""
    may_be_field: bool = False

    @property
    def number(self) -> int:
        """Return which of the values beside the field it is, from 1."""
        return 1 + SIDES.index(self.side)


@dataclass(frozen=True)
class Token:
    """One value of a list: its number, its text, what people read, and whether it is one of the field's type."""

    number: int
    text: str
    label: str
    is_read: bool


@dataclass(frozen=True)
class Editor:
    """What stands beside a field.

    `tokens` are the first values of a list, `lines` all of them; `unread` are those that say nothing of the type.
    """

    shape: str
    inputs: tuple[Input, ...] = ()
    tokens: tuple[Token, ...] = ()
    lines: str = ""
    total: int = 0
    unread: tuple[str, ...] = ()
    suggestions: str = ""
    options: tuple[Choice, ...] = ()
    regions: tuple[str, ...] = ()
    noun: str = "value"
    list_kind: str = ""


def editor_of(
    row: Row, comparison: Comparison, field: Field | None, currency: str, *, is_sound: bool = False
) -> Editor:
    """Return the editor of what stands beside a row's field; values of a row that `is_sound` are all of its type."""
    kind = beside(comparison, field)
    if is_list(comparison, field):
        return _list_editor(row, comparison, kind, is_sound=is_sound)
    texts, shape = texts_of(row, comparison, field), comparison.shape
    if shape in ("one", "two"):
        sides = SIDES[:1] if shape == "one" else SIDES
        return Editor(shape, tuple(_side(texts, side, kind, currency, shape) for side in sides))
    if shape == "days":
        chosen = {day.strip().lower()[:3] for day in texts.get("value", ())}
        return Editor(shape, options=tuple(Choice(day, DAY_WORDS[day], day in chosen) for day in DAYS))
    return Editor(shape, INPUTS[shape](texts) if shape in INPUTS else ())


def _duration(texts: Texts) -> tuple[Input, ...]:
    units = _choices(UNITS, first(texts, "unit") or "d")
    return _plain(texts, "value", "number", "How many"), _select(texts, "unit", "Unit", units)


def _times(texts: Texts) -> tuple[Input, ...]:
    zone = Input(
        "zone", "text", first(texts, "zone"), "Time zone", suggestions="zones", placeholder="The flow's time zone"
    )
    return _plain(texts, "value", "time", "From"), _plain(texts, "value2", "time", "To", "and"), zone


def _distance(texts: Texts) -> tuple[Input, ...]:
    units = _choices(DISTANCES, first(texts, "unit") or "mi")
    radius = _plain(texts, "value2", "number", "Distance")
    return radius, _select(texts, "unit", "Unit", units), _plain(texts, "value", "text", "Zip code", "of")


def _type(texts: Texts) -> tuple[Input, ...]:
    named = first(texts, "value")
    types = tuple(Choice(key, one.label, key == named) for key, one in TYPES.items())
    return (_select(texts, "value", "Type", types),) if named else ()


INPUTS: Mapping[str, Callable[[Texts], tuple[Input, ...]]] = {
    "duration": _duration,
    "times": _times,
    "distance": _distance,
    "type": _type,
    "pattern": lambda texts: (_plain(texts, "value", "text", "Pattern"),),
    "list": lambda texts: (_plain(texts, "value", "list", "Stored list"),),
}


def options_of(kind: Field | None) -> tuple[Choice, ...]:
    """Return what a value of a type is chosen from, nothing where it is typed."""
    match kind.type if kind else "":
        case "choice" | "multi":
            return tuple(Choice(one, say_option(one)) for one in (kind.options if kind else ()))
        case "state":
            return tuple(Choice(code, f"{code} {name}") for code, name in STATES.items())
        case "country":
            return tuple(Choice(code, name) for code, name in countries().items())
        case "boolean":
            return (Choice("yes", "Yes"), Choice("no", "No"))
    return ()


def suggestions_for(editors: Iterable[Editor]) -> dict[str, tuple[Choice, ...]]:
    """Return what is suggested in the inputs of some editors, by name, each once."""
    shown = list(editors)
    named = {one.suggestions for one in shown} | {given.suggestions for one in shown for given in one.inputs}
    return {name: make() for name, make in SUGGESTIONS.items() if name in named}


SUGGESTIONS: Mapping[str, Callable[[], tuple[Choice, ...]]] = {
    "states": lambda: tuple(Choice(code, name) for code, name in STATES.items()),
    "countries": lambda: tuple(Choice(code, name) for code, name in countries().items()),
    "zones": lambda: tuple(Choice(zone, "") for zone in ZONES),
}


def _side(texts: Texts, side: str, kind: Field | None, currency: str, shape: str) -> Input:
    text, options = first(texts, f"value{side}"), options_of(kind)
    label = "Value" if shape == "one" else "From" if not side else "To"
    by_field = first(texts, f"side{side}") == FIELD_SIDE
    listed = 0 < len(options) <= MOST_OPTIONS
    chosen = _with_chosen(options, text) if listed else ()
    return Input(
        name=f"value{side}",
        kind="select" if listed else _kind_of(kind, text),
        text=text,
        label=label,
        options=chosen,
        suggestions="countries" if options and not listed else "",
        unit=SIGNS.get(currency, currency) if kind and kind.type == "money" else "",
        between="and" if side else "",
        side=side,
        by_field=by_field,
        other=first(texts, f"other{side}"),
        may_be_field=True,
    )


def _with_chosen(options: Sequence[Choice], text: str) -> tuple[Choice, ...]:
    """Return options with the one that is chosen; what is none of them stands among them as it is written."""
    known = any(option.value.casefold() == text.casefold() for option in options)
    also = () if known or not text else (Choice(text, text, chosen=True),)
    marked = (Choice(one.value, one.label, one.value.casefold() == text.casefold()) for one in options)
    return (*also, *marked)


def _kind_of(kind: Field | None, text: str) -> str:
    if kind and kind.type in ("number", "money"):
        return "number"
    if kind and kind.type in DATES and (not text or (len(text) == DAY_LENGTH and text[4] == "-")):
        return "date"
    return "text"


def _list_editor(row: Row, comparison: Comparison, kind: Field | None, *, is_sound: bool) -> Editor:
    values = entries_of(row.values)
    read = [is_sound or is_recognised(value, kind) for value in values]
    pairs = list(zip(values, read, strict=True))
    shown = tuple(_token(number, *pair, kind) for number, pair in enumerate(pairs[:MOST_TOKENS]))
    options = options_of(kind)
    return Editor(
        shape="tokens",
        tokens=shown,
        lines="\n".join(map(text_of, values)),
        total=len(values),
        unread=tuple(text_of(value) for value, is_read in pairs if not is_read),
        suggestions={"state": "states", "country": "countries"}.get(kind.type if kind else "", ""),
        options=options if kind and kind.type in ("choice", "multi") else (),
        regions=tuple(REGIONS) if kind and kind.type == "state" else (),
        noun=_noun(comparison, kind),
        list_kind=_list_kind(comparison, kind),
    )


def _token(number: int, value: object, is_read: bool, kind: Field | None) -> Token:
    text = text_of(value)
    state = STATES.get(text.upper()) if kind and kind.type == "state" else None
    return Token(number, text, f"{text} {state}" if state else say_literal(value, kind), is_read)


def _noun(comparison: Comparison, kind: Field | None) -> str:
    own = {"area_code_in": "area code", "domain_in": "domain", "in_block": "block", "country_in": "country"}
    by_type = {"state": "state", "country": "country", "postal_code": "zip code", "number": "number", "date": "date"}
    return own.get(comparison.operator) or by_type.get(kind.type if kind else "", "value")


def _list_kind(comparison: Comparison, kind: Field | None) -> str:
    """Return the kind of the stored list that these values could be kept in, "" when they make none."""
    if comparison.operator not in ("any_of", "none_of") or kind is None:
        return ""
    kinds = {"email": "email", "phone": "phone", "postal_code": "postal_code"}
    return kinds.get(kind.type) or ("text" if kind.type in ("text", "name", "state", "country", "choice") else "")


def _plain(texts: Texts, name: str, kind: str, label: str, between: str = "") -> Input:
    return Input(name, kind, first(texts, name), label, between=between)


def _select(texts: Texts, name: str, label: str, options: tuple[Choice, ...]) -> Input:
    return Input(name, "select", first(texts, name), label, options)


def _choices(pairs: Sequence[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, label, value == chosen) for value, label in pairs)
