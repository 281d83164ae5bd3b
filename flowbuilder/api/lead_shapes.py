"""How a lead looks to programs: its outcome, its money, its events and offers; people masked unless the key may see."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flowbuilder import ids
from flowbuilder.api import shapes
from flowbuilder.api.lead_story import Story
from flowbuilder.api.openapi import TEXT, YES_NO, or_null, shape
from flowbuilder.leads.messages import MAIL
from flowbuilder.leads.people import HIDDEN, is_personal
from flowbuilder.leads.queries import History
from flowbuilder.models import Attempt, Lead, LeadEvent, Offer
from rules.fields import TYPES, Field
from rules.money import exponent_of
from rules.timeline import Entry

BUYERS = {
    "type": "array",
    "items": shape(buyer=TEXT, name=TEXT, has_it=YES_NO, reason=or_null(TEXT), why=TEXT),
}
OUTCOMES = {"sold": "success", "rejected": "failure", "duplicate": "failure", "error": "error"}


def amount(minor: int | None, currency: str) -> Decimal | None:
    """Return minor units as a decimal amount of the currency, nothing for nothing."""
    return None if minor is None else Decimal(minor).scaleb(-exponent_of(currency))


def summary(lead: Lead) -> dict[str, Any]:
    """Return a lead as lists show it: nothing of the person."""
    return {
        "id": ids.show(lead.id),
        "status": lead.outcome or "waiting",
        "outcome": OUTCOMES.get(lead.outcome or "", "pending"),
        "reason": lead.reason,
        "reason_code": lead.reason_code,
        "waiting_for": lead.waiting_for,
        "price": amount(lead.cost, lead.currency),
        "revenue": amount(lead.revenue, lead.currency),
        "currency": lead.currency,
        "flow": {"id": shapes.flow_id(lead.flow_id), "version": lead.version},
        "source": {"id": shapes.source_id(lead.source_id)},
        "is_test": lead.is_test,
        "kind": lead.kind,
        "received_at": shapes.moment(lead.received_at),
        "finished_at": shapes.moment(lead.finished_at),
    }


def in_full(
    lead: Lead, history: History, story: Story, fields: Sequence[Field], *, sees_people: bool
) -> dict[str, Any]:
    """Return a lead with its fields, events and offers; `story` holds each event in words."""
    attempts = history.attempts
    return {
        **summary(lead),
        "attempts": sum(map(len, attempts.values())),
        "masked": not sees_people,
        "fields": dict(lead.fields) if sees_people else masked(lead.fields, fields),
        "events": [_event(row, story[row.run, row.seq], sees_people) for row in history.events],
        "offers": [_offer(row, attempts.get(row.offer_no, ()), lead.currency, sees_people) for row in history.offers],
    }


def masked(values: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """Return the values with those of personal fields masked; a field the flow does not know counts as personal."""
    known = {field.key: field for field in fields}
    return {key: _mask(value, known.get(key)) for key, value in values.items()}


def _mask(value: Any, field: Field | None) -> Any:
    if value is None or not is_personal(field):
        return value
    return TYPES[field.type].mask(value) if field else HIDDEN


def _event(row: LeadEvent, entry: Entry, sees_people: bool) -> dict[str, Any]:
    return {
        "run": row.run,
        "seq": row.seq,
        "at": shapes.moment(row.at),
        "step": row.step,
        "path": row.path or row.step,
        "kind": entry.kind,
        "outcome": row.outcome,
        "reason": row.reason,
        "said": entry.said,
        "buyers": buyers(entry),
        "detail": (row.detail or {}) if sees_people else {},
    }


def buyers(entry: Entry) -> list[dict[str, Any]]:
    """Return the buyers that an event tells of side by side: who has the lead, and why each of the others has not."""
    return [
        {"buyer": one.row, "name": one.name, "has_it": one.has_it, "reason": one.reason, "why": one.why}
        for one in entry.contenders
    ]


def _offer(row: Offer, attempts: Sequence[Attempt], currency: str, sees_people: bool) -> dict[str, Any]:
    deciding = [attempt for attempt in attempts if attempt.method == row.delivery_method]
    last = deciding[-1] if deciding else None
    return {
        "id": ids.show(row.id),
        "run": row.run,
        "round": row.round,
        "step": row.step,
        "buyer": row.buyer,
        "connection": shapes.connection_id(row.connection_id),
        "phase": row.phase,
        "status": row.state,
        "is_winner": row.is_winner,
        "lost_reason": row.lost_reason,
        "reason": row.reason,
        "reference": row.reference,
        "bid": amount(row.bid, currency),
        "winning_bid": amount(row.winning_bid, currency),
        "cascade_position": row.cascade_position,
        "delivery_method": row.delivery_method,
        "price": amount(row.price, currency),
        "attempts": row.attempts,
        "created_at": shapes.moment(row.created_at),
        "finished_at": shapes.moment(row.finished_at),
        "ms": last.ms if last else None,
        "request": without_people(last.request if last else None, sees_people),
        "response": without_people(last.reply if last else None, sees_people),
        "copies": [
            {"method": attempt.method, "status": attempt.state, "at": shapes.moment(attempt.started_at)}
            for attempt in attempts
            if attempt.method != row.delivery_method
        ],
    }


def without_people(message: Mapping[str, Any] | None, sees_people: bool) -> dict[str, Any]:
    """Return a stored request or answer; without its body and address for keys that may not see people."""
    if message is None:
        return {}
    if sees_people:
        return dict(message)
    # The subject of a mail is made of the lead's values, as the fields of an inbox are.
    hidden = {"body", "url", "fields", *(["headers"] if message.get("method") == MAIL else [])}
    return {key: HIDDEN if key in hidden and value else value for key, value in message.items()}
