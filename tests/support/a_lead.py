"""One flow's fields and the data of a run, for everything that tests rules."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rules.fields import TYPES, Field, in_country_of, normalise
from rules.seen_values import Parts

FIELDS: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field("email", "email", required=True),
        Field("phone_1", "phone", region="US"),
        Field("backup_phone", "phone"),
        Field("state", "state"),
        Field("product", "choice", options=("solar", "roofing")),
        Field("credit_score", "number"),
        Field("monthly_bill", "money"),
        Field("dob", "date"),
        Field("move_date", "date"),
        Field("homeowner", "boolean"),
        Field("city", "text"),
        Field("first_name", "name"),
        Field("posted_at", "text"),
        Field("zip_code", "postal_code", region="US"),
        Field("postcode", "postal_code", country_field="country"),
        Field("home_code", "postal_code"),
        Field("country", "country"),
        Field("interests", "multi", options=("solar", "roofing", "Kitchen, bath")),
        Field("tags", "multi"),
        Field("income", "range"),
        Field("born_on", "dob"),
        Field("wanted_at", "datetime"),
        Field("landing_page", "url"),
        Field("ip_address", "ip"),
        Field("consent", "certificate"),
    )
}


def data_of(posted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a rule sees of a posted lead: 10:41:58 on Friday 20 November 2026 in Los Angeles."""
    countries = {key: normalise(raw, FIELDS[key]).value for key, raw in posted.items() if FIELDS[key].type == "country"}
    fields = {key: in_country_of(FIELDS[key], countries) for key in posted}
    normal = {key: normalise(raw, fields[key]) for key, raw in posted.items()}
    return {
        "lead": {key: value for key, (value, _) in normal.items()},
        "raw": dict(posted),
        "valid": {key: valid for key, (_, valid) in normal.items()},
        "parts": {key: TYPES[fields[key].type].parts(value, fields[key]) for key, (value, _) in normal.items()},
        "source": {"id": "src_1", "name": "ACME Leads", "is_test": False, "cost": 31},
        "run": {
            "now": datetime(2026, 11, 20, 18, 41, 58, 120_000, tzinfo=UTC),
            "time_zone": "America/Los_Angeles",
            "random": 42,
        },
        "step": {
            "s1": {
                "score": 7,
                "answer": "OK",
                "flag": True,
                "day": "2026-06-01",
                "phone": "+1 512 555 1234",
                "tags": ["a", "b"],
            }
        },
        "flow": {
            "min_score": 650,
            "min_age": 18,
            "states": ["CA", "NV"],
            "home": "OR",
            "domains": ["Example.com"],
        },
        "offer": {"id": "off_1", "is_test": False, "sent_at": datetime(2026, 11, 20, 18, 41, 59, tzinfo=UTC)},
    }


def seen_of(posted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a destination sees of the same lead: it also knows the fields of the lead's flow."""
    data = data_of(posted)
    return data | {"parts": Parts(data["lead"], FIELDS)}
