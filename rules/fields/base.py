"""What a field of a lead is, and what every field type can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, NamedTuple

from rules.text import scalar_text

Check = Literal["none", "possible", "valid"]

COMMON_OPERATORS = ("is", "is_not", "any_of", "none_of")
TEXT_OPERATORS = ("contains", "not_contains", "starts_with", "ends_with", "matches", "not_matches")
PRESENCE_OPERATORS = ("filled", "blank", "valid", "not_valid")
AMOUNT_OPERATORS = ("more_than", "less_than", "at_least", "at_most", "between", "not_between")

ACRONYMS: Mapping[str, str] = {"dob": "date of birth", "id": "ID", "ip": "IP", "url": "URL", "utm": "UTM", "zip": "ZIP"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a flow's leads, as its document describes it."""

    key: str
    type: str
    label: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    region: str | None = None
    check: Check = "none"
    sensitive: bool = False
    aliases: tuple[str, ...] = ()
    country_field: str | None = None  # The key of the field that holds the country, in place of a fixed region.

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", readable(self.key))


class Normal(NamedTuple):
    """A posted value in its normal form (None when blank), and whether it is a valid value of its type."""

    value: object
    valid: bool


BLANK = Normal(None, False)


class FieldType:
    """What all fields of one type share; each type is a subclass in its own file."""

    key: ClassVar[str]
    label: ClassVar[str]
    operators: ClassVar[tuple[str, ...]]
    part_names: ClassVar[tuple[str, ...]] = ()
    part_kinds: ClassVar[Mapping[str, str]] = {}  # The types of those parts that are not texts.
    part_words: ClassVar[Mapping[str, str]] = {}  # What parts are called where their names do not say it.
    personal: ClassVar[bool] = False
    checked_when_required: ClassVar[bool] = False
    has_region: ClassVar[bool] = False  # Whether a value is read by the rules of a country.
    validity_ages: ClassVar[bool] = False  # Whether a valid value can be none on another day.

    def normalise(self, raw: object, field: Field) -> Normal:
        """Return the normal form of what was posted; null, lists, objects and empty texts are blank."""
        text = raw.strip() if isinstance(raw, str) else (scalar_text(raw) or "").strip()
        return self.read(text, field) if text else BLANK

    def read(self, text: str, field: Field) -> Normal:  # noqa: ARG002 - types that look closer need it
        """Return the normal form of a text that is not blank: as it stands, unless the type asks more of it."""
        return Normal(text, True)

    def is_possible(self, value: object, field: Field) -> bool:  # noqa: ARG002 - likewise
        """Say whether a normal form could be a real value, which asks less than being valid."""
        return value is not None

    def is_valid_on(self, value: object, day: date) -> bool:  # noqa: ARG002 - asked where `validity_ages`
        """Say whether a normal form that is valid by itself is valid on a day too."""
        return value is not None

    def parts(self, value: object, field: Field) -> dict[str, object]:  # noqa: ARG002 - likewise
        """Return what can be taken out of a normal form, by part name; a blank value has no parts."""
        return {}

    def mask(self, value: object) -> str:
        """Return the value as people see it who may not see personal data."""
        return "" if value is None else "••••"


def passes_check(normal: Normal, field: Field, field_type: FieldType) -> bool:
    """Say whether a filled value is as good as the field's `check` asks."""
    if field.check == "none":
        return True
    return normal.valid or (field.check == "possible" and field_type.is_possible(normal.value, field))


def readable(key: str) -> str:
    """Return a key as a label: `credit_score` is "Credit score"."""
    text = " ".join(ACRONYMS.get(word, word) for word in key.split("_") if word)
    return text[:1].upper() + text[1:]
