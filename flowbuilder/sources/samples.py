"""Made-up leads that a flow would take: for ready-to-paste commands, test calls and dry runs."""

from collections.abc import Iterable, Mapping
from typing import Any

import phonenumbers

from rules.fields import Field

BY_KEY: Mapping[str, str] = {
    "first_name": "Ana",
    "last_name": "Silva",
    "full_name": "Ana Silva",
    "name": "Ana Silva",
    "city": "Los Angeles",
    "county": "Los Angeles",
    "street": "100 Main Street",
    "address": "100 Main Street",
    "country": "US",
    "postal_code": "90012",
    "zip": "90012",
    "zip_code": "90012",
    "comment": "Please call in the morning.",
    "ip_address": "203.0.113.7",
    "dob": "1984-03-02",
    "date_of_birth": "1984-03-02",
    "landing_page": "https://www.example.com/offer",
}
BY_TYPE: Mapping[str, Any] = {
    "name": "Ana Silva",
    "email": "ana.silva@example.com",
    "state": "CA",
    "number": 700,
    "money": 180,
    "date": "2026-01-15",
    "boolean": True,
    "country": "US",
    "range": "100-200",
    "dob": "1984-03-02",
    "datetime": "2026-01-15T10:30:00Z",
    "url": "https://www.example.com/offer",
    "ip": "203.0.113.7",
    "certificate": "https://cert.trustedform.com/eb9fc4dd9bed9ad451a5648946cf4bf09b5bb947",
}
# By country: codes that are real ones, of a town hall or a seat of government.
POSTAL_CODES: Mapping[str, str] = {
    "US": "90012",
    "CA": "K1A 0A6",
    "GB": "SW1A 1AA",
    "DE": "10178",
    "AT": "1010",
    "ES": "28001",
    "IT": "00186",
    "NO": "0151",
}


def sample_lead(fields: Iterable[Field]) -> dict[str, Any]:
    """Return a made-up, valid lead with every field filled in, by the fields' keys."""
    return {field.key: sample_value(field) for field in fields}


def sample_value(field: Field) -> Any:
    """Return a made-up, valid value of one field, as a supplier would post it."""
    match field.type:
        case "phone":
            return sample_phone(field.region or "US")
        case "choice":
            return field.options[0] if field.options else "other"
        case "multi":
            return list(field.options[:2]) or ["Example"]
        case "postal_code":
            return POSTAL_CODES.get("US" if field.country_field else field.region or "US", "1000")
        case "text" | "name" | "date" if field.key in BY_KEY:
            return BY_KEY[field.key]
    return BY_TYPE.get(field.type, "Example")


def sample_phone(region: str) -> str:
    """Return a number that is kept free for examples in a region, as people there write it."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return "+12015550123"
    return str(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL))
