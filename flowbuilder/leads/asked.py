"""The buyers that a lead was offered to, with every call that was made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flowbuilder import ids
from flowbuilder.leads.messages import Message, reply_shown, request_shown
from flowbuilder.models import Attempt, Connection, Offer
from rules.money import say_money
from rules.reasons import say_reason

METHOD_WORDS = {"email": "By email", "inbox": "Into its inbox"}
COPY_WORDS = {
    "webhook": "Copy by a web request",
    "email": "Copy by email",
    "inbox": "Copy into its inbox",
    "notice": "Notice by email",
    "feedback": "Told why it did not get the lead",
}
"""What an attempt was that did not decide."""


@dataclass(frozen=True)
class Call:
    """One call to a buyer: what was sent and what came back; `copy` says what it was if it did not decide."""

    key: str
    copy: str
    method: str
    state: str
    at: datetime
    ms: int | None
    status: int | None
    error: str
    request: Message | None
    reply: Message | None


@dataclass(frozen=True)
class Asked:
    """One buyer that the lead was offered to; `reason` is in the buyer's words or ours.

    `way` says how it was delivered, nothing for a web request.
    """

    buyer: str
    way: str
    phase: str
    state: str
    is_winner: bool
    price: str
    bid: str
    reason: str
    reference: str
    calls: tuple[Call, ...]


class Buyers:
    """The account's buyers, and how their offers are shown: a `veil` hides personal data; without it all is shown."""

    def __init__(self, connections: Iterable[Connection], currency: str, veil: Callable[[str], str] | None) -> None:
        """Know these connections."""
        self._connections = {row.id: row for row in connections}
        self._currency = currency
        self._veil = veil or str
        self._in_full = veil is None

    @property
    def names(self) -> Mapping[str, str]:
        """Return the names of the connections by their shown ids."""
        return {ids.show(row.id, "con"): row.name for row in self._connections.values()}

    def id_of(self, shown: str | None) -> UUID | None:
        """Return the id of a connection of this account, or None."""
        return next((each for each in self._connections if ids.show(each, "con") == shown), None)

    def asked(self, offer: Offer, attempts: Mapping[int, Sequence[Attempt]]) -> Asked:
        """Return an offer with its calls."""
        connection = self._connections.get(offer.connection_id)
        reason = offer.reason or (say_reason(offer.lost_reason) if offer.lost_reason else "")
        return Asked(
            buyer=connection.name if connection else "A buyer that is gone",
            way=METHOD_WORDS.get(offer.delivery_method, ""),
            phase=offer.phase,
            state=offer.state,
            is_winner=offer.is_winner,
            price=say_money(offer.price, self._currency),
            bid=say_money(offer.bid, self._currency) if offer.bid is not None else "",
            reason=self._veil(reason),
            reference=self._veil(offer.reference or ""),
            calls=tuple(self._call(attempt, offer.delivery_method) for attempt in attempts.get(offer.offer_no, ())),
        )

    def _call(self, attempt: Attempt, deciding: str) -> Call:
        return Call(
            key=f"{attempt.offer_no}-{attempt.attempt_no}",
            copy=COPY_WORDS[attempt.method] if attempt.method != deciding else "",
            method=attempt.method,
            state=attempt.state,
            at=attempt.started_at,
            ms=attempt.ms,
            status=attempt.status,
            error=self._veil(attempt.error or ""),
            request=request_shown(attempt.request, in_full=self._in_full),
            reply=reply_shown(attempt.reply, in_full=self._in_full),
        )
