"""Phone numbers in the formats that buyers ask for, and the country they are in."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from phonenumbers import PhoneNumber, PhoneNumberFormat, format_number, national_significant_number

from rules.bounds import Budget
from rules.countries import CODES, countries, country_of_text
from rules.fields.phone import area_code_of, country_of, parse_phone
from rules.operators.base import Call, Evaluate
from rules.operators.shapes import filled_text, literal_option, shaped

COST = 40  # steps: what reading a phone number takes, against one comparison
# North American numbers in their normal form, of which nothing has to be looked up.
NORTH_AMERICAN = re.compile(r"\+1([2-9]\d\d)(\d{3})(\d{4})")


def dashed(number: PhoneNumber) -> str:
    """Return the country code and the number in groups of three, the last of up to four: 49-123-456-7890."""
    rest = national_significant_number(number)
    groups = [str(number.country_code)]
    while len(rest) > 4:
        groups.append(rest[:3])
        rest = rest[3:]
    return "-".join([*groups, rest])


def masked(number: PhoneNumber) -> str:
    """Return the country code and the area code, where there is one, and a star for each other digit: +1512*******."""
    code, national, area = number.country_code, national_significant_number(number), area_code_of(number) or ""
    return f"+{code}{area}{'*' * (len(national) - len(area))}"


def starred(text: str) -> str:
    """Return a star for each character."""
    return "*" * len(text)


def without_plus(number: PhoneNumber) -> str:
    """Return the country code and the number as digits only: 491234567890."""
    return format_number(number, PhoneNumberFormat.E164).removeprefix("+")


def styled(style: int) -> Callable[[PhoneNumber], str]:
    """Return the writing of a number in one of the phone library's own styles."""
    return partial(format_number, num_format=style)


FORMATS: dict[str, Callable[[PhoneNumber], str]] = {
    "international": styled(PhoneNumberFormat.E164),
    "national": without_plus,
    "local": dashed,
    "e164": styled(PhoneNumberFormat.E164),
    "in_country": styled(PhoneNumberFormat.NATIONAL),
    "spaced": styled(PhoneNumberFormat.INTERNATIONAL),
    "masked": masked,
}


AT_ONCE = {
    "international": "+1{}{}{}",
    "e164": "+1{}{}{}",
    "national": "1{}{}{}",
    "local": "1-{}-{}-{}",
    "in_country": "({}) {}-{}",
    "spaced": "+1 {}-{}-{}",
    "masked": "+1{}*******",
}


def build_phone(call: Call) -> Evaluate:
    """Build a phone number in a format; a text that is no phone number stays as it is, or is hidden where it would."""
    name = literal_option(call.arguments[1], FORMATS, "A phone format") if len(call.arguments) > 1 else "e164"
    region = call.left.field.region if call.left.field else None

    form, at_once, otherwise = FORMATS[name], AT_ONCE[name], starred if name == "masked" else str

    def write(text: str) -> str:
        if found := NORTH_AMERICAN.fullmatch(text):
            return at_once.format(*found.groups())
        number = parse_phone(text, region)
        return form(number) if number else otherwise(text)

    return shaped(write)(call)


def build_country_code(call: Call) -> Evaluate:
    """Build the two-letter code of a phone number's country, or of the one that a code or a name means."""
    read = filled_text(call.left.run)
    region = call.left.field.region if call.left.field else None
    return lambda data, budget: country_code(read(data, budget), region)


def build_country_name(call: Call) -> Evaluate:
    """Build the English name of a country in small letters, like "germany"."""
    code = build_country_code(call)

    def name(data: Any, budget: Budget) -> str | None:
        country = code(data, budget)
        return countries()[country].lower() if country in CODES else None

    return name


def country_code(text: str | None, region: str | None) -> str | None:
    """Return the country that a phone number, a code or an English name means; None when there is none."""
    if text is None:
        return None
    country = country_of_text(text)
    if country is not None:
        return country
    number = parse_phone(text, region)
    return country_of(number) if number else None
