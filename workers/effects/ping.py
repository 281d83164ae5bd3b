"""Asking several buyers for a bid, side by side and each once: recorded first, and read when all have answered."""

from typing import Any

from rules.delivery.bids import Bid, read_bid
from rules.delivery.masking import mask, masked, masked_reply
from rules.delivery.request import CannotBuild, MissingField, Pings
from rules.dry_run import made_up_bids
from rules.effects import Asks, Ping
from workers import breakers
from workers.carrying import REFUSED, Carried, Pinged
from workers.delivery.calls import Call, CallKey, Sent
from workers.effects.recording import begin_attempt, end_attempt, record, row_of
from workers.effects.told import NO_PRICES, known_of
from workers.eligibility import find_buyer
from workers.outgoing import to_one
from workers.turn import Turn

Result = dict[str, Any]

STATES: dict[str, tuple[str, str, str | None]] = {
    "bid": ("accepted", "ok", None),
    "no_bid": ("declined", "declined", "no_bid"),
    "error": ("error", "error", "error"),
}
"""What the row of a buyer and its attempt become by what it answers, and why it got nothing."""
ANSWERS = {"accepted": "bid", "declined": "no_bid"}
TOO_LATE = "No answer came within the wait"
"""What is said of those that had not answered when the wait ended, or whose worker went away meanwhile."""


def ping(turn: Turn, carried: Carried, effect: Ping) -> Result | None:
    """Ask all bidders; return a result when nobody can be asked, None once calls are out or have to wait."""
    if carried.row["is_test"]:
        return {"at": turn.now.isoformat(), "bids": made_up_bids(effect, {})}
    if not turn.may_call:
        return None
    refused: dict[str, str] = {}
    told = known_of(turn, carried).to_all(carried.id, turn.now) | NO_PRICES
    pings = Pings(carried.known_flow.by_key.values(), effect.view, told)
    for bidder in effect.bidders:
        why = _ask(turn, carried, effect, bidder, pings)
        if why:
            refused[bidder["buyer"]] = why
    if not carried.pings:
        return _result(turn, carried, effect, refused)
    carried.refused = refused
    event = turn.open_event(carried)
    if refused:
        event.detail = {REFUSED: refused}  # Those have no row, and another worker may have to say why.
    return None


def settle(turn: Turn, carried: Carried, effect: Ping) -> Result | None:
    """Write down what was answered; return the result once all have answered or enough have bid, else None."""
    for sent in carried.arrived:
        pinged = carried.pings.get(_offer_no(sent))
        if pinged and pinged.attempt.state == "sending":
            _read(turn, carried, effect, pinged, sent)
    if carried.awaited and not _is_enough(carried, effect):
        return None
    for pinged in carried.pings.values():
        if pinged.attempt.state == "sending":
            _end(turn, pinged, "error", "error", "timeout", error=TOO_LATE)
    result = _result(turn, carried, effect, carried.refused)
    carried.pings, carried.refused = {}, {}
    carried.awaited.clear()
    return result


def _is_enough(carried: Carried, effect: Ping) -> bool:
    """Return whether so many bids came that the others are not waited for."""
    bids = sum((pinged.row.bid or 0) >= effect.least for pinged in carried.pings.values())
    return effect.enough is not None and bids >= effect.enough


def _ask(turn: Turn, carried: Carried, effect: Ping, bidder: Asks, pings: Pings) -> str | None:
    """Record that a buyer is asked for a bid, and have it called after the commit; return why it is not asked."""
    connection = find_buyer(turn, carried, bidder)
    if isinstance(connection, str):
        return connection
    row = row_of(turn, carried, effect, connection, buyer=bidder["buyer"], phase="ping")
    try:
        request = pings.build(connection.destination, to_one(row, connection.name, 1), connection.credentials)
    except CannotBuild as problem:
        return "missing_field" if isinstance(problem, MissingField) else "error"
    own = connection.destination.ping
    timeout = min(effect.wait_ms, own.timeout_ms) if own else effect.wait_ms
    if not breakers.lets_call(turn, connection, row.id, timeout):
        return "breaker_open"
    record(turn, carried, row)
    attempt, key = begin_attempt(turn, carried, row, masked(request, connection.credentials))
    carried.pings[row.offer_no] = Pinged(row, attempt, bidder["connection"])
    turn.line_up(bidder["connection"], connection.concurrency, Call(key, request, timeout))
    return None


def _read(turn: Turn, carried: Carried, effect: Ping, pinged: Pinged, sent: Sent) -> None:
    """Write into its rows what became of one call."""
    row, attempt = pinged.row, pinged.attempt
    connection = turn.book.connection(turn.database, pinged.connection)
    attempt.ms, error = sent.ms, sent.error or None
    if sent.reply is None or connection is None:
        kind = "blocked" if sent.kind == "blocked" else "error"
        _end(turn, pinged, "error", kind, "timeout" if sent.is_late else sent.reason, error=error)
        # What had no time left before it was sent may have waited for us, and says nothing of the buyer.
        if connection and kind == "error" and not (sent.is_late and sent.kind == "not_sent"):
            breakers.note_call(turn, connection, row, "ambiguous" if sent.is_late else "error", None)
        return
    secrets = {**connection.credentials, **sent.secrets}
    attempt.status, attempt.reply = sent.reply.status, masked_reply(sent.reply, secrets)
    bid: Bid = read_bid(connection.destination, sent.reply, carried.known_flow.currency, effect.most)
    row.bid, row.reason = bid.amount, mask(bid.said, secrets) or None
    row.reference = mask(bid.bid_id, secrets) if bid.bid_id else None
    _end(turn, pinged, *STATES[bid.answer], error=error)
    breakers.note_call(turn, connection, row, "error" if bid.answer == "error" else "accepted", attempt.status)


def _end(turn: Turn, pinged: Pinged, state: str, call: str, reason: str | None, *, error: str | None) -> None:
    """Close a row and its attempt, which becomes `call`."""
    row = pinged.row
    row.state, row.lost_reason, row.finished_at = state, reason, turn.now
    turn.changes.touch(row)
    end_attempt(turn, pinged.attempt, call, error)


def _result(turn: Turn, carried: Carried, effect: Ping, refused: dict[str, str]) -> Result:
    """Return the answers in the order asked; a buyer without a row was not asked."""
    rows = {pinged.row.buyer: pinged for pinged in carried.pings.values()}
    bids = [_answer(bidder["buyer"], rows.get(bidder["buyer"]), refused) for bidder in effect.bidders]
    return {"at": turn.now.isoformat(), "bids": bids}


def _answer(buyer: str, pinged: Pinged | None, refused: dict[str, str]) -> Result:
    if pinged is None:
        reason = refused.get(buyer, "error")
        return {"buyer": buyer, "answer": "not_asked", "bid": None, "bid_id": None, "ms": None, "reason": reason}
    row = pinged.row
    answer = ANSWERS.get(row.state) or ("timeout" if row.lost_reason == "timeout" else "error")
    said = {"bid": row.bid, "bid_id": row.reference, "ms": pinged.attempt.ms, "reason": row.lost_reason}
    return {"buyer": buyer, "answer": answer, **said}


def _offer_no(sent: Sent) -> int:
    return sent.key.offer_no if isinstance(sent.key, CallKey) else 0
