"""What a buyer's request may say of the offer itself, beside the lead."""

from typing import Any

from rules.effects import Offer
from workers.book import Connection
from workers.carrying import Carried
from workers.outgoing import Told
from workers.rows import OfferRow
from workers.turn import Turn

NO_PRICES = {"price": None, "bid": None, "bid_id": None}
"""What is told of prices where there is none yet."""


def told_of(turn: Turn, carried: Carried, row: OfferRow, connection: Connection, **more: Any) -> dict[str, Any]:
    """Return what mappings read as `offer.*`, for the next attempt of an offer or the ping of a buyer."""
    return known_of(turn, carried).view(row, connection.name, row.attempts + 1, turn.now) | more


def told_of_offer(turn: Turn, carried: Carried, row: OfferRow, connection: Connection, effect: Offer) -> dict[str, Any]:
    """Return the same for an offer, with its price and the bid that it follows."""
    told = known_of(turn, carried)
    return told.view(row, connection.name, row.attempts + 1, turn.now) | told.prices(row, effect)


def known_of(turn: Turn, carried: Carried) -> Told:
    """Return what all buyers of a lead may be told."""
    flow = turn.book.flow_state(turn.database, carried.row["flow_id"])
    return Told(carried.row["received_at"], carried.known_flow.currency, flow.name, turn.source_of(carried).name)
