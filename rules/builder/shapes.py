"""What stands beside a field, by its shape: which values can be edited, as the inputs of a form, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules.builder.comparisons import Comparison
from rules.builder.editors import NUMBER, beside, read_entry, text_of
from rules.builder.model import Row
from rules.durations import SECONDS, DurationError, read_duration
from rules.fields import Field
from rules.fields.date import DAYS
from rules.operators.base import Shape
from rules.text import fold

Texts = Mapping[str, tuple[str, ...]]
"""The texts of a row's inputs by their names."""
Found = dict[str, tuple[str, ...]]
Values = Sequence[object]

FIELD_SIDE = "field"
SIDES = ("", "2")
MILES, KILOMETRES = "mi", "km"
DAYS_LONG = "d"
BREAKS = ("\n", "\r")


@dataclass(frozen=True, slots=True)
class Beside:
    """One shape: whether values can be edited in it, what its inputs hold, and what they say."""

    fits: Callable[[Values], bool]
    texts: Callable[[Values], Found]
    read: Callable[[Texts, Field | None], tuple[object, ...]]


def is_list(comparison: Comparison, field: Field | None) -> bool:
    """Say whether a list of values stands beside a field."""
    of_several = comparison.shape == "one" and field is not None and field.type == "multi"
    return comparison.shape in ("several", "parts") or of_several


def shape_of(comparison: Comparison, field: Field | None) -> Beside:
    """Return how what stands beside a field is edited: exactly several choices are a list too."""
    return SHAPES["several" if comparison.shape == "one" and is_list(comparison, field) else comparison.shape]


def has_editor(comparison: Comparison, values: Values, field: Field | None) -> bool:
    """Say whether what stands beside a field can be edited as it is."""
    return shape_of(comparison, field).fits(values)


def texts_of(row: Row, comparison: Comparison, field: Field | None) -> Found:
    """Return what the inputs of a row hold."""
    return shape_of(comparison, field).texts(row.values)


def read_values(comparison: Comparison, field: Field | None, texts: Texts) -> tuple[object, ...]:
    """Return what the inputs of a row say, in the normal form of the type that belongs there."""
    return shape_of(comparison, field).read(texts, beside(comparison, field))


def first(texts: Texts, name: str) -> str:
    """Return the text of an input, "" when there is none."""
    return (texts.get(name) or ("",))[0].strip()


def each(texts: Texts, name: str) -> tuple[str, ...]:
    """Return the filled texts of an input that holds several, each once."""
    found: dict[str, str] = {}
    for text in texts.get(name, ()):
        if text.strip():
            found.setdefault(fold(text), text.strip())
    return tuple(found.values())


def entries_of(values: Values) -> list[object]:
    """Return the values of a list, a single one as a list of one."""
    return values[0] if values and isinstance(values[0], list) else [value for value in values if value != ""]


def _sides(how_many: int) -> Beside:
    """Return the shape of values that may each be another field."""
    sides = SIDES[:how_many]

    def texts(values: Values) -> Found:
        found: Found = {}
        for value, side in zip(values, sides, strict=False):
            if isinstance(value, dict):
                found |= {f"side{side}": (FIELD_SIDE,), f"other{side}": (str(value.get("var", "")),)}
            elif value != "":
                found[f"value{side}"] = (text_of(value),)
        return found

    return Beside(
        lambda values: len(values) == how_many and all(_is_plain(one) or _is_variable(one) for one in values),
        texts,
        lambda texts, kind: tuple(_read_side(texts, kind, side) for side in sides),
    )


def _read_side(texts: Texts, kind: Field | None, side: str) -> object:
    if first(texts, f"side{side}") == FIELD_SIDE:
        return {"var": first(texts, f"other{side}")}
    return read_entry(first(texts, f"value{side}"), kind)


def _named(*names: str, most: int = 0, fits: Callable[[object], bool]) -> Beside:
    """Return the shape of one input for each value, the last of which may be missing when `most` says so."""

    def texts(values: Values) -> Found:
        return {name: (text_of(value),) for name, value in zip(names, values, strict=False) if value != ""}

    def read(texts: Texts, _kind: Field | None) -> tuple[object, ...]:
        said = [first(texts, name) for name in names]
        return tuple(said[:-1] if most and not said[-1] else said)

    least = len(names) - (1 if most else 0)
    return Beside(lambda values: least <= len(values) <= len(names) and all(map(fits, values)), texts, read)


def _fits_entries(values: Values) -> bool:
    return len(values) == 1 and (_is_entry(values[0]) or _is_list(values[0]))


def _entry_texts(values: Values) -> Found:
    return {"value": tuple(map(text_of, entries_of(values)))}


def _read_parts(texts: Texts, _kind: Field | None) -> tuple[object, ...]:
    entries = each(texts, "value")
    return (list(entries) if len(entries) > 1 else entries[0] if entries else "",)


def _duration_texts(values: Values) -> Found:
    """Return the amount and the unit of a duration; of what is none, as much as was typed."""
    text = text_of(values[0]) if values else ""
    try:
        amount, unit = read_duration(text)
    except DurationError:
        bare, unit = (text[:-1], text[-1:]) if text[-1:] in SECONDS else (text, DAYS_LONG)
        return {"value": (bare,), "unit": (unit,)} if bare else {}
    return {"value": (str(amount),), "unit": (unit,)}


def _read_duration(texts: Texts, _kind: Field | None) -> tuple[object, ...]:
    amount = first(texts, "value")
    return (f"{amount}{first(texts, 'unit') or DAYS_LONG}" if amount else "",)


def _fits_duration(values: Values) -> bool:
    return len(values) == 1 and isinstance(values[0], str) and _is_plain(values[0])


def _read_distance(texts: Texts, kind: Field | None) -> tuple[object, ...]:
    unit = first(texts, "unit")
    radius = read_entry(first(texts, "value2"), NUMBER)
    return (read_entry(first(texts, "value"), kind), radius, *([unit] if unit == KILOMETRES else []))


def _is_days(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(day, str) for day in value)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_entry, value))


def _is_entry(value: object) -> bool:
    return _is_plain(value) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _is_plain(value)


def _is_plain(value: object) -> bool:
    """Return whether a value can be typed into one line."""
    if isinstance(value, str):
        return not any(one in value for one in BREAKS)
    return isinstance(value, bool | int | float | Decimal)


def _is_variable(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"var"} and isinstance(value["var"], str)


SEVERAL = Beside(
    _fits_entries, _entry_texts, lambda texts, kind: ([read_entry(one, kind) for one in each(texts, "value")],)
)
SHAPES: Mapping[Shape, Beside] = {
    "nothing": Beside(lambda values: not values, lambda _: {}, lambda *_: ()),
    "one": _sides(1),
    "two": _sides(2),
    "several": SEVERAL,
    "parts": Beside(_fits_entries, _entry_texts, _read_parts),
    "duration": Beside(_fits_duration, _duration_texts, _read_duration),
    "days": Beside(
        lambda values: len(values) == 1 and _is_days(values[0]),
        _entry_texts,
        lambda texts, _: ([day for day in DAYS if day in each(texts, "value")],),
    ),
    "times": _named("value", "value2", "zone", most=3, fits=_is_text),
    "pattern": _named("value", fits=_is_text),
    "list": _named("value", fits=_is_text),
    "type": _named("value", most=1, fits=_is_text),
    "distance": Beside(
        lambda values: 2 <= len(values) <= 3 and all(map(_is_entry, values)),
        lambda values: {n: (text_of(v),) for n, v in zip(("value", "value2", "unit"), values, strict=False) if v != ""},
        _read_distance,
    ),
}
