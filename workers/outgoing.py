"""What goes out to a buyer about an offer: for its first call, its retries and its copies, by whatever method."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flowbuilder import ids
from rules.delivery.mail import Mail
from rules.delivery.methods import Method
from rules.delivery.outgoing import Entry, Outgoing, build, kept, read
from rules.delivery.response import Answer, without_secrets
from rules.delivery.wire import HttpRequest
from rules.effects import Offer
from rules.money import exponent_of
from workers.book import Connection
from workers.delivery.calls import AnyCall, Call, MailCall, Sent
from workers.rows import AttemptRow, InboxRow, OfferRow

STOPPED = "The worker stopped before the answer was read"
"""What is said of a call whose worker went away meanwhile."""
STATES = {"accepted": "ok", "declined": "declined", "error": "error", "ambiguous": "ambiguous"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a buyer may be told of a lead beside its fields."""

    received_at: datetime
    currency: str
    flow: str
    source: str

    def view(self, offer: OfferRow, buyer: str, attempt: int, now: datetime) -> dict[str, Any]:
        """Return it as mappings read it under `offer`, about one attempt."""
        return self.to_all(offer.lead_id, now) | to_one(offer, buyer, attempt)

    def to_all(self, lead_id: UUID, now: datetime) -> dict[str, Any]:
        """Return what is the same for all buyers who are called at one moment."""
        return {
            "lead_id": ids.show(lead_id),
            "is_test": False,
            "received_at": _moment(self.received_at),
            "sent_at": _moment(now),
            "flow_name": self.flow,
            "source_name": self.source,
        }

    def prices(self, offer: OfferRow, effect: Offer) -> dict[str, Any]:
        """Return what the buyer is asked to pay and what it bid, as amounts, with its own name for the bid."""
        return {"price": self.amount(offer.price), "bid": self.amount(offer.bid), "bid_id": effect.bid_id}

    def amount(self, minor: int | None) -> Decimal | None:
        """Return minor units as an amount of the lead's currency."""
        return None if minor is None else Decimal(minor).scaleb(-exponent_of(self.currency))


def to_one(offer: OfferRow, buyer: str, attempt: int) -> dict[str, Any]:
    """Return what a mapping reads of one attempt beside what all buyers may be told."""
    return {"id": ids.show(offer.id), "attempt": attempt, "buyer": buyer}


def make(connection: Connection, method: Method, view: Mapping[str, Any], offer: Mapping[str, Any]) -> Outgoing:
    """Return what one method hands to the buyer of a connection; raises CannotBuild."""
    return build(connection.destination, method, view, offer, connection.credentials)


def call_of(key: object, outgoing: HttpRequest | Mail, timeout_ms: int) -> AnyCall:
    """Return the call that hands it over."""
    return MailCall(key, outgoing, timeout_ms) if isinstance(outgoing, Mail) else Call(key, outgoing, timeout_ms)


def attempt_of(offer: OfferRow, number: int, method: str, now: datetime) -> AttemptRow:
    """Return an attempt that begins now."""
    return AttemptRow(offer.lead_id, offer.offer_no, number, now, method=method)


def put_in_inbox(
    connection: Connection, offer: OfferRow, entry: Entry, number: int, now: datetime
) -> tuple[AttemptRow, InboxRow]:
    """Return the rows by which a lead stands in an inbox; what the buyer gets is kept with the attempt."""
    attempt = attempt_of(offer, number, "inbox", now)
    attempt.state, attempt.finished_at, attempt.ms = "ok", now, 0
    attempt.request = kept(entry, connection.credentials)
    row = InboxRow(offer.id, offer.account_id, connection.id, offer.lead_id, offer.offer_no, number, now)
    return attempt, row


def inbox_address(public_url: str, connection_id: UUID, row_id: UUID) -> str:
    """Return the page on which a lead in an inbox is read."""
    return f"{public_url}/connections/{ids.show(connection_id, 'con')}/inbox/{ids.show(row_id)}"


def secrets_of(connection: Connection, sent: Sent) -> Mapping[str, str]:
    """Return by name what has to be masked where the answer to a call echoes it."""
    return {**connection.credentials, **sent.secrets} if sent.secrets else connection.credentials


def answer_of(connection: Connection | None, method: Method, sent: Sent) -> Answer:
    """Return what became of a call as an answer; a blocked or unsent one surely did not reach the buyer."""
    if sent.reply is not None and connection is not None:
        return without_secrets(read(connection.destination, method, sent.reply), secrets_of(connection, sent))
    match sent.kind:
        case "blocked":
            return Answer("error", "blocked")
        case "not_sent":
            return Answer("error", sent.reason)
    return Answer("ambiguous", "unknown")


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
