"""What a lead has begun and is not done with: an offer or a look-up, with its calls, as it is or as its rows say it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.effects import LookUp, Offer
from rules.retry import Tried
from rules.running import WaitsFor
from workers.rows import FAR, AttemptRow, OfferRow

KINDS = {"ok": "accepted", "declined": "declined", "error": "error", "blocked": "error"}
"""What a finished attempt counts as; one that is still `sending` after its worker went is ambiguous."""
OPEN = ("reserved", "sending")
"""The states of an offer that has not ended."""


@dataclass(slots=True)
class Begun:
    """An offer or a look-up that was begun: what asks it, its row, the call that is out, and what came of those before.

    `result` is what it came to, until its run is told; `waits_for` is what a lead waits for until the next call.
    """

    effect: Offer | LookUp
    row: OfferRow
    attempt: AttemptRow | None = None
    tried: list[Tried] = field(default_factory=list)
    result: dict[str, Any] | None = None
    waits_for: WaitsFor = "retry"

    @property
    def may_be_taken(self) -> bool:
        """Return whether the buyer may have the lead: a call about it was not answered."""
        return any(attempt.kind == "ambiguous" for attempt in self.tried)


@dataclass(slots=True)
class BegunOffer(Begun):
    """An offer that was begun."""

    effect: Offer


@dataclass(slots=True)
class BegunLookUp(Begun):
    """A look-up that was begun."""

    effect: LookUp


AnyBegun = BegunOffer | BegunLookUp


def reopened(effect: Offer | LookUp, row: OfferRow, attempts: Sequence[AttemptRow]) -> AnyBegun:
    """Return what an effect had begun, from its row and its calls; one nobody waits for any more may have arrived."""
    begun = BegunOffer(effect, row) if isinstance(effect, Offer) else BegunLookUp(effect, row)
    if row.state not in OPEN:
        begun.result = came_to(row, row.finished_at or row.created_at)
        return begun
    begun.tried = [
        Tried(KINDS.get(attempt.state, "ambiguous"))  # type: ignore[arg-type]
        for attempt in attempts
        if attempt.state != "sending"
    ]
    begun.attempt = attempts[-1] if attempts and attempts[-1].state == "sending" else None
    begun.waits_for = "person" if row.next_at == FAR else "answer" if begun.may_be_taken else "retry"
    return begun


def came_to(row: OfferRow, at: datetime) -> dict[str, Any]:
    """Return what an offer came to, as its row says it, that was known at a moment."""
    return {
        "at": at.isoformat(),
        "answer": row.state,
        "reason": row.lost_reason,
        "price": row.price,
        "reference": row.reference,
        "offer": row.offer_no,
        "full": None,
    }
