"""Whether a buyer may be asked now, as far as the world has a say in it; what caps say is the dealer's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workers import breakers, funds
from workers.book import Connection
from workers.carrying import Carried
from workers.turn import Turn


@dataclass(frozen=True, slots=True)
class Candidate:
    """A buyer for a lead: its connection, and what the effect asks of it (a row of its request in the journal)."""

    turn: Turn
    carried: Carried
    connection: Connection
    asked: Mapping[str, Any]


Condition = Callable[[Candidate], str | None]
"""Returns why the buyer may not be asked, as a code of rules.reasons; None when this does not stand in the way."""


def is_ours(buyer: Candidate) -> str | None:
    """Refuse the connection of another account."""
    return None if buyer.connection.account_id == buyer.carried.row["account_id"] else "not_connected"


def is_active(buyer: Candidate) -> str | None:
    """Refuse a connection that is paused or was revoked."""
    return {"paused": "paused", "revoked": "not_connected"}.get(buyer.connection.state)


def is_not_failing(buyer: Candidate) -> str | None:
    """Refuse a connection whose breaker is open; a lead that it may let through as the probe is not refused here.

    A test lead calls nobody, and so it can be no probe.
    """
    breaker = breakers.state_of(buyer.turn, buyer.connection)
    lets = breaker.is_closed if buyer.carried.row["is_test"] else breaker.lets_through(buyer.turn.now)
    return None if lets else "breaker_open"


def can_pay(buyer: Candidate) -> str | None:
    """Refuse a buyer that has no funds for what the lead would cost it; what it has yet to bid costs nothing."""
    return None if funds.cover(buyer.connection, buyer.asked.get("price") or 0) else "no_funds"


TO_GO_ON: tuple[Condition, ...] = (is_ours, is_active, is_not_failing)
"""What must hold whenever a buyer is called, each time that an offer is tried again as well."""
TO_BEGIN: tuple[Condition, ...] = (*TO_GO_ON, can_pay)
"""What must hold before a lead is offered to a buyer or the buyer is asked for a bid, in the order of the answers."""


def find_buyer(
    turn: Turn, carried: Carried, asked: Mapping[str, Any], conditions: tuple[Condition, ...] = TO_BEGIN
) -> Connection | str:
    """Return the connection that `asked` names, or why its buyer may not be asked now, as a code of rules.reasons."""
    connection = turn.book.connection(turn.database, asked["connection"])
    if connection is None:
        return "not_connected"
    buyer = Candidate(turn, carried, connection, asked)
    for condition in conditions:
        if why := condition(buyer):
            return why
    return connection
