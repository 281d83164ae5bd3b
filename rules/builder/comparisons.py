"""The comparisons that people choose from: for each type of field its operators, with their labels."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.fields import Field
from rules.operators.base import Shape
from rules.operators.table import OPERATORS

DENIED = "not_"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: its key in forms, the operator of the language, and whether the rule denies that one."""

    key: str
    operator: str
    label: str
    denied: bool = False

    @property
    def shape(self) -> Shape:
        """Return what stands beside the field."""
        return OPERATORS[self.operator].shape

    @property
    def is_negative(self) -> bool:
        """Say whether a lead without the field is one of those that it is true for."""
        return self.denied or self.operator in NEGATIVES


NEGATIVES = ("is_not", "none_of", "not_contains", "not_matches", "not_between", "not_valid")
"""Operators that are true for a blank value; “is blank” says so itself."""

LABELS: Mapping[str, str] = {
    "is": "is",
    "is_not": "is not",
    "any_of": "is any of",
    "none_of": "is none of",
    "all_of": "has all of",
    "in_list": "is in the list",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches pattern",
    "not_matches": "does not match pattern",
    "filled": "is filled in",
    "blank": "is blank",
    "valid": "is valid",
    "not_valid": "is not valid",
    "yes": "is yes",
    "no": "is no",
    "more_than": "is more than",
    "less_than": "is less than",
    "at_least": "is at least",
    "at_most": "is at most",
    "between": "is between",
    "not_between": "is not between",
    "before": "is before",
    "after": "is after",
    "within_last": "is within the last",
    "within_next": "is within the next",
    "day_is": "falls on",
    "time_between": "time is between",
    "age_between": "age is between",
    "domain_in": "domain is any of",
    "area_code_in": "area code is any of",
    "country_in": "country is any of",
    "near": "is within",
    "in_block": "is in the block",
}
DENIALS: Mapping[str, str] = {
    "in_list": "is not in the list",
    "all_of": "does not have all of",
    "starts_with": "does not start with",
    "ends_with": "does not end with",
    "within_last": "is not within the last",
    "within_next": "is not within the next",
    "day_is": "does not fall on",
    "time_between": "time is not between",
    "domain_in": "domain is none of",
    "area_code_in": "area code is none of",
    "country_in": "country is none of",
    "near": "is not within",
    "in_block": "is in none of the blocks",
}
COMPARISONS: Mapping[str, Comparison] = {
    **{key: Comparison(key, key, label) for key, label in LABELS.items()},
    **{f"{DENIED}{key}": Comparison(f"{DENIED}{key}", key, label, denied=True) for key, label in DENIALS.items()},
}

PRESENCE = ("filled", "blank")
VALIDITY = ("valid", "not_valid")
EQUALITY = ("is", "is_not", "any_of", "none_of")
LISTED = ("in_list", "not_in_list")
SUBSTRINGS = ("contains", "not_contains", "starts_with", "not_starts_with", "ends_with", "not_ends_with")
PATTERNS = ("matches", "not_matches")
AMOUNTS = ("at_least", "at_most", "more_than", "less_than", "between", "not_between")
SPANS = ("within_last", "within_next", "not_within_last", "not_within_next")
DAYS = ("day_is", "not_day_is")
DOMAINS = ("domain_in", "not_domain_in")
COUNTRIES = ("country_in", "not_country_in")

