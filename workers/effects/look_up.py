"""Asking a service about a lead: recorded before the call, read when it is answered, and never in the way of others.

A look-up sells nothing, so that one whose worker went away is asked once more; after that it counts as not answered.
"""

from collections.abc import Mapping
from typing import Any

from rules.delivery.masking import masked, masked_reply
from rules.delivery.request import CannotBuild, HttpRequest, MissingField
from rules.delivery.service import Found, build_question, read_found
from rules.effects import LookUp
from workers import breakers
from workers.begun import BegunLookUp
from workers.book import Connection
from workers.carrying import Carried, known
from workers.delivery.calls import Call, Sent
from workers.effects.recording import begin_attempt, end_attempt, record, row_of
from workers.effects.told import NO_PRICES, told_of
from workers.eligibility import TO_GO_ON, find_buyer
from workers.outgoing import STOPPED
from workers.rows import OfferRow
from workers.turn import Turn

Result = dict[str, Any]

PHASE = "look_up"
"""By which a row tells that it is an offer to nobody, and only keeps the attempts of a look-up together."""
MOST_TRIES = 2
NOTHING: Mapping[str, Any] = {}
STATES = {"found": ("accepted", "ok"), "not_found": ("declined", "declined"), "error": ("error", "error")}
"""What the row of a look-up and its attempt become by what the service answers."""
UNANSWERED = {"blocked": "blocked", "not_sent": "error", "ambiguous": "ambiguous"}
"""What an attempt becomes that got no answer."""


def look_up(turn: Turn, carried: Carried, effect: LookUp) -> Result | None:
    """Begin a look-up: return a result when nobody is called, None once a call is out or has to wait."""
    connection = _find(turn, carried, effect)
    if isinstance(connection, str):
        return _not_asked(turn, effect, connection)
    if carried.row["is_test"]:
        return _result(turn, effect, "found", None, NOTHING)
    if not turn.may_call or turn.has_to_queue(carried, effect.service.connection, connection.concurrency):
        return None
    row = row_of(turn, carried, effect, connection, buyer=effect.step, phase=PHASE)
    request = _request(turn, carried, effect, connection, row)
    if isinstance(request, str):
        return _not_asked(turn, effect, request)
    turn.open_event(carried)
    record(turn, carried, row)
    carried.begun[row.offer_no] = begun = BegunLookUp(effect, row)
    _call(turn, carried, begun, connection, request)
    return None


def resume(turn: Turn, carried: Carried, begun: BegunLookUp) -> None:
    """Go on with a look-up that the journal left open: ask once more, or have it end as not answered."""
    row, effect = begun.row, begun.effect
    if begun.attempt is not None:
        end_attempt(turn, begun.attempt, "ambiguous", STOPPED)
        begun.attempt = None
    if row.attempts >= MOST_TRIES:
        return _end(turn, begun, Found("timeout", NOTHING, STOPPED))
    connection = _find(turn, carried, effect)
    if isinstance(connection, str):
        return _end(turn, begun, Found("error", NOTHING), connection)
    if not turn.may_call or turn.has_to_queue(carried, effect.service.connection, connection.concurrency):
        return None
    request = _request(turn, carried, effect, connection, row)
    if isinstance(request, str):
        return _end(turn, begun, Found("error", NOTHING), request)
    return _call(turn, carried, begun, connection, request)


def settle(turn: Turn, begun: BegunLookUp, sent: Sent) -> None:
    """Record what became of a call, and what it says about the lead."""
    row, attempt, effect = begun.row, known(begun.attempt), begun.effect
    connection = turn.book.connection(turn.database, effect.service.connection)
    attempt.ms = sent.ms
    if sent.reply is None or connection is None:
        end_attempt(turn, attempt, UNANSWERED.get(sent.kind, "error"), sent.error or None)
        if connection and sent.kind != "blocked":
            breakers.note_call(turn, connection, row, "ambiguous" if sent.kind == "ambiguous" else "error", None)
        why = "blocked" if sent.kind == "blocked" else sent.reason
        return _end(turn, begun, Found("timeout" if sent.is_late else "error", NOTHING, sent.error), why)
    attempt.status = sent.reply.status
    secrets = {**connection.credentials, **sent.secrets}
    attempt.reply = masked_reply(sent.reply, secrets)
    found = read_found(effect.service, connection.destination, sent.reply).without(secrets)
    end_attempt(turn, attempt, STATES[found.answer][1], None)
    breakers.note_call(turn, connection, row, "error" if found.answer == "error" else "accepted", attempt.status)
    return _end(turn, begun, found)


def _find(turn: Turn, carried: Carried, effect: LookUp) -> Connection | str:
    return find_buyer(turn, carried, {"connection": effect.service.connection}, TO_GO_ON)


def _request(turn: Turn, carried: Carried, effect: LookUp, connection: Connection, row: OfferRow) -> HttpRequest | str:
    """Return the request that asks, or why none is made, as a code of rules.reasons."""
    told = told_of(turn, carried, row, connection, **NO_PRICES)
    try:
        request = build_question(effect.service, connection.destination, effect.view, told, connection.credentials)
    except CannotBuild as problem:
        return "missing_field" if isinstance(problem, MissingField) else "error"
    lets = breakers.lets_call(turn, connection, row.id, effect.service.timeout_ms)
    return request if lets else "breaker_open"


def _call(turn: Turn, carried: Carried, begun: BegunLookUp, connection: Connection, request: HttpRequest) -> None:
    """Record an attempt as `sending`; the call is handed over once this is committed."""
    kept, service = masked(request, connection.credentials), begun.effect.service
    begun.attempt, key = begin_attempt(turn, carried, begun.row, kept)
    turn.call(carried, service.connection, Call(key, request, service.timeout_ms))


def _end(turn: Turn, begun: BegunLookUp, found: Found, why: str = "error") -> None:
    """Close the row with what the look-up came to; `why` is the reason of an error, as a code of rules.reasons."""
    row = begun.row
    reason = {"timeout": "timeout", "error": why}.get(found.answer)
    row.state, row.finished_at = STATES.get(found.answer, STATES["error"])[0], turn.now
    row.reason, row.lost_reason = found.said or None, reason
    turn.changes.touch(row)
    begun.attempt = None
    begun.result = _result(turn, begun.effect, found.answer, reason, found.values) | {"offer": row.offer_no}


def _not_asked(turn: Turn, effect: LookUp, reason: str) -> Result:
    return _result(turn, effect, "not_asked", reason, NOTHING)


def _result(turn: Turn, effect: LookUp, answer: str, reason: str | None, values: Mapping[str, Any]) -> Result:
    said = {"at": turn.now.isoformat(), "answer": answer, "reason": reason, "offer": None}
    return said | effect.found(values)
