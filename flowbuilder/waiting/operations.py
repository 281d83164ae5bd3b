"""What people decide about leads that wait, one or many: each by itself, so that one that moved on stops no other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from redis import Redis
from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.leads import deciding
from flowbuilder.leads.deciding import CannotDecide

TO_DO = ("try_now", "send_to", "reject", "has_it", "has_it_not")
"""What can be done with leads that wait; the last two settle an offer, at the price that it was made for."""
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Asked:
    """What is to be done, with the buyer to send to or the reason to reject with where that is it."""

    to_do: str
    buyer: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Decided:
    """What became of one lead: a code and words where it could not be done."""

    lead_id: UUID
    code: str = ""
    message: str = ""


def decide_each(
    *, session: Session, redis: Redis, actor: Actor, lead_ids: Iterable[UUID], asked: Asked, now: datetime
) -> list[Decided]:
    """Do what is asked with each lead, in the order of their ids, and return what became of it.

    Each is committed by itself.
    """
    done = []
    for lead_id in sorted(set(lead_ids)):
        try:
            _decide(asked, session=session, redis=redis, actor=actor, lead_id=lead_id, now=now)
            done.append(Decided(lead_id))
        except CannotDecide as why:
            session.rollback()
            done.append(Decided(lead_id, why.code, why.message))
    return done


def _decide(asked: Asked, *, session: Session, redis: Redis, actor: Actor, lead_id: UUID, now: datetime) -> None:
    common: dict[str, Any] = {"session": session, "redis": redis, "actor": actor, "lead_id": lead_id, "now": now}
    match asked.to_do:
        case "try_now":
            deciding.try_now(**common)
        case "send_to":
            deciding.send_to(buyer=asked.buyer, **common)
        case "reject":
            deciding.reject(reason=asked.reason, **common)
        case "has_it" | "has_it_not":
            deciding.settle(has_it=asked.to_do == "has_it", **common)
        case _:
            raise ValueError(asked.to_do)
