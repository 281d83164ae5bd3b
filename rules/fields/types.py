"""The list of field types: searching a type's key finds it here."""

from rules.fields.base import Field, FieldType, Normal
from rules.fields.boolean import BooleanType
from rules.fields.choice import ChoiceType
from rules.fields.date import DateType
from rules.fields.email import EmailType
from rules.fields.moment import MomentType
from rules.fields.money import MoneyType
from rules.fields.name import NameType
from rules.fields.number import NumberType
from rules.fields.phone import PhoneType
from rules.fields.state import StateType
from rules.fields.text import TextType

# In the order of the palette.
TYPES: dict[str, FieldType] = {
    field_type.key: field_type
    for field_type in (
        *(TextType(), NameType(), EmailType(), PhoneType(), StateType()),
        *(ChoiceType(), NumberType(), MoneyType(), DateType(), BooleanType()),
    )
}
MOMENT = MomentType()

# What a run knows beside the lead, with the type that its rules compare it by.
JOURNEY: dict[str, Field] = {
    "run.now": Field("now", "moment", "Time"),
    "run.random": Field("random", "number", "Random number"),
    "run.attempt": Field("attempt", "number", "Attempt"),
    "source.name": Field("name", "text", "Source"),
    "source.supplier": Field("supplier", "text", "Supplier"),
    "source.cost": Field("cost", "money", "Cost"),
    "source.is_test": Field("is_test", "boolean", "Test lead"),
}


def type_of(field: Field) -> FieldType:
    """Return the type of a lead's field or of a moment that a run knows."""
    return MOMENT if field.type == MOMENT.key else TYPES[field.type]


def normalise(raw: object, field: Field) -> Normal:
    """Return the normal form of what was posted for a field."""
    return type_of(field).normalise(raw, field)
