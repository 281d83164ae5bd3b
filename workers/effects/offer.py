"""Offering a lead to a buyer: reserve, record, call; then read the answer, try again, or give up."""

import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from flowbuilder import ids
from rules.caps import MONEY
from rules.delivery.masking import masked_reply
from rules.delivery.outgoing import Entry, Outgoing, kept
from rules.delivery.request import CannotBuild, HttpRequest, MissingField
from rules.effects import Asks, Offer
from rules.money import exponent_of
from rules.retry import UNREAD, YES, Again, Answered, AskPerson, Decision, Policy, Tried, decide
from workers import breakers
from workers.begun import BegunOffer, came_to
from workers.book import Connection
from workers.caps import Ask
from workers.carrying import Carried, known
from workers.claims import Claiming
from workers.delivery.calls import Sent
from workers.effects.copying import begin_copies
from workers.effects.recording import begin_attempt, end_attempt, record, row_of
from workers.effects.told import told_of_offer
from workers.eligibility import TO_GO_ON, Candidate, claiming_of, find_buyer
from workers.outgoing import STATES, STOPPED, answer_of, call_of, make, put_in_inbox, secrets_of
from workers.rows import FAR, OfferRow
from workers.turn import Turn

Result = dict[str, Any]

PRETENDED = {"rejected": ("declined", "rejected"), "duplicate": ("declined", "duplicate"), "error": ("error", "error")}
"""What buyers of a test lead answer by what the test asks for, and why; otherwise they accept."""
NOTHING_SAID: Mapping[str, Any] = {}
MOVED = 3
"""Where a place that is the move of a cursor says where that stood before; other places have no such entry."""
LOOK_AGAIN = 60
"""Seconds after which an open offer asks a breaker again that did not let it through."""


def windows(effect: Offer) -> list[Asks]:
    """Return every window that an offer takes a place in, and the cursor that it moves."""
    return [*effect.caps, effect.cursor] if effect.cursor else [*effect.caps]


def offer(turn: Turn, carried: Carried, effect: Offer) -> Result | None:
    """Begin an offer: return a result when nobody is called, None once a call is out or has to wait."""
    connection = find_buyer(turn, carried, effect.asks())
    if isinstance(connection, str):
        return _refused(turn, effect, connection)
    if effect.open_until and effect.open_until <= turn.now:
        return not_asked(turn, "outside_hours")  # It has queued for so long.
    asks = turn.flow_asks(carried, windows(effect))
    if not turn.dealer.holds(asks, exactly=effect.cursor is not None):
        return None
    full = turn.dealer.first_full(asks[: len(effect.caps)])
    if full:
        return not_asked(turn, "cap_reached", full.own_key)
    if carried.row["is_test"]:
        return _pretend(turn, carried, effect)
    is_call = connection.destination.decides_by != "inbox"
    if is_call and (not turn.may_call or turn.has_to_queue(carried, effect.connection, connection.concurrency)):
        return None
    return _begin(turn, carried, effect, connection, asks)


def resume(turn: Turn, carried: Carried, begun: BegunOffer) -> None:
    """Go on with an offer that the journal left open: its next try, or the end of one whose worker went away."""
    effect = begun.effect
    if begun.attempt is not None:
        end_attempt(turn, begun.attempt, "ambiguous", STOPPED)
        return _after(turn, carried, begun, Tried("ambiguous", UNREAD))
    connection = find_buyer(turn, carried, effect.asks(), TO_GO_ON)
    if isinstance(connection, str):
        return _after(turn, carried, begun, _not_tried(turn, effect, connection))
    if not turn.may_call or turn.has_to_queue(carried, effect.connection, connection.concurrency):
        return None
    try:
        outgoing = _outgoing(turn, carried, begun.row, connection, effect)
    except CannotBuild as problem:
        begun.row.reason = str(problem)
        return _after(turn, carried, begun, Tried("error", "error"))
    if _is_left_alone(turn, begun.row, effect, connection, outgoing):
        return _after(turn, carried, begun, _not_tried(turn, effect, "breaker_open"))
    return _hand_over(turn, carried, begun, connection, outgoing)


