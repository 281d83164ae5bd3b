"""What suppliers are told: the answer about a lead as it stands, and the answer to a post that was refused."""

from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import orjson
from flask import Response

from flowbuilder import ids
from flowbuilder.intake.refused import Refused
from rules.money import exponent_of

OUTCOMES = {"sold": "success", "rejected": "failure", "duplicate": "failure", "error": "error"}
"""The lead's outcome in the words of the wire."""
TRY_LATER = (429, 500, 503)
"""Statuses that say nothing against the post itself."""
REPLAY = "Idempotent-Replay"
NOT_KEPT = ("Cache-Control", "no-store")
JSON = "application/json"


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
    return orjson.dumps(
        {
            "outcome": OUTCOMES[lead.outcome] if lead.outcome else "pending",
            "status": lead.outcome or "waiting",
            "reason": lead.reason if lead.is_done else None,
            "lead": {"id": ids.show(lead.id)},
            "price": orjson.Fragment(price_of(lead)),
            "ignored": lead.ignored,
        }
    )


def price_of(lead: LeadAnswer) -> str:
    """Return what the supplier is paid, as a decimal number in the lead's currency: `31.50`, and `0` for nothing."""
    return str(Decimal(lead.cost).scaleb(-exponent_of(lead.currency))) if lead.cost else "0"


def lead_response(lead: LeadAnswer, *, done: int, location: str, is_replay: bool = False) -> Response:
    """Return the answer with status `done`, or 202 and where to ask again while the lead is not done."""
    headers = [NOT_KEPT]
    if not lead.is_done:
        headers.append(("Location", f"{location}/leads/{ids.show(lead.id)}"))
    if is_replay:
        headers.append((REPLAY, "true"))
    return Response(lead_body(lead), done if lead.is_done else 202, headers, content_type=JSON)


def refusal_response(refused: Refused) -> Response:
    """Return the answer to a refused post: every problem, and no lead."""
    try_later = refused.status in TRY_LATER
    errors = [
        {"field": problem.path or None, "code": problem.code, "message": problem.message}
        for problem in refused.problems
    ]
    body = {
        "outcome": "error" if try_later else "failure",
        "status": "error" if try_later else "invalid",
        "errors": errors,
        "lead": None,
    }
    return Response(orjson.dumps(body), refused.status, [NOT_KEPT, *refused.headers.items()], content_type=JSON)
