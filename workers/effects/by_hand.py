"""What a person has done with a lead: put into the result of what it waits for, or said of a lead that had ended.

An instruction stands in the lead's row, written only while it waits, and is gone with whatever the next turn writes of
the lead. Its id stands in the journal, so that a worker that does not know whether it wrote does nothing twice.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from rules.effects import Asks
from rules.instructions import why_not_offer
from rules.interpreter import Diverged
from rules.retry import Answered
from workers.begun import BegunOffer
from workers.buyer_claims import claiming_at
from workers.carrying import Carried
from workers.claims import Claiming
from workers.effects import again, door, offer
from workers.effects.copying import begin_copies_late
from workers.effects.replacing import NEVER_AGAIN, earned
from workers.journal import Past
from workers.journaled import has_ended, instructed, journaled_source
from workers.remaking import Gone, offer_effect
from workers.rows import EventRow, LeadChange, OfferRow
from workers.turn import Turn

Result = dict[str, Any]


def begin(turn: Turn, carried: Carried, past: Past) -> bool:
    """Drop an instruction that was carried out before; return whether it settled an offer of a lead that had ended.

    Of such a lead no run goes on: what its flow asks by now does not matter.
    """
    instruction = carried.instruction
    if instruction is None:
        return False
    if has_ended(instruction, past.events):
        carried.offers = past.offers
        _settle_ended(turn, carried, past, instruction)
        return True
    if instruction["id"] in instructed(past.events):
        carried.instruction = None
    return False


def told(turn: Turn, carried: Carried) -> Result:
    """Return what a person told about a lead that waits, as the result of its wait says it; nothing if nothing."""
    instruction, carried.instruction = carried.instruction, None
    if instruction is None or instruction["do"] == "settle":
        return {}
    if instruction["do"] == "start_again":
        return {"told": instruction} if again.can_begin(turn, carried, instruction["version"]) else {}
    if instruction["do"] == "offer":
        why = why_not_offer(carried.known_flow, carried.known_walk.state, instruction["buyer"])
        return {} if why else {"told": instruction}
    return {"told": instruction}


def instead(turn: Turn, carried: Carried) -> Result | None:
    """Return the result of an offer that is not made, because a person has something else done; None to make it."""
    said = told(turn, carried) if carried.instruction else {}
    return offer.not_asked(turn, "by_hand") | said if said else None


def settle(turn: Turn, carried: Carried) -> None:
    """End an offer that was left open as a person says; what a buyer may have ends only by being settled."""
    if carried.instruction is None or not carried.begun:
        return
    left_open = [
        begun
        for begun in carried.begun.values()
        if isinstance(begun, BegunOffer) and begun.attempt is None and begun.result is None
    ]
    if carried.instruction["do"] != "settle":
        _end_for_another(turn, carried, left_open)
        return
    instruction, carried.instruction = carried.instruction, None
    for begun in left_open:
        if begun.row.offer_no == instruction["offer"]:
            answered = Answered("declined", "rejected")
            if instruction["answer"] == "accepted":
                answered = Answered("accepted", None)
                _take_price(turn, begun.row, begun.effect.caps, instruction)
            offer.end(turn, carried, begun, answered, {"by_hand": instruction["id"]})


def _end_for_another(turn: Turn, carried: Carried, left_open: Sequence[BegunOffer]) -> None:
    """End the offers that surely were not taken, where a person has something else done with the lead.

    The result of one of them says what: of the one that the lead stands at, or the first that its run hears of. Where
    it stands at an offer that was not begun, that one's does.
    """
    instruction, sure = carried.instruction, [begun for begun in left_open if not begun.may_be_taken]
    said = told(turn, carried) if left_open else {}
    first = carried.waiting if carried.waiting in sure else next(iter(sure), None)
    if said and not carried.is_calling:
        carried.instruction, first = instruction, None
    for begun in sure if said else ():
        why = begun.tried[-1].reason if begun.tried else None
        offer.end(turn, carried, begun, Answered("error", why or "error"), said if begun is first else {})


def _settle_ended(turn: Turn, carried: Carried, past: Past, instruction: dict[str, Any]) -> None:
    """Take an offer of a lead that had ended as settled: it is sold after all, goes on, or stays as it was.

    A sale is a fact, so that no cap of the flow or its source is asked; a buyer's own place was kept. The event has a
    run of its own, which nothing else is in.
    """
    carried.instruction = None
    row = next((row for row in past.offers if row.offer_no == instruction["offer"]), None)
    source = journaled_source(past.events) or door.source_view(turn, carried)
    if row is None or row.state != "unknown":
        _finish_as_before(turn, carried, instruction)
        return
    carried.run += 1
    is_sold = instruction["answer"] == "accepted"
    if is_sold:
        _take_price(turn, row, _asks_of(past, row).get("caps", ()), instruction)
        row.slot = _free_slot(past.offers)
        begin_copies_late(turn, carried, past, row)
    else:
        _give_back(turn, carried, past, row)
    row.state, row.is_winner, row.finished_at = instruction["answer"], is_sold, turn.now
    row.lost_reason = None if is_sold else "rejected"
    turn.changes.touch(row)
    _note(turn, carried, row, instruction)
    sold, ended = earned(past, carried.row["currency"]), instruction["ended"]
    if sold:
        revenue, cost = sold
        turn.finish(carried, LeadChange(carried.id, carried.token, outcome="sold", revenue=revenue, cost=cost))
    elif ended["reason_code"] == "unknown" and not any(one.state == "unknown" for one in past.offers):
        asked = {one.buyer: one.state for one in past.offers if one.phase == "post" and one.state in NEVER_AGAIN}
        carried.begin_again(asked, source, past, turn.now)
    else:
        _finish_as_before(turn, carried, instruction)


def _finish_as_before(turn: Turn, carried: Carried, instruction: dict[str, Any]) -> None:
    turn.finish(carried, LeadChange(carried.id, carried.token, **instruction["ended"]))


def _take_price(turn: Turn, row: OfferRow, caps: Iterable[Asks], instruction: dict[str, Any]) -> None:
    """Have the buyer pay what a person says it pays, never more than it was offered for."""
    row.price = min(row.price, instruction["price"])
    offer.return_unspent(turn, caps, row)


def _give_back(turn: Turn, carried: Carried, past: Past, row: OfferRow) -> None:
    """Give back what an offer kept at its buyer: places in caps, and that the lead was the first with its values."""
    claiming = _claiming(carried, past, row)
    if claiming:
        turn.unclaimed.append(claiming)
    turn.returned.extend(row.places)
    row.places = []


def _claiming(carried: Carried, past: Past, row: OfferRow) -> Claiming | None:
    """Return what an offer claimed at its buyer: of the fields as steps had made them by then.

    Where the journal does not say how that was any more, they are as they came.
    """
    asked = _asks_of(past, row).get("duplicates")
    if not asked:
        return None
    try:
        fields = offer_effect(carried.row, carried.known_flow, past, row).view["lead"]
    except (Gone, Diverged):
        fields = carried.row["fields"]
    is_known = all(key in fields for key in asked["by"])
    return claiming_at(row.connection_id, carried.id, asked, fields) if is_known else None


def _asks_of(past: Past, row: OfferRow) -> Asks:
    """Return what an offer asked for, from its event."""
    made = (event for event in past.events if (event.effect, event.run, event.step) == ("offer", row.run, row.step))
    return next((event.asks for event in made if event.asks["round"] == row.round), {})


def _free_slot(offers: Iterable[OfferRow]) -> int:
    taken = {one.slot for one in offers if one.is_winner}
    return next(slot for slot in range(1, len(taken) + 2) if slot not in taken)


def _note(turn: Turn, carried: Carried, row: OfferRow, instruction: dict[str, Any]) -> None:
    asks = {"offer": row.offer_no, "buyer": row.buyer, "answer": row.state, "price": row.price}
    result = {"by_hand": instruction["id"]}
    event = EventRow(carried.id, carried.run, 1, "by_hand", row.step, asks, turn.now, result, row.state)
    event.reason, event.done_at = row.lost_reason, turn.now
    event.path = carried.known_flow.path_of(row.step)
    turn.changes.add(event)