def settle(turn: Turn, carried: Carried, begun: BegunOffer, sent: Sent) -> None:
    """Record what became of a call: the offer has ended, or its buyer is called again later."""
    row, attempt, effect = begun.row, known(begun.attempt), begun.effect
    connection = turn.book.connection(turn.database, effect.connection)
    answer = answer_of(connection, row.delivery_method, sent)
    attempt.ms, attempt.status = sent.ms, sent.reply.status if sent.reply else None
    if sent.reply and connection:
        attempt.reply = masked_reply(sent.reply, secrets_of(connection, sent))
    end_attempt(turn, attempt, "blocked" if sent.kind == "blocked" else STATES[answer.kind], sent.error or None)
    row.reason, row.reference = answer.said or sent.error or None, answer.reference
    if connection and sent.kind != "blocked" and row.delivery_method == "webhook":
        breakers.note_call(turn, connection, row, answer.kind, attempt.status)
    if answer.kind == "accepted" and connection:
        is_bounded = any(ask["cap"].endswith(MONEY) for ask in effect.caps)
        row.price = _price(row, answer.price, carried, sets=_sets_price(connection) and not is_bounded)
        return_unspent(turn, effect.caps, row)
    _after(turn, carried, begun, Tried(answer.kind, answer.reason, answer.retry_after))


def _begin(turn: Turn, carried: Carried, effect: Offer, connection: Connection, asks: list[Ask]) -> Result | None:
    """Record the offer with its places and its first attempt, and hand over the call."""
    row = _new_offer(turn, carried, effect, connection)
    try:
        outgoing = _outgoing(turn, carried, row, connection, effect)
    except CannotBuild as problem:
        return not_asked(turn, "missing_field" if isinstance(problem, MissingField) else "error")
    if _is_left_alone(turn, row, effect, connection, outgoing):
        return _refused(turn, effect, "breaker_open")
    row.places = turn.dealer.take(asks[: len(effect.caps)])
    if effect.cursor:
        row.places.append(turn.dealer.move(asks[-1], effect.cursor["to"]))
    if claiming := _claiming(turn, carried, effect):
        turn.buyer_claims.take(claiming)
    turn.open_event(carried)
    record(turn, carried, row)
    begun = carried.begun[row.offer_no] = BegunOffer(effect, row)
    _hand_over(turn, carried, begun, connection, outgoing)
    return taken_up(turn, carried)


def _is_left_alone(turn: Turn, row: OfferRow, effect: Offer, connection: Connection, outgoing: Outgoing) -> bool:
    """Return whether the breaker keeps a web request from being made; a mail goes to the mail server of the house."""
    is_web = isinstance(outgoing, HttpRequest)
    return is_web and not breakers.lets_call(turn, connection, row.id, _timeout(effect, connection))


def _hand_over(turn: Turn, carried: Carried, begun: BegunOffer, connection: Connection, outgoing: Outgoing) -> None:
    """Put the lead into the buyer's inbox, which answers the offer; or have the call made once this is committed."""
    row, effect = begun.row, begun.effect
    if not isinstance(outgoing, Entry):
        begun.attempt, key = begin_attempt(turn, carried, row, kept(outgoing, connection.credentials))
        turn.call(carried, effect.connection, call_of(key, outgoing, _timeout(effect, connection)))
        return
    row.attempts += 1
    turn.changes.touch(row)
    for written in put_in_inbox(connection, row, outgoing, row.attempts, turn.now):
        turn.changes.add(written)
    _after(turn, carried, begun, Tried("accepted"))


def _timeout(effect: Offer, connection: Connection) -> int:
    return effect.timeout_ms or connection.destination.timeout_ms


