"""The fields of a lead: their types in the order of the palette, and how a field's document is read."""

from rules.fields.base import BLANK, Check, Field, FieldType, Normal, passes_check, readable
from rules.fields.boolean import BooleanType
from rules.fields.choice import ChoiceType
from rules.fields.date import DateType
from rules.fields.email import EmailType
from rules.fields.moment import MomentType
from rules.fields.money import MoneyType
from rules.fields.name import NameType
from rules.fields.number import NumberType
from rules.fields.parsing import parse_field
from rules.fields.phone import PhoneType
from rules.fields.state import StateType
from rules.fields.text import TextType
from rules.fields.types import JOURNEY, MOMENT, TYPES, normalise, type_of

__all__ = [
    "BLANK",
    "JOURNEY",
    "MOMENT",
    "TYPES",
    "BooleanType",
    "Check",
    "ChoiceType",
    "DateType",
    "EmailType",
    "Field",
    "FieldType",
    "MomentType",
    "MoneyType",
    "NameType",
    "Normal",
    "NumberType",
    "PhoneType",
    "StateType",
    "TextType",
    "normalise",
    "parse_field",
    "passes_check",
    "readable",
    "type_of",
]
