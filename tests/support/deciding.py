"""What people decide about leads, as pages and programs do it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import clock, enqueue
from flowbuilder.audit import Actor
from tests.support.market import Market


def decide(market: Market, decision: Callable[..., Any], lead_id: UUID, **values: Any) -> None:
    """Have the seller decide about a lead, by one of `flowbuilder.leads.deciding`."""
    with Session(market.database) as session, enqueue.connect(market.redis_url) as redis:
        actor = Actor(market.account_id)
        decision(session=session, redis=redis, actor=actor, lead_id=lead_id, now=clock.now(), **values)
