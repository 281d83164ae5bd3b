"""How the demo's seller reaches the networks that bid and the contractors: by web request, by mail, in their inbox."""

from collections.abc import Callable, Mapping

from flowbuilder.demo.destinations import IS_2XX, Credentials, Destination, brightroof, helio, sunrise

PERSON = [
    ["first_name", {"var": "lead.first_name"}, {"required": True}],
    ["last_name", {"var": "lead.last_name"}],
    ["email", {"var": "lead.email"}, {"required": True}],
    ["phone", {"phone": [{"var": "lead.phone_1"}, "e164"]}, {"required": True}],
    ["postal_code", {"var": "lead.postal_code"}],
]
HEATED = [
    *PERSON,
    ["heating", {"title": [{"var": "lead.heating"}]}],
    ["living_area", {"number": [{"var": "lead.living_area"}, "0"]}],
]


def network(name: str, port: int, credentials: Credentials) -> Destination:
    """Return what the three networks have in common: where they bid, take leads and hear why they lost."""
    base = f"http://127.0.0.1:{port}/{name}"
    return {
        "url": f"{base}/leads",
        "auth": {"type": "header", "name": "X-API-Key", "key": credentials[f"{name}_key"]},
        "timeout_ms": 4000,
        "mapping": [
            *PERSON,
            ["roof", {"var": "lead.roof"}],
            ["monthly_bill", {"var": "lead.monthly_bill"}],
            ["bid_id", {"var": "offer.bid_id"}],
        ],
        "ping": {
            "url": f"{base}/ping",
            "bid_path": "body.bid",
            "bid_id_path": "body.bid_id",
            "reason_path": "body.reason",
        },
        "feedback": {"url": f"{base}/feedback", "tells": "reason"},
        "accepted_if": {"yes": [{"var": "body.accepted"}]},
        "reason_path": "body.reason",
        "reference_path": "body.id",
        "reasons": ["duplicate", "full"],
    }


def leadhaven(port: int, credentials: Credentials) -> Destination:
    """Return Leadhaven's; where it was outbid, it is told for how much."""
    made = network("leadhaven", port, credentials)
    return {**made, "feedback": {**made["feedback"], "tells": "reason_and_price"}}


def kestrel(port: int, credentials: Credentials) -> Destination:
    """Return Kestrel Media's."""
    return network("kestrel", port, credentials)


def northstar(port: int, credentials: Credentials) -> Destination:
    """Return Northstar Exchange's; it learns nothing of what it lost, and may often be too slow."""
    made = network("northstar", port, credentials)
    patient = {"failures": 12, "within": "5m", "recover_after": "1m"}
    return {**made, "feedback": {**made["feedback"], "tells": "nothing"}, "breaker": patient}


def contractor(name: str, port: int, credentials: Credentials) -> Destination:
    """Return what the contractors that are asked over the web have in common."""
    return {
        "url": f"http://127.0.0.1:{port}/jobs",
        "auth": {"type": "bearer", "token": credentials[f"{name}_token"]},
        "timeout_ms": 3000,
        "accepted_if": {"and": [IS_2XX, {"yes": [{"var": "body.taken"}]}]},
        "reason_path": "body.why",
        "reference_path": "body.job",
        "reasons": ["duplicate"],
    }


def pennine(port: int, credentials: Credentials) -> Destination:
    """Return Pennine Renewables'; when it says nothing, a person finds out whether it took the lead."""
    return {
        **contractor("pennine", port, credentials),
        "mapping": [*PERSON, ["roof", {"var": "lead.roof"}], ["monthly_bill", {"var": "lead.monthly_bill"}]],
        "on_ambiguous": "hold",
    }


def havel(port: int, credentials: Credentials) -> Destination:
    """Return Havel Haustechnik's: left alone after three failures; what it took it gets by mail as well."""
    return {
        **contractor("havel", port, credentials),
        "mapping": HEATED,
        "deliver_by": ["webhook", "email"],
        "email": {"to": "auftraege@havel-haustechnik.example", "subject": "Auftrag: {{lead.postal_code}}"},
        "breaker": {"failures": 3, "within": "1m", "recover_after": "40s"},
        "time_zone": "Europe/Berlin",
    }


def nordwind(_port: int, _credentials: Credentials) -> Destination:
    """Return Nordwind Wärme's: one mail for each lead, answered to the person."""
    return {
        "deliver_by": ["email"],
        "email": {
            "to": "anfragen@nordwind-waerme.example",
            "subject": "Wärmepumpe in {{lead.postal_code}}: {{lead.first_name}} {{lead.last_name}}",
            "body": "Bitte melden Sie sich innerhalb eines Tages.",
            "reply_to": "{{lead.email}}",
        },
        "mapping": HEATED,
        "time_zone": "Europe/Berlin",
    }


def spree(_port: int, _credentials: Credentials) -> Destination:
    """Return Spree Energie's: it reads its leads in the app, and a notice tells it that there is one."""
    return {
        "deliver_by": ["inbox"],
        "inbox": {"notice": "buero@spree-energie.example"},
        "mapping": HEATED,
        "time_zone": "Europe/Berlin",
    }


DESTINATIONS: Mapping[str, tuple[str, Callable[[int, Credentials], Destination]]] = {
    "sunrise": ("Sunrise Energy", sunrise),
    "brightroof": ("BrightRoof Homes", brightroof),
    "helio": ("Helio Partners", helio),
    "leadhaven": ("Leadhaven", leadhaven),
    "kestrel": ("Kestrel Media", kestrel),
    "northstar": ("Northstar Exchange", northstar),
    "pennine": ("Pennine Renewables", pennine),
    "havel": ("Havel Haustechnik", havel),
    "nordwind": ("Nordwind Wärme", nordwind),
    "spree": ("Spree Energie", spree),
}
"""The name of each buyer's connection, and what makes its destination."""
