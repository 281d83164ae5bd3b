"""Runs that cannot go on by their own flow: ended, or closed and begun again."""

from collections.abc import Iterable

from rules.earnings import supplier_cost
from rules.interpreter import Diverged
from workers.begun import OPEN
from workers.carrying import Carried
from workers.effects import door
from workers.journal import Past
from workers.journaled import has_ended, journaled_source, places_of, quoted_by
from workers.rows import EventRow, LeadChange
from workers.turn import Turn

MAY_HAVE_IT = (*OPEN, "unknown")
NEVER_AGAIN = ("accepted", "declined", "unknown")
UNKNOWN = "A buyer may have taken the lead and never answered"


def replace(turn: Turn, carried: Carried, past: Past, difference: Diverged) -> None:
    """Close a run that the flow would not take any more, and begin another that knows who was asked.

    A lead that a buyer has, or may have, is not offered to anyone else; one that was sold stays sold.
    """
    events = [event for event in past.events if event.run == carried.run]
    turn.note_replaced(carried, difference, seq=len(events) + 1)
    if any(row.is_winner for row in past.offers):
        give_up(turn, carried, past)
        return
    if any(row.state in MAY_HAVE_IT and row.phase == "post" for row in past.offers):
        give_up(turn, carried, past, "unknown", UNKNOWN)
        return
    _end_open(turn, past)
    _give_places_back(turn, events)
    source = door.source_view(turn, carried)
    asked = {row.buyer: row.state for row in past.offers if row.phase == "post" and row.state in NEVER_AGAIN}
    carried.offers = past.offers
    carried.begin_again(asked, source, past, turn.now)


def give_up(turn: Turn, carried: Carried, past: Past, code: str | None = None, reason: str | None = None) -> None:
    """End a lead as an error, or as sold where it was; a buyer that has not answered may have it and keeps its places.

    A place counts sold leads, so that one that was sold keeps those of its run.
    """
    _end_open(turn, past)
    events = [event for event in past.events if event.run == carried.run]
    change = LeadChange(carried.id, carried.token, outcome="error", reason_code=code, reason=reason)
    sold = earned(past, carried.row["currency"])
    if sold:
        change.outcome, change.revenue, change.cost = "sold", *sold
    elif not has_ended(carried.row["instruction"], past.events):
        _give_places_back(turn, events)
    turn.finish(carried, change)


def earned(past: Past, currency: str) -> tuple[int, int] | None:
    """Return what the winners of a lead pay and what its supplier is paid, in minor units; None where nobody has it.

    What the supplier is paid is what it was quoted, or goes by what the journal says of its source.
    """
    prices = [row.price for row in past.offers if row.is_winner]
    if not prices:
        return None
    revenue, quoted = sum(prices), quoted_by(past.events)
    source = journaled_source(past.events) or {}
    return revenue, supplier_cost(source, revenue, currency) if quoted is None else quoted


def _end_open(turn: Turn, past: Past) -> None:
    """Close what was out: an offer may have been taken, a ping was only not answered. Copies are not the run's."""
    left_open = [row for row in past.offers if row.state in OPEN]
    for row in left_open:
        state, reason = ("unknown", "unknown") if row.phase == "post" else ("error", "timeout")
        row.state, row.lost_reason, row.finished_at, row.next_at = state, reason, turn.now, None
        turn.changes.touch(row)
    numbers = {row.offer_no for row in left_open}
    for attempt in past.attempts:
        if attempt.state == "sending" and attempt.offer_no in numbers:
            attempt.state, attempt.finished_at = "ambiguous", turn.now
            turn.changes.touch(attempt)


def _give_places_back(turn: Turn, events: Iterable[EventRow]) -> None:
    """Give back what a run holds at the door and in cap steps."""
    turn.returned.extend(place for place in places_of(events) if not place[2])
