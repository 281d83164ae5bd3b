"""Made-up leads: the same for the same supplier and number, of kinds that show everything that can happen to one."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from flowbuilder.demo.networks import REFUSED_AFTER_WINNING, TOO_SLOW
from flowbuilder.demo.places import (
    BERLIN,
    BRANDENBURG,
    BRITISH_TOWNS,
    DO_NOT_CONTACT,
    EASTERN_PLACES,
    ELSEWHERE,
    FAR_AWAY,
    LISTED_PEOPLE,
    SOLAR_PLACES,
)

FlowName = Literal["solar", "roofing", "british", "german"]
Fields = dict[str, Any]
Card = tuple[FlowName, str]

GIVEN = (
    "Ana", "Ben", "Carla", "Dev", "Elena", "Frank", "Grace", "Hugo", "Iris", "Jamal", "Kim", "Luis", "Maya", "Noah",
    "Olga", "Priya", "Quinn", "Rosa", "Sam", "Tess", "Uma", "Victor", "Wendy", "Xavier", "Yara", "Zack",
)  # fmt: skip
FAMILY = (
    "Alvarez", "Baker", "Chen", "Diaz", "Evans", "Fischer", "Garcia", "Hill", "Ito", "Jones", "Khan", "Lopez", "Moore",
    "Nguyen", "O'Neil", "Patel", "Reyes", "Smith", "Torres", "Ueda", "Vance", "Wong", "Young", "Zimmer",
)  # fmt: skip
BRITISH_FAMILY = (
    "Ainsworth", "Bennett", "Clarke", "Davies", "Edwards", "Fletcher", "Hughes", "Khan", "Lewis", "MacLeod", "Okafor",
    "Patel", "Quinn", "Roberts", "Singh", "Taylor", "Walsh", "Wright",
)  # fmt: skip
GERMAN_FAMILY = (
    "Albrecht", "Bauer", "Demir", "Engel", "Fuchs", "Groß", "Hofmann", "Jäger", "Kowalski", "Lehmann", "Möller",
    "Neumann", "Öztürk", "Richter", "Schäfer", "Vogel", "Weiß", "Zimmermann",
)  # fmt: skip
MAILBOXES = ("example.com", "example.org", "example.net")
PLAIN_DIGITS = "01245689"
PLAIN_LETTERS = "ABDEFGHJLNPRSTUWXY"
BUSY, SILENT = "7", "3"
"""The last digit of a postal code by which Helio is busy at first, or silent at first."""

HOW_OFTEN: Mapping[FlowName, Mapping[str, int]] = {
    "solar": {
        "fits": 9, "weak_credit": 2, "elsewhere": 2, "small_bill": 1, "busy": 1, "silent": 1, "hard_to_sell": 1,
        "shaded": 1, "incomplete": 1, "malformed": 1, "repeat": 1, "resend": 1, "test": 1,
    },
    "roofing": {
        "fits": 7, "old_roof": 2, "small_job": 1, "busy": 1, "silent": 1, "inspection": 1, "no_consent": 1,
        "incomplete": 1, "known": 1, "repeat": 1,
    },
    "british": {
        "fits": 5, "large_bill": 2, "too_slow": 1, "refused": 1, "small_bill": 2, "tenant": 1, "repeat": 1,
    },
    "german": {
        "fits": 5, "country": 2, "far_away": 1, "listed": 1, "district": 1, "repeat": 1,
    },
}  # fmt: skip
DECK: tuple[Card, ...] = tuple(
    (flow, kind) for flow, kinds in HOW_OFTEN.items() for kind, count in kinds.items() for _ in range(count)
)
"""How often each kind comes: a supplier goes through the deck, shuffled anew each time."""

COPIES = ("repeat", "resend", "known")
LEAST_DISTANCE = 5
"""A copy is posted at least so many leads after its original, which is stored by then."""


@dataclass(frozen=True)
class MadeUpLead:
    """One post: `fields` under the flow's own keys, and the supplier's idempotency key."""

    flow: FlowName
    kind: str
    fields: Fields
    key: str
    is_test: bool = False


def make_lead(supplier: str, number: int) -> MadeUpLead:
    """Return the lead of a supplier with this number."""
    flow, kind = card_of(supplier, number)
    if kind in COPIES:
        return _copy(supplier, number, flow, kind)
    fields = MAKERS[flow](kind, random.Random(f"{supplier}/{number}"))
    for key in _left_out(kind):
        del fields[key]
    return MadeUpLead(flow, kind, fields, f"{supplier}-{number}", is_test=kind == "test")


def card_of(supplier: str, number: int) -> Card:
    """Return the flow and the kind of a supplier's lead with this number."""
    round_no, place = divmod(number, len(DECK))
    return _shuffled(supplier, round_no)[place]


@lru_cache(maxsize=64)
def _shuffled(supplier: str, round_no: int) -> tuple[Card, ...]:
    cards = list(DECK)
    random.Random(f"{supplier}/round {round_no}").shuffle(cards)
    return tuple(cards)


