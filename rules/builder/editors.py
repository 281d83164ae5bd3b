"""Single values beside a field: of which type they are, as texts of a form and back.

What cannot be read stays as it was typed: the rule itself says then what is wrong with it, so that nothing that people
type is lost.
"""

from collections.abc import Mapping
from decimal import Decimal

from rules.builder.comparisons import Comparison
from rules.fields import Field, normalise
from rules.numbers import as_number, read_amount
from rules.operators.contact import recognise_country
from rules.text import fold, scalar_text

NUMBERS = ("number", "money")
NUMBER = Field("number", "number")
TEXT = Field("text", "text")
AREA_CODE = Field("area_code", "number")
COUNTRY = Field("country", "country")
ZIP_CODE = Field("zip_code", "postal_code", region="US")
TEXT_SHAPES = ("parts", "pattern", "list", "type")
BESIDE: Mapping[str, Field] = {
    "domain_in": TEXT,
    "in_block": TEXT,
    "area_code_in": AREA_CODE,
    "country_in": COUNTRY,
    "age_between": NUMBER,
    "near": ZIP_CODE,
}
"""What stands beside operators whose values are not of the field's own type."""
ON, OFF = "yes", "no"


def beside(comparison: Comparison, field: Field | None) -> Field | None:
    """Return a field of the type that the values beside a field have; None when the type is not known."""
    if comparison.operator in BESIDE:
        return BESIDE[comparison.operator]
    if comparison.shape in TEXT_SHAPES:
        return TEXT
    amounts = ("more_than", "less_than", "at_least", "at_most", "between", "not_between")
    if comparison.operator in amounts and (field is None or field.type == "range"):
        return NUMBER
    return field


def read_entry(text: str, kind: Field | None) -> object:
    """Return a typed text as a value of a field's type in its normal form, what is none as it was typed."""
    text = text.strip()
    if kind is None or not text:
        return text
    if kind.type == "boolean":
        return {ON: True, OFF: False}.get(text, text)
    if kind is AREA_CODE:
        return text
    if kind.type in NUMBERS:
        number = read_amount(text)
        return text if number is None else number
    if kind.type == "multi":
        return next((option for option in kind.options if fold(option) == fold(text)), text)
    normal = normalise(text, kind)
    return normal.value if normal.valid and isinstance(normal.value, str) else text


def is_recognised(value: object, kind: Field | None) -> bool:
    """Say whether a value is one of a field's type; of a type that is not known, everything is."""
    if kind is None or value == "":
        return kind is None
    if kind is AREA_CODE:
        return str(value).isdecimal() and len(str(value)) <= 6
    if kind is COUNTRY:
        return recognise_country(value) is not None
    if kind.type in NUMBERS:
        return as_number(value) is not None
    if kind.type == "multi":
        return not kind.options or fold(text_of(value)) in map(fold, kind.options)
    return normalise(value, kind).valid


def text_of(value: object) -> str:
    """Return a value as it stands in an input."""
    if isinstance(value, bool):
        return ON if value else OFF
    if isinstance(value, Decimal):
        return f"{value:f}"
    return scalar_text(value) or ""
