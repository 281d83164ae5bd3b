"""The fields of a lead: their types in the order of the palette, and how a field's document is read."""

from rules.fields.base import BLANK, Check, Field, FieldType, Normal, passes_check, readable
from rules.fields.boolean import BooleanType
from rules.fields.certificate import CertificateType
from rules.fields.choice import ChoiceType
from rules.fields.country import CountryType
from rules.fields.date import DateType
from rules.fields.datetime import DatetimeType
from rules.fields.dob import DobType
from rules.fields.email import EmailType
from rules.fields.ip import IpType
from rules.fields.moment import MomentType
from rules.fields.money import MoneyType
from rules.fields.multi import MultiType
from rules.fields.name import NameType
from rules.fields.number import NumberType
from rules.fields.parsing import check_together, parse_field
from rules.fields.phone import PhoneType
from rules.fields.postal_code import PostalCodeType
from rules.fields.range import RangeType
from rules.fields.state import StateType
from rules.fields.text import TextType
from rules.fields.types import JOURNEY, MOMENT, TYPES, in_country_of, normalise, type_of
from rules.fields.url import UrlType

__all__ = [
    "BLANK",
    "JOURNEY",
    "MOMENT",
    "TYPES",
    "BooleanType",
    "CertificateType",
    "Check",
    "ChoiceType",
    "CountryType",
    "DateType",
    "DatetimeType",
    "DobType",
    "EmailType",
    "Field",
    "FieldType",
    "IpType",
    "MomentType",
    "MoneyType",
    "MultiType",
    "NameType",
    "Normal",
    "NumberType",
    "PhoneType",
    "PostalCodeType",
    "RangeType",
    "StateType",
    "TextType",
    "UrlType",
    "check_together",
    "in_country_of",
    "normalise",
    "parse_field",
    "passes_check",
    "readable",
    "type_of",
]
