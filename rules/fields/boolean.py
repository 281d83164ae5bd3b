"""Yes or no."""

from typing_extensions import override

from rules.fields.base import Field, FieldType, Normal

WORDS: dict[str, bool] = {
    **dict.fromkeys(("yes", "y", "true", "t", "1", "on"), True),
    **dict.fromkeys(("no", "n", "false", "f", "0", "off"), False),
}


class BooleanType(FieldType):
    """True or False; what says neither is blank, which is a third answer of its own."""

    key = "boolean"
    label = "Yes or no"
    operators = ("yes", "no", "filled", "blank", "valid", "not_valid", "is", "is_not")

    @override
    def read(self, text: str, field: Field) -> Normal:
        answer = WORDS.get(text.casefold())
        return Normal(answer, answer is not None)
