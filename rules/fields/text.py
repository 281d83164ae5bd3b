"""Free text: a city, a street, a comment."""

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, TEXT_OPERATORS, FieldType


class TextType(FieldType):
    """Text without its outer spaces; every filled text is valid."""

    key = "text"
    label = "Text"
    operators = COMMON_OPERATORS + TEXT_OPERATORS + PRESENCE_OPERATORS

    @override
    def mask(self, value: object) -> str:
        return f"{str(value)[:1]}••••" if value else ""
