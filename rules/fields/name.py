"""A person's name."""

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, TEXT_OPERATORS, Field, FieldType, Normal


class NameType(FieldType):
    """A name with single spaces and the capitals it was posted with; valid when it has a letter and no digit."""

    key = "name"
    label = "Name"
    operators = COMMON_OPERATORS + TEXT_OPERATORS + PRESENCE_OPERATORS
    part_names = ("first", "last")
    personal = True

    @override
    def read(self, text: str, field: Field) -> Normal:
        name = " ".join(text.split())
        if name.isalpha():
            return Normal(name, True)
        return Normal(name, any(map(str.isalpha, name)) and not any(map(str.isdigit, name)))

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        first, _, last = str(value or "").partition(" ")
        return {"first": first or None, "last": last or None}

    @override
    def mask(self, value: object) -> str:
        return " ".join(f"{word[0]}••" for word in str(value or "").split())
