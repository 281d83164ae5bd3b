"""What goes to a buyer beside what it took a lead by, made anew from the lead's journal at the moment of its offer.

So nothing of a person is kept once more for it.
"""

import logging
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection as Database

from flowbuilder import clock, ids
from rules.delivery.feedback import told_loser
from rules.delivery.mail import Mail, notice_mail
from rules.delivery.methods import Method
from rules.delivery.outgoing import Entry, kept
from rules.delivery.request import CannotBuild, build_feedback
from rules.delivery.wire import HttpRequest
from rules.effects import Offer
from rules.flow import Flow
from rules.interpreter import Diverged
from rules.retry import Tried
from workers.book import Book, Connection, Unreadable
from workers.carrying import Carried
from workers.delivery.calls import Sent
from workers.journal import Past
from workers.outages import where
from workers.outgoing import Told, inbox_address, make
from workers.rows import AttemptRow, CopyRow, OfferRow

NOT_CONNECTED = "The buyer is not connected any more."
NO_NOTICE = "The connection has no address for notices any more."
GONE = "What the buyer took cannot be told any more."

log = logging.getLogger(__name__)


class Gone(Exception):
    """What a buyer took does not stand in the journal as it did."""


@dataclass(slots=True)
class Copy:
    """One copy in hand: what is known of it, the attempt that is made, and what is handed over, if that can be.

    It `is_lost` when it can never be made again.
    """

    row: CopyRow
    offer: OfferRow
    connection: Connection | None
    tried: list[Tried]
    attempt: AttemptRow
    outgoing: HttpRequest | Mail | None = None
    sent: Sent | None = None
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes copies from what one transaction can read."""

    database: Database
    book: Book
    public_url: str

    def fill(self, copy: Copy, lead: dict[str, Any] | None, past: Past) -> None:
        """Make what is handed over and keep it with the attempt; or note there why it cannot be made."""
        connection = copy.connection
        if connection is None or lead is None:
            copy.attempt.error = NOT_CONNECTED
            return
        try:
            outgoing = self._made(copy, connection, lead, past)
        except CannotBuild as problem:
            copy.attempt.error = str(problem)
        except (Gone, Unreadable, Diverged):
            copy.attempt.error, copy.is_lost = GONE, True
        except Exception as problem:  # noqa: BLE001  (one copy's bad luck must not stop the others: it is tried again)
            log.error("a copy of lead %s cannot be made: %s", copy.row.lead_id, where(problem))  # noqa: TRY400
            copy.attempt.error = GONE
        else:
            copy.outgoing, copy.attempt.request = outgoing, kept(outgoing, connection.credentials)

    def _made(self, copy: Copy, connection: Connection, lead: dict[str, Any], past: Past) -> HttpRequest | Mail:
        match copy.row.method:
            case "notice":
                return self._notice(copy, connection)
            case "feedback":
                return self._feedback(copy, connection, lead)
        return self._copy(copy, connection, lead, past)

    def _feedback(self, copy: Copy, connection: Connection, lead: dict[str, Any]) -> HttpRequest:
        """Return what tells a bidder that it lost; it needs nothing of the lead but its currency."""
        feedback, row = connection.destination.feedback, copy.offer
        told = Told(lead["received_at"], lead["currency"], "", "")
        offer = told.view(row, connection.name, len(copy.tried) + 1, clock.now())
        offer |= {"bid": told.amount(row.bid), "bid_id": row.reference}
        if feedback and feedback.tells_price:
            offer["winning_bid"] = told.amount(row.winning_bid)
        return build_feedback(connection.destination, told_loser(offer, row.lost_reason), connection.credentials)

    def _notice(self, copy: Copy, connection: Connection) -> Mail:
        to, key = connection.destination.notice, ids.show(copy.offer.id)
        if not to:
            raise CannotBuild(NO_NOTICE)
        address = inbox_address(self.public_url, connection.id, copy.offer.id)
        return notice_mail(to, key, buyer=connection.name, address=address, is_test=False)

    def _copy(self, copy: Copy, connection: Connection, lead: dict[str, Any], past: Past) -> HttpRequest | Mail:
        """Return what goes out, from the lead as it was when its buyer took it; raises what `fill` expects."""
        flow = self.book.flow(self.database, lead["flow_id"], lead["version"])
        effect = offer_effect(lead, flow, past, copy.offer)
        source = self.book.source(self.database, lead["source_id"], lead["flow_id"], lead["version"])
        name = self.book.flow_state(self.database, lead["flow_id"]).name
        told = Told(lead["received_at"], flow.currency, name, source.name)
        offer = told.view(copy.offer, connection.name, len(copy.tried) + 1, clock.now())
        offer |= told.prices(copy.offer, effect)
        match make(connection, cast("Method", copy.row.method), effect.view, offer):
            case Entry():
                raise Gone
            case outgoing:
                return outgoing


def offer_effect(lead: dict[str, Any], flow: Flow, past: Past, offer: OfferRow) -> Offer:
    """Return what a run asked when it made an offer, rebuilt from its journal; raises Diverged and Gone."""
    events = [event for event in past.events if event.run == offer.run]
    places = (place for place, event in enumerate(events) if (event.result or {}).get("offer") == offer.offer_no)
    made = next(places, None)
    if made is None:
        raise Gone
    carried = Carried({**lead, "run": offer.run})
    carried.rebuild(flow, Past(events[:made], past.offers, past.attempts), {}, events[0].at)
    match carried.effect:
        case Offer() as effect:
            return effect
    raise Gone
