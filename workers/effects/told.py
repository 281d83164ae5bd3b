"""What a buyer's request may say of the offer itself, beside the lead."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from flowbuilder import ids
from rules.money import exponent_of
from workers.book import Connection
from workers.carrying import Carried
from workers.rows import OfferRow
from workers.turn import Turn


def told_of(turn: Turn, carried: Carried, row: OfferRow, connection: Connection, **more: Any) -> dict[str, Any]:
    """Return what mappings read as `offer.*`, for the next attempt of an offer or the ping of a buyer."""
    return {
        "id": ids.show(row.id),
        "lead_id": ids.show(carried.id),
        "attempt": row.attempts + 1,
        "is_test": False,
        "received_at": _moment(carried.row["received_at"]),
        "sent_at": _moment(turn.now),
        "flow_name": turn.book.flow_state(turn.database, carried.row["flow_id"]).name,
        "source_name": turn.source_of(carried).name,
        "buyer": connection.name,
        **more,
    }


def amount(carried: Carried, minor: int | None) -> Decimal | None:
    """Return minor units of the flow's currency as an amount."""
    return None if minor is None else Decimal(minor).scaleb(-exponent_of(carried.known_flow.currency))


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
