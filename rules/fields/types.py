"""The list of field types: searching a type's key finds it here."""

from collections.abc import Mapping
from dataclasses import replace

from rules.fields.base import Field, FieldType, Normal
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
from rules.fields.phone import PhoneType
from rules.fields.postal_code import PostalCodeType
from rules.fields.range import RangeType
from rules.fields.state import StateType
from rules.fields.text import TextType
from rules.fields.url import UrlType

# In the order of the palette.
TYPES: dict[str, FieldType] = {
    field_type.key: field_type
    for field_type in (
        *(TextType(), NameType(), EmailType(), PhoneType(), PostalCodeType(), StateType(), CountryType()),
        *(ChoiceType(), MultiType(), NumberType(), MoneyType(), RangeType(), DateType(), DobType(), DatetimeType()),
        *(BooleanType(), UrlType(), IpType(), CertificateType()),
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


def in_country_of(field: Field, values: Mapping[str, object]) -> Field:
    """Return the field as it is read beside other values in normal form: with the country that they say as its region.

    Its own region counts where they say none.
    """
    country = values.get(field.country_field) if field.country_field else None
    return replace(field, region=country) if isinstance(country, str) else field