def _waited(turn: Turn, effect: Offer) -> Result:
    """Return for how long the answer was waited for, so that the page of the lead can say it."""
    connection = turn.book.connection(turn.database, effect.connection)
    return {"waited_ms": _timeout(effect, connection)} if connection else {}


def _after(turn: Turn, carried: Carried, begun: BegunOffer, newest: Tried) -> None:
    """Follow the offer's policy after an attempt: the offer ends, or its buyer is called again at a moment."""
    row = begun.row
    begun.tried.append(newest)
    begun.attempt = None
    decision = YES if newest.kind == "accepted" else _decide(turn, begun)
    match decision:
        case Again():
            # What is tried again as failed may have arrived all the same: it is no lead to reject or to give to others.
            row.next_at, begun.waits_for = decision.at, "answer" if begun.may_be_taken else decision.waiting_for
            turn.changes.touch(row)
        case AskPerson():
            row.next_at, begun.waits_for = FAR, "person"
            turn.changes.touch(row)
        case Answered():
            end(turn, carried, begun, decision)


def _decide(turn: Turn, begun: BegunOffer) -> Decision:
    """Return what the offer's policy makes of its attempts."""
    row = begun.row
    return decide(_policy(turn, begun.effect), begun.tried, key=ids.show(row.id), began=row.created_at, now=turn.now)


def end(
    turn: Turn, carried: Carried, begun: BegunOffer, answered: Answered, said: Mapping[str, Any] = NOTHING_SAID
) -> None:
    """Close the offer: a yes wins, a no or an error gives its places back, what is unknown keeps them.

    `said` is what a person said of it, which its result says too.
    """
    row = begun.row
    row.state, row.finished_at, row.next_at = answered.answer, turn.now, None
    turn.changes.touch(row)
    row.is_winner = answered.answer == "accepted"
    row.lost_reason = None if row.is_winner else answered.reason
    if row.is_winner:
        begin_copies(turn, carried, row, begun.effect)
    if answered.answer in ("declined", "error"):
        _pass_turn_by(turn, carried, row)
        turn.returned.extend(row.places)
        row.places = []
        _give_claim_back(turn, carried, begun.effect)
    begun.result = came_to(row, turn.now) | {"reason": answered.reason, **said}
    if answered.reason == "timeout":
        begun.result |= _waited(turn, begun.effect)


def _pass_turn_by(turn: Turn, carried: Carried, row: OfferRow) -> None:
    """Have a cursor go back to before this offer, should others of the lead fail too that moved it on since.

    Else it would stand at a row that bought nothing.
    """
    moves = [place for place in row.places if len(place) > MOVED]
    for window, to, _, before in moves:
        for other in (begun.row for begun in carried.going_on if begun.row is not row):
            for place in other.places:
                if place[0] == window and place[MOVED:] == [to]:
                    place[MOVED] = before
                    turn.changes.touch(other)


def taken_up(turn: Turn, carried: Carried) -> Result | None:
    """Return what the waiting offer or look-up came to; `open` where its group leaves it so, None while it is out."""
    begun = known(carried.waiting)
    if begun.result is not None:
        del carried.begun[begun.row.offer_no]
        return begun.result
    leaves = begun.effect.leaves if isinstance(begun, BegunOffer) else ""
    is_left = leaves == "asked" or (leaves == "unanswered" and begun.attempt is None and bool(begun.tried))
    return came_to(begun.row, turn.now) | {"answer": "open"} if is_left else None


def _claiming(turn: Turn, carried: Carried, effect: Offer) -> Claiming | None:
    """Return what the offer claims at its buyer, None where the step does not look for duplicates."""
    if effect.duplicates is None:
        return None
    connection = turn.book.connection(turn.database, effect.connection)
    return claiming_of(Candidate(turn, carried, connection, effect.asks())) if connection else None


def _give_claim_back(turn: Turn, carried: Carried, effect: Offer) -> None:
    claiming = _claiming(turn, carried, effect)
    if claiming:
        turn.unclaimed.append(claiming)


