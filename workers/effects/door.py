"""Taking leads in, and reserving places: decided from locked windows and claims."""

from collections.abc import Iterator, Sequence
from typing import Any

from flowbuilder.lists.lookup import Wanted
from rules.effects import Intake, Reserve
from rules.logic import RuleError, truthy
from rules.text import scalar_text
from workers.book import Source
from workers.caps import Ask
from workers.carrying import Carried
from workers.claims import Claiming
from workers.turn import Turn

Result = dict[str, Any]

UNKNOWN = "unknown"
"""What is said of a value that was not looked up in this turn; a list that is gone by now suppresses nobody."""
SCOPES = {"flow": "flow_id", "source": "source_id", "seller": "account_id"}
"""Whose leads a lead may be a duplicate of, and the column that says whose it is."""


def claiming_of(carried: Carried, effect: Intake) -> Claiming | None:
    """Return what a lead wants to be the first with, None when it does not ask."""
    asked = effect.duplicates
    if not asked or not asked["by"] or not effect.accepted:
        return None
    fields = carried.row["fields"]
    values = {key: fields[key] for key in asked["by"]}
    scope = carried.row[SCOPES[asked.get("scope", "flow")]]
    return Claiming(carried.id, str(scope), values, asked["together"], asked["within"])


def take_in(turn: Turn, carried: Carried, effect: Intake) -> Result | None:
    """Return whether the door lets a lead in, None when what it needs was not locked or looked up in this turn.

    In this order: paused, the source's rule, the flow's rule, the seller's suppression lists, duplicate, caps. A pause
    turns away what comes, not what an earlier run of the lead let in.
    """
    source = turn.source_of(carried)
    known = {"source": _view_of(source, carried)} | zones(turn, carried)
    refusal = _why_not(turn, carried, effect, source)
    if refusal:
        return known | refusal
    if refusal is None or carried.id in turn.claims.undecided:
        return None
    if carried.id in turn.claims.duplicates:
        return known | {"outcome": "duplicate", "reason": None}
    reserved = _reserve(turn, carried, _places_at_door(turn, carried, effect))
    if reserved is None:
        return None
    return {**known, **reserved, "outcome": "full" if reserved["full"] else "passed", "reason": None}


def _why_not(turn: Turn, carried: Carried, effect: Intake, source: Source) -> Result | None:
    """Return why the lead is not let in, nothing where it may come in; None where lists have to be looked up first."""
    is_paused = source.is_paused or turn.book.flow_state(turn.database, carried.row["flow_id"]).is_paused
    if is_paused and carried.counted is None:
        return {"outcome": "paused", "reason": None}
    try:
        is_accepted = source.accept_if is None or truthy(source.accept_if(carried.view))
    except RuleError as error:
        return {"outcome": "error", "reason": error.message}
    if not is_accepted or not effect.accepted:
        return {"outcome": "rejected", "reason": effect.reason if is_accepted else "Not accepted"}
    listed = [turn.listed.get(one, UNKNOWN) for one in lists_wanted(turn, carried)]
    if True in listed:
        return {"outcome": "suppressed", "reason": None}
    return None if UNKNOWN in listed else {}


def _places_at_door(turn: Turn, carried: Carried, effect: Intake) -> list[Ask]:
    """Return the places that a lead takes in caps of its source and its flow; what came in is counted once."""
    counted = carried.counted
    if counted is None:
        return turn.source_asks(carried) + turn.flow_asks(carried, effect.caps)
    asked = [ask for ask in effect.caps if not (ask["keep"] and ask["cap"] in counted)]
    return turn.source_asks(carried, only_sold=True) + turn.flow_asks(carried, asked)


def lists_wanted(turn: Turn, carried: Carried) -> Iterator[Wanted]:
    """Yield what has to be looked up in lists that hold for all of the seller's flows: fields of their types."""
    suppress = turn.book.flow_state(turn.database, carried.row["flow_id"]).suppress
    for kind, listed in suppress:
        for field in carried.known_flow.fields:
            text = scalar_text(carried.row["fields"].get(field.key)) if field.type == kind else None
            if text and text.strip():
                yield Wanted(carried.row["account_id"], listed, text.strip())


def reserve(turn: Turn, carried: Carried, effect: Reserve) -> Result | None:
    """Return whether there was room in all windows, None when one of them is not locked in this turn."""
    asks = turn.flow_asks(carried, effect.caps)
    if effect.with_source:
        asks = turn.source_asks(carried, only_sold=True) + asks
    return _reserve(turn, carried, asks)


def source_view(turn: Turn, carried: Carried) -> dict[str, Any]:
    """Return what rules may read of a lead's source; the journal keeps it, so that a replay reads the same."""
    return _view_of(turn.source_of(carried), carried)


def zones(turn: Turn, carried: Carried) -> dict[str, Any]:
    """Return the time zones of connections that the flow reads hours by; the journal keeps them as well."""
    return zones_of(turn, carried, carried.known_flow.clocks)


def zones_of(turn: Turn, carried: Carried, clocks: Sequence[str]) -> dict[str, Any]:
    """Return the time zones of some connections, as far as they are the account's own and have one."""
    if not clocks:
        return {}
    found = {shown: turn.book.connection(turn.database, shown) for shown in clocks}
    own = {shown: one for shown, one in found.items() if one and one.account_id == carried.row["account_id"]}
    return {"zones": {shown: one.destination.time_zone for shown, one in own.items() if one.destination.time_zone}}


def _view_of(source: Source, carried: Carried) -> dict[str, Any]:
    is_test = carried.row["is_test"]
    return carried.as_quoted({"id": source.id, "name": source.name, "cost": source.cost, "is_test": is_test})


def _reserve(turn: Turn, carried: Carried, asks: list[Ask]) -> Result | None:
    if not asks:
        return {"full": None, "places": []}
    if not turn.dealer.holds(asks):
        return None
    full = turn.dealer.first_full(asks)
    if full:
        return {"full": full.own_key, "places": [], **_when_full(turn.source_of(carried), full)}
    places = [] if carried.takes_nothing else turn.dealer.take(asks)
    carried.places.extend(places)
    return {"full": None, "places": places}


def _when_full(source: Source, full: Ask) -> Result:
    """Return what happens to a lead for which a cap of its source is full, and when that window ends."""
    cap = next((cap for cap in source.caps if cap.key == full.own_key), None)
    return {"when_full": cap.when_full, "ends": full.ends} if cap else {}
