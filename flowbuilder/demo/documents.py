"""The demo's flows in the United States, as their seller wrote them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Named = Mapping[str, str]
"""The ids of connections and stored lists, by what this package calls them."""
Document = dict[str, Any]

PERSON: tuple[Document, ...] = (
    {"key": "first_name", "type": "name", "required": True, "aliases": ["fname"]},
    {"key": "last_name", "type": "name", "aliases": ["lname", "surname"]},
    {"key": "email", "type": "email", "required": True, "aliases": ["email_address"]},
    {"key": "phone_1", "type": "phone", "label": "Phone", "region": "US", "required": True, "aliases": ["mobile"]},
    {"key": "state", "type": "state", "required": True},
    {"key": "postal_code", "type": "text", "label": "Postal code", "aliases": ["zip"]},
)
SOLAR: tuple[Document, ...] = (
    {"key": "homeowner", "type": "boolean"},
    {"key": "monthly_bill", "type": "money", "label": "Monthly bill", "aliases": ["electric_bill"]},
    {"key": "credit_score", "type": "number", "label": "Credit score"},
    {"key": "roof_shade", "type": "choice", "label": "Shade on the roof", "options": ["none", "partial", "full"]},
)
ROOFING: tuple[Document, ...] = (
    {"key": "service", "type": "choice", "required": True, "options": ["replacement", "repair", "inspection"]},
    {"key": "roof_age", "type": "number", "label": "Age of the roof"},
    {"key": "damage", "type": "choice", "options": ["storm", "leak", "wear", "none"]},
    {"key": "budget", "type": "money"},
    {"key": "start_on", "type": "date", "label": "Start of the job"},
    {"key": "consent", "type": "boolean", "label": "May be called"},
    {"key": "comment", "type": "text"},
)


def california_solar(named: Named) -> Document:
    """Return the flow for solar leads: best price first, the rest by turns, and another try for those nobody took."""
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": [*PERSON, *SOLAR],
        "values": {"least_bill": 120, "good_score": 700},
        "intake": {
            "accept_if": {"is_not": [{"var": "lead.roof_shade"}, "full"]},
            "reason": "The roof is in full shade",
            "duplicates": {"by": ["email", "phone_1"], "match": "any", "within": "12h"},
            "caps": [{"limit": 6000, "per": "hour", "count": "received"}],
        },
        "steps": [*SOLAR_SORTING, *({"buyer": buyer} for buyer in _solar_buyers(named))],
        "fallback": {
            "id": "end",
            "do": "hold",
            "retry_every": "1m",
            "for_up_to": "3m",
            "from": "s4",
            "reason": "No buyer available",
        },
    }


SOLAR_SORTING: tuple[Document, ...] = (
    {
        "filter": {
            "id": "s1",
            "name": "Where we sell",
            "continue_if": {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]},
            "reason": "Only California and Nevada",
        }
    },
    {
        "filter": {
            "id": "s2",
            "name": "Small bills go to Helio",
            "continue_if": {"at_least": [{"var": "lead.monthly_bill"}, {"var": "flow.least_bill"}]},
            "otherwise": {"go_to": "s6"},
            "reason": "Monthly bill too small for the first buyers",
        }
    },
    {
        "cap": {
            "id": "s3",
            "name": "Room for every source",
            "limit": 60,
            "per": "minute",
            "count_by": {"var": "source.name"},
            "when_full": {"go_to": "s6"},
            "reason": "This source has sold its share of this minute",
        }
    },
)


def _solar_buyers(named: Named) -> list[Document]:
    return [
        {
            "id": "s4",
            "name": "Sunrise, day desk",
            "connection": named["sunrise"],
            "price": 42,
            "when": {"yes": [{"var": "lead.homeowner"}]},
            "caps": [{"limit": 8, "per": "minute"}, {"spend": 150_000, "per": "day"}],
            "hours": {"from": "08:00", "to": "20:00"},
            "note": "Asks for homeowners only; closed at night, when the night desk pays less.",
        },
        {
            "id": "s5",
            "name": "BrightRoof",
            "connection": named["brightroof"],
            "price": 36,
            "requires": ["monthly_bill"],
            "caps": [{"limit": 9, "per": "minute"}],
            "note": "Says itself what it pays.",
        },
        {
            "id": "s6",
            "name": "Helio",
            "connection": named["helio"],
            "price": {"if": [{"at_least": [{"var": "lead.credit_score"}, {"var": "flow.good_score"}]}, 31, 26]},
            "caps": [{"limit": 15, "per": "minute"}],
            "on_error": "hold",
            "retry": {"max_attempts": 4, "after": ["3s", "10s", "30s"], "for_up_to": "2m"},
            "on_ambiguous": "retry_same",
        },
        {
            "id": "s7",
            "name": "Sunrise, night desk",
            "connection": named["sunrise"],
            "price": Decimal("33.50"),
            "caps": [{"limit": 20, "per": "minute"}],
            "hours": {"from": "20:00", "to": "08:00"},
        },
    ]


def home_roofing(named: Named) -> Document:
    """Return the flow for roofing leads: a lane for big jobs, two buyers in turn, and a clear no at the end."""
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/New_York",
        "fields": [*PERSON, *ROOFING],
        "values": {"small_job": 1000},
        "intake": {
            "accept_if": {"yes": [{"var": "lead.consent"}]},
            "reason": "No consent to be called",
            "duplicates": {"by": ["email", "phone_1"], "match": "all", "within": "30d"},
        },
        "steps": [*ROOFING_SORTING, {"split": _by_size(named)}, {"group": _roofers(named)}],
        "fallback": {"id": "end", "do": "reject", "reason": "No roofer available"},
    }


ROOFING_SORTING: tuple[Document, ...] = (
    {
        "filter": {
            "id": "r1",
            "name": "Real jobs only",
            "stop_if": {"is": [{"var": "lead.service"}, "inspection"]},
            "reason": "Inspections are not sold",
        }
    },
    {
        "transform": {
            "id": "r5",
            "name": "No word of damage means none",
            "set": [["damage", "none", {"when": {"blank": [{"var": "lead.damage"}]}}]],
        }
    },
)


def _by_size(named: Named) -> Document:
    brightroof = {
        "id": "r2",
        "name": "BrightRoof",
        "connection": named["brightroof"],
        "price": Decimal("55.00"),
        "caps": [{"limit": 14, "per": "minute"}],
        "on_declined": {"buyer": "r4"},
    }
    big_jobs = {
        "name": "Big jobs",
        "when": {"at_least": [{"var": "lead.budget"}, {"var": "flow.small_job"}]},
        "steps": [{"buyer": brightroof}],
    }
    return {"id": "r6", "name": "By the size of the job", "cases": [big_jobs]}


def _roofers(named: Named) -> Document:
    helio = {
        "id": "r3",
        "name": "Helio",
        "connection": named["helio"],
        "price": Decimal("28.00"),
        "on_ambiguous": "treat_as_declined",
        "note": "Helio says itself that no answer within two seconds means no.",
    }
    sunrise = {
        "id": "r4",
        "name": "Sunrise Roofing",
        "connection": named["sunrise"],
        "price": Decimal("24.75"),
        "caps": [{"limit": 10, "per": "minute"}],
        "when_full": "reject",
    }
    return {
        "id": "r7",
        "name": "All other jobs, and big ones that are left",
        "mode": "waterfall",
        "floor": 20,
        "buyers": [helio, sunrise],
    }