def _refused(turn: Turn, effect: Offer, reason: str) -> Result:
    """Return that the buyer is not asked, and until when where its breaker is why."""
    return not_asked(turn, reason) | breakers.until(turn, effect.connection, reason)


def _not_tried(turn: Turn, effect: Offer, reason: str) -> Tried:
    """Return a try that was none; one that the breaker forbids is put off, until it may let a lead through.

    It looks again before that: a person may have the buyer tried earlier.
    """
    connection = turn.book.connection(turn.database, effect.connection)
    if reason != "breaker_open" or connection is None:
        return Tried("error", reason)
    wait = math.ceil((breakers.try_again_at(turn, connection) - turn.now).total_seconds())
    return Tried("error", reason, min(wait, LOOK_AGAIN))


def not_asked(turn: Turn, reason: str, full: str | None = None) -> Result:
    """Return the result of an offer that was not made."""
    return {
        "at": turn.now.isoformat(),
        "answer": "not_asked",
        "reason": reason,
        "price": 0,
        "reference": None,
        "offer": None,
        "full": full,
    }


def _pretend(turn: Turn, carried: Carried, effect: Offer) -> Result:
    """Answer for the buyer of a test lead, who is not called: accepted, or as the test asks."""
    answer, reason = PRETENDED.get(carried.row["test_outcome"], ("accepted", None))
    price = effect.price if answer == "accepted" else 0
    return not_asked(turn, "") | {"answer": answer, "reason": reason, "price": price}


def _new_offer(turn: Turn, carried: Carried, effect: Offer, connection: Connection) -> OfferRow:
    row = row_of(turn, carried, effect, connection, buyer=effect.buyer, phase="post")
    row.price, row.bid, row.slot = effect.price, effect.bid, effect.slot
    row.cascade_position = 1 + sum(other.round == effect.round for other in carried.offers if other.phase == "post")
    row.delivery_method = connection.destination.decides_by
    return row


def _outgoing(turn: Turn, carried: Carried, row: OfferRow, connection: Connection, effect: Offer) -> Outgoing:
    offer = told_of_offer(turn, carried, row, connection, effect)
    return make(connection, row.delivery_method, effect.view, offer)


def _sets_price(connection: Connection) -> bool:
    return connection.destination.price_from == "answer"


def _price(row: OfferRow, answered: Decimal | None, carried: Carried, *, sets: bool) -> int:
    """Return what the buyer pays, in minor units: its own price if it sets it, else at most what it was offered for.

    Under a cap in money no buyer sets it: only the offered price was reserved, and no cap is passed. It never is above
    what the buyer bid. More decimals than the currency has are rounded down.
    """
    if answered is None:
        return row.price
    scaled = int(answered.scaleb(exponent_of(carried.known_flow.currency)).to_integral_value(ROUND_DOWN))
    price = scaled if sets else min(row.price, scaled)
    return price if row.bid is None else min(price, row.bid)


def return_unspent(turn: Turn, caps: Iterable[Asks], row: OfferRow) -> None:
    """Give caps in money back what the buyer pays less than the lead was offered for; `caps` as the offer asked."""
    for ask, place in zip(caps, row.places, strict=False):
        if ask["cap"].endswith(MONEY) and place[1] > row.price:
            turn.returned.append([place[0], place[1] - row.price, False])
            place[1] = row.price


def _policy(turn: Turn, effect: Offer) -> Policy:
    """Return the rules for errors as they were asked for; what the step leaves open is the connection's setting."""
    written = dict(effect.policy)
    connection = turn.book.connection(turn.database, effect.connection)
    own = connection.destination if connection else None
    return Policy(
        on_ambiguous=written["on_ambiguous"] or (own.on_ambiguous if own else "retry_same"),
        error_attempts=written["error_attempts"],
        delays=tuple(written["delays"]),
        ambiguous_delays=tuple(written["ambiguous_delays"]),
        longest=written["longest"],
        duplicate_is_accepted=bool(own and own.duplicate_is_accepted),
    )
