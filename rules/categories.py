"""What leads are about: categories of trade, each with the fields that suppliers usually send and buyers ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FieldDocument = Mapping[str, Any]
"""A field as it is written in a flow."""

FIRST_NAME: FieldDocument = {"key": "first_name", "type": "name", "required": True}
LAST_NAME: FieldDocument = {"key": "last_name", "type": "name", "required": True}
EMAIL: FieldDocument = {"key": "email", "type": "email", "required": True}
PHONE: FieldDocument = {"key": "phone", "type": "phone", "required": True, "region": "US", "aliases": ["phone_1"]}
ADDRESS: FieldDocument = {"key": "address", "type": "text", "sensitive": True, "aliases": ["address_1", "street"]}
CITY: FieldDocument = {"key": "city", "type": "text"}
STATE: FieldDocument = {"key": "state", "type": "state", "required": True}
ZIP: FieldDocument = {"key": "postal_code", "type": "postal_code", "region": "US", "aliases": ["zip", "zip_code"]}
BIRTH: FieldDocument = {"key": "dob", "type": "dob", "aliases": ["date_of_birth", "birth_date"]}
CERTIFICATE: FieldDocument = {
    "key": "trustedform_cert_url",
    "type": "certificate",
    "label": "TrustedForm certificate",
    "aliases": ["xxTrustedFormCertUrl", "cert_url"],
}
IP: FieldDocument = {"key": "ip_address", "type": "ip", "aliases": ["ip"]}
CONTACT = (FIRST_NAME, LAST_NAME, EMAIL, PHONE)
CONSENT = (CERTIFICATE, IP)
CREDIT: FieldDocument = {"key": "credit_score", "type": "range", "aliases": ["credit_rating"]}
HOMEOWNER: FieldDocument = {"key": "homeowner", "type": "boolean", "label": "Home owner", "aliases": ["owns_home"]}
QUALITY: FieldDocument = {"key": "quality", "type": "choice", "options": ["hot", "warm", "cold"]}
"""How warm a supplier says that a lead is; of use in every category."""
ABROAD: Sequence[FieldDocument] = (
    {"key": "email", "type": "email", "required": True},
    {"key": "phone", "type": "phone", "required": True, "country_field": "country"},
    {"key": "country", "type": "country", "required": True},
)
"""How people in several countries are reached."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category: `name` is what flows and suppliers call it, `about` says in a few words what its leads want."""

    key: str
    name: str
    about: str
    fields: tuple[FieldDocument, ...]

    def field(self, key: str) -> FieldDocument | None:
        """Return one of its fields as it is written in a flow."""
        return next((field for field in self.fields if field["key"] == key), None)


def _choice(key: str, *options: str, **settings: Any) -> FieldDocument:
    return {"key": key, "type": "choice", "options": list(options), **settings}


