"""A phone number."""

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    format_number,
    is_possible_number,
    is_valid_number,
    length_of_geographical_area_code,
    national_significant_number,
    parse,
    region_code_for_country_code,
    region_code_for_number,
)
from typing_extensions import override

from rules import north_american
from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal

LONGEST = 40
NORTH_AMERICA = 1  # The country code under which every number is a three-digit area code and seven digits more.


class PhoneType(FieldType):
    """A number in E.164; a text that is no possible number stays as posted and is not valid."""

    key = "phone"
    label = "Phone"
    operators = (*COMMON_OPERATORS, "area_code_in", "country_in", "starts_with", *PRESENCE_OPERATORS)
    part_names = ("country", "code", "area", "national")
    personal = True
    checked_when_required = True
    has_region = True

    @override
    def read(self, text: str, field: Field) -> Normal:
        if digits := north_american.read_plain(text, field.region):
            return Normal(north_american.PREFIX + digits, north_american.exists(digits))
        number = parse_phone(text, field.region)
        if number is None or not is_possible_number(number):
            return Normal(text, False)
        written, valid = format_number(number, PhoneNumberFormat.E164), is_valid_number(number)
        if not valid and not says_itself(written):
            return Normal(text, False)
        return Normal(written, valid)

    @override
    def is_possible(self, value: object, field: Field) -> bool:
        number = parse_phone(str(value or ""), field.region)
        return number is not None and is_possible_number(number)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        number = parse_phone(str(value or ""), field.region)
        if number is None:
            return dict.fromkeys(self.part_names)
        return {
            "country": country_of(number),
            "code": str(number.country_code),
            "area": area_code_of(number),
            "national": national_significant_number(number),
        }

    @override
    def mask(self, value: object) -> str:
        text = str(value or "")
        if text.startswith("+1") and len(text) == len("+15125550148"):
            return f"(•••) •••-{text[-4:]}"
        return f"+•• ••• {text[-4:]}" if text.startswith("+") and len(text) > 8 else "••••" if text else ""


def parse_phone(text: str, region: str | None) -> PhoneNumber | None:
    """Return the parsed number, read as one of the region unless it begins with a plus; None when it is none."""
    if not text or len(text) > LONGEST:
        return None
    try:
        return parse(text, region)
    except NumberParseException:
        return None


def says_itself(written: str) -> bool:
    """Say whether a number in E.164 is read as that number; one with zeros that no number begins with is another."""
    number = parse_phone(written, None)
    return number is not None and format_number(number, PhoneNumberFormat.E164) == written


def country_of(number: PhoneNumber) -> str | None:
    """Return the two-letter country; the main country of its code when the number itself does not say."""
    country = region_code_for_number(number) or region_code_for_country_code(number.country_code or 0)
    return None if country in (None, "ZZ", "001") else country


def area_code_of(number: PhoneNumber) -> str | None:
    """Return the area code digits, or None where numbers have none."""
    national = national_significant_number(number)
    if number.country_code == NORTH_AMERICA:
        return national[:3] if len(national) == 10 else None
    length = length_of_geographical_area_code(number)
    return national[:length] if length else None
