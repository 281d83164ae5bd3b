"""A country."""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from rules.countries import countries, country_of_text
from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal


class CountryType(FieldType):
    """A two-letter code (ISO 3166-1), read from codes of two or three letters and from names; others are blank."""

    key = "country"
    label = "Country"
    operators = (*COMMON_OPERATORS, "country_in", *PRESENCE_OPERATORS)
    part_names = ("name", "code")
    part_words: ClassVar[Mapping[str, str]] = {"code": "code"}

    @override
    def read(self, text: str, field: Field) -> Normal:
        code = country_of_text(text)
        return Normal(code, code is not None)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        name = countries().get(str(value))
        return {"name": name, "code": value if name else None}

    @override
    def mask(self, value: object) -> str:
        return "••" if value else ""
