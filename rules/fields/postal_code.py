"""A postal code: the ZIP code of the United States, and those of other countries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import ClassVar

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal
from rules.zip_codes import state_of

SEPARATORS = re.compile(r"[\s\u2010-\u2014-]+")
ANY_CODE = re.compile(r"(?=.*[0-9])[A-Z0-9](?:[A-Z0-9 -]{0,8}[A-Z0-9])", re.ASCII)
LONGEST = 40
SHORTEST_NUMBER = 100  # The lowest ZIP code is 00501: a smaller number is no code that lost its zeros.


@dataclass(frozen=True, slots=True)
class Form:
    """How the codes of one country are written: a pattern without separators, and what stands between its groups."""

    pattern: "re.Pattern[str]"
    between: str = ""
    prefix: int | None = None  # How many characters name a region of the country; None: the first group.
    digits: int = 0  # How long a code is that has nothing but digits, so that a number's lost zeros can be told.

    def read(self, text: str) -> str | None:
        """Return the normal form of a code of this country, None for what is none."""
        match = self.pattern.fullmatch(SEPARATORS.sub("", text.upper()))
        return self.between.join(filter(None, match.groups())) if match else None

    def prefix_of(self, code: str) -> str:
        """Return the beginning of a code that names a region of the country."""
        return code.partition(self.between)[0] if self.prefix is None else code[: self.prefix]


def form(pattern: str, between: str = "", prefix: int | None = None, digits: int = 0) -> Form:
    """Return the form of a country's codes."""
    return Form(re.compile(pattern, re.ASCII), between, prefix, digits)


# Universal Postal Union, Postal addressing systems; for GB: Royal Mail, Programmers' Guide to PAF; for CA: Canada Post,
# Addressing Guidelines (no D, F, I, O, Q, U; no W, Z at the beginning); for ES: the 52 provinces.
FORMS: Mapping[str, Form] = {
    "US": form(r"([0-9]{5})([0-9]{4})?", between="-", prefix=3, digits=5),
    "CA": form(r"([ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z])([0-9][ABCEGHJ-NPRSTV-Z][0-9])", between=" "),
    "GB": form(r"([A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-Z]?|GIR)([0-9][ABD-HJLNP-UW-Z]{2})", between=" "),
    "DE": form(r"(?:DE?)?((?!00)[0-9]{5})", prefix=2, digits=5),
    "AT": form(r"(?:AT?)?([1-9][0-9]{3})", prefix=2, digits=4),
    "ES": form(r"(?:ES?)?((?:0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3})", prefix=2, digits=5),
    "IT": form(r"(?:IT?)?([0-9]{5})", prefix=2, digits=5),
    "NO": form(r"(?:NO?)?([0-9]{4})", prefix=2, digits=4),
}
# Countries by their own codes of ISO 3166 that are parts of the United States to its Postal Service.
TERRITORIES = ("AS", "GU", "MP", "PR", "UM", "VI")
# Whose codes a field without a country takes first: they cannot be mistaken for one another.
USUAL = ("US", "CA", "GB")


class PostalCodeType(FieldType):
    """A code as its country writes it (94105, 94105-1234, K1A 0B1, SW1A 1AA); what is none stays as posted, not valid.

    The country is the field's region, or what the lead's country field says. Without one, codes of the United States,
    Canada and Great Britain are known by their form. Elsewhere two to ten letters and digits, with a digit, are valid.
    A posted JSON number has lost its leading zeros and gets them back.
    """

    key = "postal_code"
    label = "Postal code"
    operators = (*COMMON_OPERATORS, "near", "country_in", "starts_with", *PRESENCE_OPERATORS)
    part_names = ("country", "prefix", "area", "zip5", "plus4", "state")
    part_words: ClassVar[Mapping[str, str]] = {"zip5": "five digits", "plus4": "plus four"}
    personal = True
    has_region = True

    @override
    def normalise(self, raw: object, field: Field) -> Normal:
        if isinstance(raw, int) and not isinstance(raw, bool) and SHORTEST_NUMBER <= raw < 100_000:
            raw = str(raw).zfill(number_length(field.region))
        return super().normalise(raw, field)

    @override
    def read(self, text: str, field: Field) -> Normal:
        _, code = read_code(text, field.region)
        return Normal(text, False) if code is None else Normal(code, True)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return the country, the region's prefix, the letters at the beginning, and for a ZIP code its state."""
        country, code = read_code(str(value or ""), field.region)
        if code is None:
            return dict.fromkeys(self.part_names)
        known = FORMS.get(country or "")
        five, _, four = code.partition("-") if country == "US" else ("", "", "")
        return {
            "country": country,
            "prefix": known.prefix_of(code) if known else None,
            "area": code[: len(code) - len(code.lstrip(ascii_uppercase))] or None,
            "zip5": five or None,
            "plus4": four or None,
            "state": state_of(five) if five else None,
        }

    @override
    def mask(self, value: object) -> str:
        text = str(value or "")
        return f"{text[: 3 if text[:3].isalnum() else 2]}••" if len(text) > 4 else "••••" if text else ""


def read_code(text: str, region: str | None) -> tuple[str | None, str | None]:
    """Return the country of a code, None when it is not known, and its normal form, None when it is no code."""
    if len(text) > LONGEST:
        return None, None
    region = "US" if region in TERRITORIES else region
    for country in (region,) if region else USUAL:
        known = FORMS.get(country)
        code = known.read(text) if known else None
        if code:
            return country, code
    if region in FORMS:
        return None, None
    plain = " ".join(text.upper().split())
    return (region, plain) if ANY_CODE.fullmatch(plain) else (None, None)


def number_length(region: str | None) -> int:
    """Return how many digits a country's codes have, 0 when that cannot be said."""
    known = FORMS.get("US" if region is None or region in TERRITORIES else region)
    return known.digits if known else 0
