"""What suppliers are told: the answer about a lead as it stands, and the answer to a post that was refused."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import orjson

from flowbuilder import ids
from flowbuilder.intake.refused import Refused
from rules import xml_text
from rules.money import exponent_of
from rules.text import moment_text

OUTCOMES = {"sold": "success", "rejected": "failure", "duplicate": "failure", "error": "error"}
"""The lead's outcome in the words of the wire."""
TRY_LATER = (429, 500, 503)
"""Statuses that say nothing against the post itself."""
REPLAY = "Idempotent-Replay"
INVALID = "Invalid-Fields"
JSON = "application/json"
XML = "application/xml; charset=utf-8"
XML_ROOT = "result"
NO_BID = "no bid"


class Answer(NamedTuple):
    """What is sent back for a request; `headers` are those that not every answer of intake has."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON


class LeadAnswer(NamedTuple):
    """A lead as far as its supplier may know it; `cost` is what the supplier is paid, in minor units."""

    id: UUID
    state: str
    outcome: str | None
    reason: str | None
    cost: int
    currency: str
    ignored: list[str]

    @property
    def is_done(self) -> bool:
        """Return whether the answer is final."""
        return self.state == "done"

    @property
    def is_settled(self) -> bool:
        """Return whether there is nothing to wait for: the lead is done, or waits for something that takes longer."""
        return self.state in ("done", "waiting")


def lead_body(lead: LeadAnswer) -> bytes:
    """Return the JSON of a lead's answer, always with the same keys in the same order."""
    told = _lead_document(lead)
    told["price"], told["ignored"] = orjson.Fragment(price_of(lead)), lead.ignored
    return orjson.dumps(told)


def lead_xml(lead: LeadAnswer) -> bytes:
    """Return the XML of a lead's answer: what the JSON says, with each ignored name as a `field`."""
    told = _lead_document(lead) | {"price": price_of(lead), "ignored": {"field": lead.ignored}}
    return xml_text.write(XML_ROOT, told)


def _lead_document(lead: LeadAnswer) -> dict[str, object]:
    return {
        "outcome": OUTCOMES[lead.outcome] if lead.outcome else "pending",
        "status": lead.outcome or "waiting",
        "reason": lead.reason if lead.is_done else None,
        "lead": {"id": ids.show(lead.id)},
    }


def price_of(lead: LeadAnswer) -> str:
    """Return what the supplier is paid, as a decimal number in the lead's currency: `31.50`, and `0` for nothing."""
    return _as_decimal(lead.cost, lead.currency) if lead.cost else "0"


@lru_cache(maxsize=1024)
def _as_decimal(minor_units: int, currency: str) -> str:
    return str(Decimal(minor_units).scaleb(-exponent_of(currency)))


def lead_response(
    lead: LeadAnswer, *, done: int, location: str, is_replay: bool = False, as_xml: bool = False
) -> Answer:
    """Return the answer with status `done`, or 202 and where to ask again while the lead is not done."""
    headers = []
    if not lead.is_done:
        headers.append(("Location", f"{location}/leads/{ids.show(lead.id)}"))
    if is_replay:
        headers.append((REPLAY, "true"))
    status = done if lead.is_done else 202
    if as_xml:
        return Answer(status, lead_xml(lead), tuple(headers), XML)
    return Answer(status, lead_body(lead), tuple(headers))


def ping_response(lead: LeadAnswer, expires_at: datetime | None, *, as_xml: bool = False) -> Answer:
    """Return the answer to a ping: what the supplier would be paid and until when, or that nobody bids.

    One that could not be decided is an error and one that is not decided yet is pending: neither is a no.
    """
    price = price_of(lead) if expires_at else "0"
    status, told = (200 if expires_at or lead.is_done else 202), _ping_document(lead, expires_at)
    if as_xml:
        return Answer(status, xml_text.write(XML_ROOT, {**told, "price": price}), (), XML)
    return Answer(status, orjson.dumps(told | {"price": orjson.Fragment(price)}))


def _ping_document(lead: LeadAnswer, expires_at: datetime | None) -> dict[str, object]:
    if expires_at:
        return {"outcome": "success", "ping": {"id": ids.show(lead.id), "expires_at": moment_text(expires_at)}}
    if not lead.is_done:
        return {"outcome": "pending", "reason": None}
    if lead.outcome == "error":
        return {"outcome": "error", "reason": lead.reason}
    return {"outcome": "failure", "reason": NO_BID}


def redirected(answer: Answer, url: str) -> Answer:
    """Return the answer as one that sends a browser on to another page (RFC 9110, 303)."""
    kept = tuple(header for header in answer.headers if header[0] != "Location")
    return answer._replace(status=303, headers=(*kept, ("Location", url)))


def refusal_response(refused: Refused, *, as_xml: bool = False) -> Answer:
    """Return the answer to a refused post: every problem, the names that no field has, and no lead."""
    try_later = refused.status in TRY_LATER
    errors = [
        {"field": problem.path or None, "code": problem.code, "message": problem.message}
        for problem in refused.problems
    ]
    told = {"outcome": "error" if try_later else "failure", "status": "error" if try_later else "invalid"}
    headers = tuple(refused.headers.items())
    if as_xml:
        in_xml = {**told, "errors": {"error": errors}, "lead": None}
        named = {"ignored": {"field": refused.ignored}} if refused.ignored else {}
        return Answer(refused.status, xml_text.write(XML_ROOT, {**in_xml, **named}), headers, XML)
    ignored = {"ignored": refused.ignored} if refused.ignored else {}
    return Answer(refused.status, orjson.dumps({**told, "errors": errors, "lead": None, **ignored}), headers)