FITTING: Mapping[str, tuple[str, ...]] = {
    "text": (*EQUALITY, *SUBSTRINGS, *PRESENCE, *LISTED, *PATTERNS),
    "name": (*EQUALITY, *SUBSTRINGS, *PRESENCE, *VALIDITY, *LISTED, *PATTERNS),
    "email": (*VALIDITY, *DOMAINS, *EQUALITY, *LISTED, *SUBSTRINGS, *PRESENCE, *PATTERNS),
    "phone": (
        *(*VALIDITY, "area_code_in", "not_area_code_in", *COUNTRIES, *EQUALITY),
        *(*LISTED, "starts_with", "not_starts_with", *PRESENCE),
    ),
    "postal_code": (
        *(*EQUALITY, "starts_with", "not_starts_with", *LISTED, "near", "not_near"),
        *(*COUNTRIES, *VALIDITY, *PRESENCE),
    ),
    "state": (*EQUALITY, *PRESENCE, *VALIDITY, *LISTED),
    "country": (*EQUALITY, *PRESENCE, *VALIDITY, *LISTED),
    "choice": (*EQUALITY, *PRESENCE, *VALIDITY, *LISTED),
    "multi": ("any_of", "all_of", "none_of", "is", "is_not", "not_all_of", *PRESENCE, *VALIDITY),
    "number": (*AMOUNTS, *EQUALITY, *PRESENCE, *VALIDITY),
    "money": (*AMOUNTS, *EQUALITY, *PRESENCE, *VALIDITY),
    "range": (*AMOUNTS, *EQUALITY, *PRESENCE, *VALIDITY),
    "date": (
        *("is", "is_not", "before", "after", "between", "not_between", *SPANS, *DAYS),
        *("any_of", "none_of", "age_between", *PRESENCE, *VALIDITY),
    ),
    "dob": (
        *("age_between", "before", "after", "between", "not_between", "is", "is_not"),
        *("any_of", "none_of", "within_last", "not_within_last", *PRESENCE, *VALIDITY),
    ),
    "datetime": (
        *("before", "after", "between", "not_between", *SPANS, *DAYS, "time_between", "not_time_between"),
        *(*EQUALITY, *PRESENCE, *VALIDITY),
    ),
    "moment": (
        *("time_between", "not_time_between", *DAYS, "before", "after", "between", "not_between", *SPANS),
        *("is", "is_not", *PRESENCE),
    ),
    "boolean": ("yes", "no", "blank", "filled"),
    "url": (*VALIDITY, *DOMAINS, *EQUALITY, *SUBSTRINGS, *PRESENCE, *LISTED, *PATTERNS),
    "ip": ("in_block", "not_in_block", *EQUALITY, "starts_with", "not_starts_with", *LISTED, *VALIDITY, *PRESENCE),
    "certificate": (*PRESENCE, *VALIDITY, "is", "is_not", "starts_with", "not_starts_with"),
}
ANY_TYPE = (*EQUALITY, *SUBSTRINGS, *AMOUNTS, "yes", "no", *PRESENCE, *PATTERNS)
"""What fits a value whose type is not known."""

OWN_LABELS: Mapping[str, Mapping[str, str]] = {
    "multi": {
        "any_of": "includes any of",
        "all_of": "includes all of",
        "none_of": "includes none of",
        "is": "is exactly",
        "is_not": "is not exactly",
        "not_all_of": "does not include all of",
    },
    "boolean": {"blank": "is not answered", "filled": "is answered"},
    "state": {"valid": "is a known state", "not_valid": "is no known state"},
    "country": {"valid": "is a known country", "not_valid": "is no known country"},
    "number": {"valid": "is a number", "not_valid": "is not a number"},
    "date": {"is": "is on", "is_not": "is not on", "valid": "is a real date", "not_valid": "is not a real date"},
    "dob": {"is": "is on", "is_not": "is not on", "valid": "is a real date", "not_valid": "is not a real date"},
    "datetime": {"is": "is on", "is_not": "is not on", "valid": "is a real date", "not_valid": "is not a real date"},
    "moment": {"is": "is on", "is_not": "is not on"},
}


def comparison_of(operator: object, *, denied: bool) -> Comparison | None:
    """Return the comparison that an operator, or its denial, is drawn as; None when there is none."""
    found = COMPARISONS.get(f"{DENIED}{operator}" if denied else str(operator))
    return found if found and found.denied is denied else None


def comparisons_for(field: Field | None) -> tuple[Comparison, ...]:
    """Return the comparisons that a field offers, those people need most first."""
    return tuple(COMPARISONS[key] for key in (FITTING[field.type] if field else ANY_TYPE))


def label_for(comparison: Comparison, field: Field | None) -> str:
    """Return what a comparison is called beside a field."""
    own = OWN_LABELS.get(field.type, {}) if field else {}
    return own.get(comparison.key, comparison.label)
