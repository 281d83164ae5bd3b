"""Whether a buyer may be asked now, as far as the world has a say in it; what caps say is the dealer's."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowbuilder.lists.lookup import Wanted
from rules.text import scalar_text
from workers import breakers, funds
from workers.book import Connection
from workers.buyer_claims import claiming_at
from workers.carrying import Carried
from workers.claims import Claiming
from workers.turn import Turn


@dataclass(slots=True)
class Candidate:
    """A buyer for a lead: its connection, and what the effect asks of it (a row of its request in the journal)."""

    turn: Turn
    carried: Carried
    connection: Connection
    asked: Mapping[str, Any]

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the lead's fields in their normal forms, as the steps so far have changed them."""
        fields: Mapping[str, Any] = self.carried.known_walk.state.view["lead"]
        return fields


NOT_ACTIVE = {"paused": "paused", "revoked": "not_connected"}
Condition = Callable[[Candidate], str | None]
"""Returns why the buyer may not be asked, as a code of rules.reasons; None when this does not stand in the way."""


def is_ours(buyer: Candidate) -> str | None:
    """Refuse the connection of another account."""
    return None if buyer.connection.account_id == buyer.carried.row["account_id"] else "not_connected"


def is_active(buyer: Candidate) -> str | None:
    """Refuse a connection that is paused or was revoked."""
    return NOT_ACTIVE.get(buyer.connection.state)


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


def has_consent(buyer: Candidate) -> str | None:
    """Refuse a lead that does not show the consent that the connection asks for, or whose consent is too old."""
    consent = buyer.connection.destination.consent
    if consent is None or consent.is_given(buyer.fields, buyer.carried.row["received_at"], buyer.turn.now):
        return None
    return "compliance_missing"


def is_not_suppressed(buyer: Candidate) -> str | None:
    """Refuse somebody whom the connection's lists suppress; where one of them is gone, nobody can know."""
    if not buyer.connection.destination.suppress:
        return None
    answers = [buyer.turn.listed.get(one) for one in wanted_of(buyer)]
    return "suppressed" if any(answers) else "error" if None in answers else None


def is_new_to_it(buyer: Candidate) -> str | None:
    """Refuse a person that the buyer was sold, or is being offered, within the time that the step asks for."""
    claiming = claiming_of(buyer)
    return "duplicate" if claiming and buyer.turn.buyer_claims.is_taken(claiming) else None


TO_GO_ON: tuple[Condition, ...] = (is_ours, is_active, is_not_failing)
"""What must hold whenever a buyer is called, each time that an offer is tried again as well."""
TO_BEGIN: tuple[Condition, ...] = (*TO_GO_ON, can_pay, has_consent, is_not_suppressed, is_new_to_it)
"""What must hold before a lead is offered to a buyer or the buyer is asked for a bid, in the order of the answers."""


def claiming_of(buyer: Candidate) -> Claiming | None:
    """Return what the lead claims at the buyer, None where its step does not look for duplicates."""
    asked = buyer.asked.get("duplicates")
    return claiming_at(buyer.connection.id, buyer.carried.id, asked, buyer.fields) if asked else None


def wanted_of(buyer: Candidate) -> Iterator[Wanted]:
    """Yield what has to be looked up in the connection's suppression lists; blank values are in none."""
    for listed, field in buyer.connection.destination.suppress:
        text = scalar_text(buyer.fields.get(field))
        if text and text.strip():
            yield Wanted(buyer.connection.account_id, listed, text.strip())


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
