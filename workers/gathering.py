"""Gathers what the conditions on buyers have to know of the world, once for all leads of a turn."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowbuilder.lists.lookup import Wanted
from rules.effects import Check, Effect, Intake, Offer, Ping, Quote
from workers.carrying import Carried
from workers.claims import Claiming
from workers.effects import door
from workers.eligibility import Candidate, claiming_of, wanted_of
from workers.turn import Turn

ABOUT_BUYERS = (Offer, Check, Ping, Quote)
"""The effects that are about buyers, whose conditions may have to be looked up; of most others nothing has."""


def lists_wanted(turn: Turn, carried: Carried) -> Iterator[Wanted]:
    """Yield what has to be looked up for the door, or for the buyers that the waiting effect is about."""
    effect = carried.effect
    if isinstance(effect, Intake):
        yield from door.lists_wanted(turn, carried)
    elif isinstance(effect, ABOUT_BUYERS):
        for buyer in _buyers(turn, carried, effect):
            yield from wanted_of(buyer)


@dataclass(slots=True)
class ClaimsAtBuyers:
    """The claims that offers of a turn want to take and those that are given back; and those only asked about."""

    to_take: list[Claiming]
    to_read: list[Claiming]


def claims_of(turn: Turn, moving: Iterable[Carried]) -> ClaimsAtBuyers:
    """Return the claims at buyers that a turn has to lock, and to read."""
    found = ClaimsAtBuyers(list(turn.unclaimed), [])
    for carried in moving:
        effect = carried.effect
        if not isinstance(effect, ABOUT_BUYERS):
            continue
        for buyer in _buyers(turn, carried, effect):
            claiming = claiming_of(buyer)
            if claiming:
                (found.to_take if _takes(carried, effect) else found.to_read).append(claiming)
    return found


def is_enough_known(turn: Turn, carried: Carried, effect: Effect | None) -> bool:
    """Return whether the conditions on an effect's buyers can be decided in this turn."""
    if not isinstance(effect, ABOUT_BUYERS):
        return True
    to_take = _takes(carried, effect)
    return all(
        all(one in turn.listed for one in wanted_of(buyer))
        and ((claiming := claiming_of(buyer)) is None or turn.buyer_claims.knows(claiming, to_take=to_take))
        for buyer in _buyers(turn, carried, effect)
    )


def _takes(carried: Carried, effect: Effect | None) -> bool:
    """Return whether an effect takes claims: an offer of a lead that is no test."""
    return isinstance(effect, Offer) and not carried.row["is_test"]


def _buyers(turn: Turn, carried: Carried, effect: Effect | None) -> Iterator[Candidate]:
    """Yield the buyers that an effect is about, as far as their conditions have to be looked up."""
    for asked in _asked_by(effect):
        connection = turn.book.connection(turn.database, asked["connection"])
        if connection and (asked.get("duplicates") or connection.destination.suppress):
            yield Candidate(turn, carried, connection, asked)


def _asked_by(effect: Effect | None) -> Iterable[Mapping[str, Any]]:
    match effect:
        case Offer():
            return ({"connection": effect.connection, "duplicates": effect.duplicates},)
        case Check():
            return effect.rows
        case Ping():
            return effect.bidders
        case Quote():
            return (effect.offer,)
    return ()
