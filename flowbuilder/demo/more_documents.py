"""The demo's flows outside the United States: networks and a contractor bid for British leads, Germans share theirs."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from flowbuilder.demo.documents import Document, Named, california_solar, home_roofing


def person(region: str) -> list[Document]:
    """Return the fields of a person in a country."""
    return [
        {"key": "first_name", "type": "name", "required": True, "aliases": ["fname"]},
        {"key": "last_name", "type": "name", "aliases": ["lname", "surname"]},
        {"key": "email", "type": "email", "required": True, "aliases": ["email_address"]},
        {
            "key": "phone_1",
            "type": "phone",
            "label": "Phone",
            "region": region,
            "required": True,
            "aliases": ["mobile"],
        },
        {"key": "postal_code", "type": "postal_code", "region": region, "required": True, "aliases": ["zip"]},
        {"key": "homeowner", "type": "boolean"},
    ]


def british_solar(named: Named) -> Document:
    """Return the flow for British solar leads: three networks bid, one contractor names what it pays at most."""
    return {
        "schema": 1,
        "currency": "GBP",
        "time_zone": "Europe/London",
        "fields": [
            *person("GB"),
            {"key": "monthly_bill", "type": "money", "label": "Monthly bill", "aliases": ["electric_bill"]},
            {"key": "roof", "type": "choice", "label": "Roof faces", "options": ["south", "east or west", "north"]},
        ],
        "intake": {"duplicates": {"by": ["email", "phone_1"], "match": "any", "within": "12h"}},
        "steps": [
            {
                "filter": {
                    "id": "u1",
                    "name": "Owners only",
                    "continue_if": {"yes": [{"var": "lead.homeowner"}]},
                    "reason": "Tenants cannot order a roof",
                }
            },
            {"group": _bidders(named)},
        ],
        "fallback": {"id": "end", "do": "reject", "reason": "Nobody paid enough"},
    }


def _bidders(named: Named) -> Document:
    return {
        "id": "u2",
        "name": "Highest bid",
        "mode": "highest_bid",
        "mixed": "one_ranking",
        "floor": 15,
        "wait_ms": 1500,
        "bids_up_to": 100,
        "note": "Networks see no name and no full phone number before they buy.",
        "buyers": [
            {"id": "u3", "name": "Leadhaven", "connection": named["leadhaven"]},
            {
                "id": "u4",
                "name": "Kestrel",
                "connection": named["kestrel"],
                "note": "Says no to some leads that it has won: the next one in the ranking gets them.",
            },
            {
                "id": "u5",
                "name": "Northstar",
                "connection": named["northstar"],
                "note": "Bids only for large bills, and sometimes too late.",
            },
            {
                "id": "u6",
                "name": "Pennine",
                "connection": named["pennine"],
                "max_bid": Decimal("18.00"),
                "caps": [{"limit": 3, "per": "minute"}],
            },
        ],
    }


def german_heat_pumps(named: Named) -> Document:
    """Return the flow for German heat pumps: one contractor alone, or up to three that share, whichever brings more."""
    return {
        "schema": 1,
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "fields": [
            *person("DE"),
            {"key": "heating", "type": "choice", "label": "Heating now", "options": ["gas", "oil", "district"]},
            {"key": "living_area", "type": "number", "label": "Living area (m²)"},
        ],
        "intake": {"duplicates": {"by": ["email", "phone_1"], "match": "all", "within": "30d"}},
        "steps": [
            {
                "filter": {
                    "id": "h1",
                    "name": "Nobody who asked not to be called",
                    "stop_if": {"in_list": [{"var": "lead.email"}, named["do_not_contact"]]},
                    "reason": "Asked not to be called",
                }
            },
            {
                "filter": {
                    "id": "h2",
                    "name": "District heating stays",
                    "stop_if": {"is": [{"var": "lead.heating"}, "district"]},
                    "reason": "Needs no heat pump",
                }
            },
            {"group": _sharers(named)},
        ],
        "fallback": {"id": "end", "do": "reject", "reason": "No contractor there"},
    }


def _sharers(named: Named) -> Document:
    berlin, brandenburg = named["berlin"], named["brandenburg"]
    return {
        "id": "h3",
        "name": "Alone or shared among up to three",
        "mode": "highest_bid",
        "mixed": "one_ranking",
        "sell_up_to": 3,
        "note": "Sold to one alone where that brings more than all who would share it.",
        "buyers": [
            {
                "id": "h4",
                "name": "Nordwind",
                "connection": named["nordwind"],
                "price": Decimal("24.00"),
                "sharing": "shared",
                "areas": [{"list": berlin}],
                "caps": [{"limit": 6, "per": "minute"}],
            },
            {
                "id": "h5",
                "name": "Havel",
                "connection": named["havel"],
                "max_bid": Decimal("31.00"),
                "sharing": "shared",
                "areas": [{"list": brandenburg, "priority": 1}, {"list": berlin, "priority": 2}],
                "retry": {"max_attempts": 2, "after": ["2s"], "for_up_to": "20s"},
            },
            {
                "id": "h6",
                "name": "Spree",
                "connection": named["spree"],
                "max_bid": Decimal("58.00"),
                "shared_price": Decimal("22.00"),
                "areas": [{"list": berlin}, {"list": brandenburg}],
                "caps": [{"limit": 6, "per": "minute"}],
            },
        ],
    }


DOCUMENTS: Mapping[str, tuple[str, Callable[[Named], Document]]] = {
    "solar": ("California solar", california_solar),
    "roofing": ("Home roofing", home_roofing),
    "british": ("British solar", british_solar),
    "german": ("German heat pumps", german_heat_pumps),
}
"""The name of each flow, and what makes its document."""