def _copy(supplier: str, number: int, flow: FlowName, kind: str) -> MadeUpLead:
    """Return what somebody posts again: the same post, the same person, or the same address with another phone."""
    before = number - LEAST_DISTANCE
    while card_of(supplier, before) != (flow, "fits"):
        before -= 1
    first = make_lead(supplier, before)
    if kind == "resend":
        return replace(first, kind=kind)
    fields = dict(first.fields)
    if kind == "known":
        fields["phone_1"] = _phone(fields["phone_1"][1:4], random.Random(f"{supplier}/{number}"))
    return replace(first, kind=kind, fields=fields, key=f"{supplier}-{number}")


def _solar(kind: str, chance: random.Random) -> Fields:
    bill = chance.randint(90, 118) if kind in ("small_bill", "busy", "silent") else chance.randint(160, 390)
    bill = chance.randint(122, 148) if kind == "hard_to_sell" else bill
    scores = {"weak_credit": (555, 598), "hard_to_sell": (480, 545)}
    return {
        **_person(kind, chance, ELSEWHERE if kind == "elsewhere" else SOLAR_PLACES),
        "homeowner": True,
        "monthly_bill": bill,
        "credit_score": chance.randint(*scores.get(kind, (605, 810))),
        "roof_shade": "full" if kind == "shaded" else chance.choice(("none", "partial")),
    }


def _roofing(kind: str, chance: random.Random) -> Fields:
    is_small = kind in ("small_job", "busy", "silent")
    start_on = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=chance.randint(0, 364))
    return {
        **_person(kind, chance, EASTERN_PLACES),
        "service": "inspection" if kind == "inspection" else "repair" if is_small else "replacement",
        "roof_age": chance.randint(32, 60) if kind == "old_roof" else chance.randint(8, 26),
        "damage": chance.choice(("storm", "leak", "wear", "none")),
        "budget": chance.randint(3, 9) * 100 if is_small else chance.randint(50, 180) * 100,
        "start_on": start_on.date().isoformat(),
        "consent": kind != "no_consent",
        "comment": chance.choice(("Call after five, please.", "Two quotes wanted.", "It drips: hurry!", "")),
    }


def _british(kind: str, chance: random.Random) -> Fields:
    bills = {"small_bill": (40, 45), "refused": (85, 95), "fits": (60, 95), "tenant": (60, 95)}
    last = {"too_slow": TOO_SLOW, "refused": REFUSED_AFTER_WINNING}.get(kind) or chance.choice(PLAIN_LETTERS)
    faces_south = kind == "refused" or (kind == "fits" and chance.random() < 0.5)
    return {
        **_somebody(chance, BRITISH_FAMILY),
        "phone_1": chance.choice(("020 7946 0", "0161 496 0", "0113 496 0")) + f"{chance.randrange(1000):03}",
        "postal_code": f"{chance.choice(BRITISH_TOWNS)} {chance.randint(1, 9)}{chance.choice(PLAIN_LETTERS)}{last}",
        "homeowner": kind != "tenant",
        "monthly_bill": chance.randint(*bills.get(kind, (120, 210))),
        "roof": "south" if faces_south else chance.choice(("east or west", "north")),
    }


def _german(kind: str, chance: random.Random) -> Fields:
    codes = {"country": BRANDENBURG, "far_away": FAR_AWAY}.get(kind, BERLIN)
    somebody = _somebody(chance, GERMAN_FAMILY)
    if kind == "listed":
        somebody["email"] = f"{DO_NOT_CONTACT}-{chance.randrange(LISTED_PEOPLE)}@example.org"
    return {
        **somebody,
        "phone_1": f"{chance.choice(('030 23125', '040 66969', '089 99998'))} {chance.randrange(1000):03}",
        "postal_code": chance.choice(codes),
        "homeowner": True,
        "heating": "district" if kind == "district" else chance.choice(("gas", "oil")),
        "living_area": chance.randint(70, 240),
    }


MAKERS: Mapping[FlowName, Callable[[str, random.Random], Fields]] = {
    "solar": _solar,
    "roofing": _roofing,
    "british": _british,
    "german": _german,
}


def _person(kind: str, chance: random.Random, places: Mapping[str, tuple[str, ...]]) -> Fields:
    state = chance.choice(tuple(places))
    somebody = _somebody(chance, FAMILY)
    last_digit = {"busy": BUSY, "silent": SILENT}.get(kind) or chance.choice(PLAIN_DIGITS)
    if kind == "malformed":
        somebody["email"] = f"{somebody['email'].partition('@')[0]} at home"
    return {
        **somebody,
        "phone_1": "555-12" if kind == "malformed" else _phone(chance.choice(places[state]), chance),
        "state": state,
        "postal_code": f"{chance.randrange(1000, 10000)}{last_digit}",
    }


def _somebody(chance: random.Random, families: tuple[str, ...]) -> Fields:
    first, last = chance.choice(GIVEN), chance.choice(families)
    mailbox = f"{first}.{last}.{chance.randrange(16**6):06x}".lower().replace("'", "")
    for written, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        mailbox = mailbox.replace(written, plain)
    return {"first_name": first, "last_name": last, "email": f"{mailbox}@{chance.choice(MAILBOXES)}"}


def _phone(area: str, chance: random.Random) -> str:
    """Return a number of the exchange 555, where nobody lives."""
    return f"({area}) 555-{chance.randrange(10000):04}"


def _left_out(kind: str) -> tuple[str, ...]:
    return ("email", "state") if kind == "incomplete" else ()