CATEGORIES: tuple[Category, ...] = (
    Category(
        "solar",
        "Solar",
        "Home owners who want panels",
        (
            *(*CONTACT, ADDRESS, CITY, STATE, {**ZIP, "required": True}, HOMEOWNER),
            {"key": "monthly_bill", "type": "range", "label": "Monthly electric bill", "aliases": ["electric_bill"]},
            _choice("roof_shade", "none", "some", "a lot"),
            {"key": "utility", "type": "text", "label": "Electric utility", "aliases": ["utility_provider"]},
            *(CREDIT, *CONSENT),
        ),
    ),
    Category(
        "insurance",
        "Insurance",
        "People who want a quote for car, home, life or health",
        (
            *(*CONTACT, STATE, {**ZIP, "required": True}, BIRTH),
            _choice("insurance_type", "auto", "home", "life", "health", required=True, aliases=["product"]),
            {"key": "currently_insured", "type": "boolean"},
            {"key": "current_carrier", "type": "text", "aliases": ["current_insurer"]},
            _choice("gender", "female", "male", "other", sensitive=True),
            {"key": "smoker", "type": "boolean", "aliases": ["tobacco"], "sensitive": True},
            *CONSENT,
        ),
    ),
    Category(
        "medicare",
        "Medicare Supplement",
        "People who want cover beside Medicare",
        (
            {"key": "first_name", "type": "text", "required": True, "aliases": ["firstName"], "sensitive": True},
            {"key": "last_name", "type": "text", "required": True, "aliases": ["lastName"], "sensitive": True},
            {"key": "email", "type": "email", "required": True},
            {"key": "phone", "type": "phone", "required": True, "check": "none"},
            {"key": "age", "type": "number", "required": True},
        ),
    ),
    Category(
        "forex",
        "Forex",
        "People in several countries who want to trade",
        (
            {"key": "name", "type": "name", "required": True, "aliases": ["full_name"]},
            *ABROAD,
            _choice("lead_type", "premium", "raw"),
            {"key": "niche", "type": "text"},
            {"key": "deposit", "type": "money", "aliases": ["budget", "investment"]},
            _choice("experience", "none", "some", "professional"),
            *({"key": "ip_address", "type": "ip", "aliases": ["ip"]}, {"key": "landing_page", "type": "url"}),
        ),
    ),
    Category(
        "recovery",
        "Recovery",
        "People who were cheated and want their money back",
        (
            {"key": "name", "type": "name", "required": True, "aliases": ["first_name"]},
            {"key": "last_name", "type": "name", "required": True, "aliases": ["lastname"]},
            *ABROAD,
            {"key": "amount_lost", "type": "money", "required": True},
            _choice(
                *("fraud_type", "crypto", "forex", "romance", "investment", "card", "other"),
                required=True,
            ),
            {"key": "lost_on", "type": "date", "label": "Date of the loss"},
            _choice("lead_type", "premium", "raw"),
            {"key": "comments", "type": "text", "sensitive": True},
        ),
    ),
    Category(
        "legal",
        "Legal",
        "People who may have a claim and look for a lawyer",
        (
            *(*CONTACT, STATE, ZIP),
            _choice(
                *("case_type", "motor vehicle", "workplace", "medical", "product", "other"),
                required=True,
                aliases=["injury_type"],
            ),
            {"key": "incident_date", "type": "date", "aliases": ["accident_date"]},
            {"key": "at_fault", "type": "boolean"},
            {"key": "has_attorney", "type": "boolean", "label": "Has a lawyer", "aliases": ["has_lawyer"]},
            {"key": "injured", "type": "boolean", "sensitive": True},
            {"key": "description", "type": "text", "sensitive": True, "aliases": ["comments"]},
            *CONSENT,
        ),
    ),
    Category(
        "loans",
        "Loans",
        "People who want to borrow",
        (
            *(*CONTACT, ADDRESS, CITY, STATE, {**ZIP, "required": True}, {**BIRTH, "required": True}),
            {"key": "loan_amount", "type": "money", "required": True, "aliases": ["amount"]},
            _choice("purpose", "debt consolidation", "home improvement", "car", "medical", "other"),
            {"key": "monthly_income", "type": "money", "aliases": ["income"], "sensitive": True},
            _choice("employment", "employed", "self-employed", "benefits", "retired", "unemployed"),
            _choice("residence", "own", "rent", "other", aliases=["residence_type"]),
            {"key": "ssn", "type": "text", "label": "Social security number", "sensitive": True},
            *(CREDIT, *CONSENT),
        ),
    ),
    Category(
        "home_services",
        "Home services",
        "Home owners who want something built or mended",
        (
            *(*CONTACT, ADDRESS, CITY, STATE, {**ZIP, "required": True}, HOMEOWNER),
            _choice(
                *("service", "roofing", "windows", "bathroom", "kitchen", "hvac", "plumbing", "flooring", "other"),
                required=True,
                aliases=["product"],
            ),
            _choice("time_frame", "now", "within a month", "within 3 months", "later", aliases=["timeframe"]),
            _choice("property_type", "house", "flat", "business"),
            {"key": "budget", "type": "range"},
            {"key": "comments", "type": "text", "sensitive": True},
            *CONSENT,
        ),
    ),
)
"""In the order in which they are offered."""

BY_KEY: Mapping[str, Category] = {category.key: category for category in CATEGORIES}


def category_called(name: str) -> Category | None:
    """Return the category that a flow names, whatever the case; None for one of the seller's own."""
    return next((category for category in CATEGORIES if category.name.casefold() == name.strip().casefold()), None)
