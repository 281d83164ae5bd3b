"""What people decide about leads that wait, or that ended without an answer: each writes an instruction for a worker.

It is written only while the lead waits, so that no worker has it; the worker that takes the lead next carries it out.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import audit, enqueue, ids
from flowbuilder.after_commit import after_commit
from flowbuilder.audit import Actor
from flowbuilder.db import LET_GO_SOON
from flowbuilder.leads import standing
from flowbuilder.leads.standing import MAY_HAVE_IT, Buyer
from flowbuilder.models import Lead
from rules.instructions import LONGEST_REASON
from rules.money import exponent_of
from rules.numbers import read_amount

PASSED = ("not_waiting", "being_done", "nothing_to_settle")
"""Codes of what was overtaken by something else, rather than asked for in a wrong way."""
MESSAGES = {
    "not_waiting": "This lead does not wait any more.",
    "being_done": "Something else is being done with this lead just now. Look again in a moment.",
    "not_settled": "A buyer may have this lead. Settle that first.",
    "nothing_to_settle": "No buyer of this lead is without an answer.",
    "no_reason": f"Type a reason of at most {LONGEST_REASON} characters; the supplier reads exactly that.",
    "bad_price": "The price must be from nothing to what the lead was offered for.",
    "no_buyer": "Choose the buyer that it is offered to.",
    "not_connected": "This flow has no such buyer.",
    "no_bid": "This buyer bids for leads, so that it cannot be offered one without a bid.",
    "already_asked": "This buyer was asked already, and its answer stands.",
    "exclusive_taken": "The lead was sold as often as it may be among these buyers.",
    "off": "This buyer is turned off in the flow.",
}


class CannotDecide(Exception):
    """What was asked for cannot be done with this lead; `code` says why."""

    def __init__(self, code: str) -> None:
        """Take the code of the reason."""
        super().__init__(code)
        self.code = code

    @property
    def message(self) -> str:
        """Return why, as a sentence a person can act on."""
        return MESSAGES[self.code]


def try_now(*, session: Session, redis: Redis, actor: Actor, lead_id: UUID, now: datetime) -> None:
    """Have a waiting lead taken up at once, whatever it waits for; commits. Raises CannotDecide.

    Its run goes on as if its time had come: a buyer that never answered is asked again, with the same key.
    """
    lead = _locked(session, actor, lead_id)
    _require_waiting(lead)
    lead.due_at = now
    _finish(session, redis, actor, lead, action="lead.tried_now", now=now)


def reject(*, session: Session, redis: Redis, actor: Actor, lead_id: UUID, reason: str, now: datetime) -> None:
    """Have a waiting lead rejected with a reason that the supplier reads; commits. Raises CannotDecide."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise CannotDecide("no_reason")
    lead = _locked(session, actor, lead_id)
    _require_settled(lead)
    _instruct(lead, {"do": "reject", "reason": reason}, now)
    _finish(session, redis, actor, lead, action="lead.rejected", now=now)


def send_to(*, session: Session, redis: Redis, actor: Actor, lead_id: UUID, buyer: str, now: datetime) -> Buyer:
    """Have a waiting lead offered once to a buyer of its flow, named by its step or row or by its connection.

    Commits, and returns the buyer. Its own conditions apply. Raises CannotDecide.
    """
    lead = _locked(session, actor, lead_id)
    _require_settled(lead)
    if not buyer:
        raise CannotDecide("no_buyer")
    chosen = standing.buyer_named(standing.buyers_of(session, lead), buyer)
    if chosen is None or chosen.why_not:
        raise CannotDecide((chosen and chosen.why_not) or "not_connected")
    _instruct(lead, {"do": "offer", "buyer": chosen.id}, now)
    _finish(session, redis, actor, lead, action="lead.sent_to", now=now, buyer=chosen.id)
    return chosen


def settle(
    *,
    session: Session,
    redis: Redis,
    actor: Actor,
    lead_id: UUID,
    has_it: bool,
    now: datetime,
    offer_no: int | None = None,
    price: int | None = None,
) -> None:
    """Have an offer without an answer taken as sold, for a price in minor units, or as declined; commits.

    The lead waits for that answer or has ended without it. Without a price it is what the lead was offered for.
    Raises CannotDecide.
    """
    lead = _locked(session, actor, lead_id)
    offer = next((one for one in standing.unsettled(session, lead) if offer_no in (None, one.offer_no)), None)
    if offer is None:
        raise CannotDecide("nothing_to_settle")
    price = offer.price if price is None else price
    if not 0 <= price <= offer.price:
        raise CannotDecide("bad_price")
    answer = "accepted" if has_it else "declined"
    instruction: dict[str, Any] = {"do": "settle", "offer": offer.offer_no, "answer": answer, "price": price}
    if lead.state == "done":
        instruction["ended"] = _reopen(lead)
    _instruct(lead, instruction, now)
    detail = {"buyer": offer.buyer, "answer": answer, **({"price": str(price)} if has_it else {})}
    _finish(session, redis, actor, lead, action="lead.settled", now=now, **detail)


def read_price(text: str, currency: str) -> int | None:
    """Return a price that somebody typed in minor units, None for nothing; raises CannotDecide."""
    if not text.strip():
        return None
    amount = read_amount(text)
    scaled = Decimal(amount).scaleb(exponent_of(currency)) if amount is not None else None
    if scaled is None or scaled != scaled.to_integral_value():
        raise CannotDecide("bad_price")
    return int(scaled)


def _locked(session: Session, actor: Actor, lead_id: UUID) -> Lead:
    """Return the account's lead, which no worker can take until the commit."""
    wanted = select(Lead).where(Lead.id == lead_id, Lead.account_id == actor.account_id)
    session.execute(LET_GO_SOON)
    lead = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if lead is None:
        raise CannotDecide("not_waiting")
    if lead.instruction is not None:
        raise CannotDecide("being_done")
    return lead


def _require_waiting(lead: Lead) -> None:
    if lead.state != "waiting" or lead.kind != "post":
        raise CannotDecide("not_waiting")


def _require_settled(lead: Lead) -> None:
    """Refuse what may not be done while a buyer may have the lead."""
    _require_waiting(lead)
    if lead.waiting_for in MAY_HAVE_IT and not lead.is_test:
        raise CannotDecide("not_settled")


def _reopen(lead: Lead) -> dict[str, Any]:
    """Have a lead that has ended wait for a worker; return how it had ended."""
    ended = {key: getattr(lead, key) for key in ("outcome", "reason_code", "reason", "revenue", "cost")}
    lead.state, lead.outcome, lead.waiting_for, lead.finished_at, lead.crashes = "waiting", None, "person", None, 0
    return ended


def _instruct(lead: Lead, instruction: Mapping[str, Any], now: datetime) -> None:
    lead.instruction = {"id": ids.show(ids.new_id()), **instruction}
    lead.due_at = now


def _finish(
    session: Session, redis: Redis, actor: Actor, lead: Lead, *, action: str, now: datetime, **detail: str
) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(lead.id), now=now, **detail)
    after_commit(session, partial(enqueue.nudge, redis))
    session.commit()
