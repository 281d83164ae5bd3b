"""One value out of a list that the seller wrote."""

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal
from rules.text import fold


class ChoiceType(FieldType):
    """The option as the seller wrote it, found without regard to case; what is no option is blank."""

    key = "choice"
    label = "Choice"
    operators = (*COMMON_OPERATORS, *PRESENCE_OPERATORS)

    @override
    def read(self, text: str, field: Field) -> Normal:
        if text in field.options:
            return Normal(text, True)
        wanted = fold(text)
        option = next((option for option in field.options if fold(option) == wanted), None)
        return Normal(option, option is not None)
