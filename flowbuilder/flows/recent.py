"""What came to flows in the last 24 hours, hour by hour: for little charts, and for how much of it was sold."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Lead
from rules.money import say_money

HOURS = 24


@dataclass
class Traffic:
    """The leads of one flow in 24 hours, tests left out; `hours` counts what came in, the newest hour last.

    `revenue` is in minor units by currency.
    """

    hours: list[int] = field(default_factory=lambda: [0] * HOURS)
    sold: int = 0
    revenue: Counter[str] = field(default_factory=Counter)

    @property
    def received(self) -> int:
        """Return how many leads came in."""
        return sum(self.hours)

    @property
    def sold_share(self) -> str:
        """Return how many of them are sold by now, in percent; a dash where none came in."""
        return f"{self.sold / self.received:.0%}" if self.received else "—"

    @property
    def last_hour(self) -> int:
        """Return how many leads came in within the last 60 minutes."""
        return self.hours[-1]

    def say_revenue(self, currency: str) -> str:
        """Return `$412.00`, every currency for itself; nothing earned is said in the given one."""
        earned = {name: amount for name, amount in self.revenue.items() if amount} or {currency: 0}
        return " + ".join(say_money(amount, name) for name, amount in sorted(earned.items()))


def traffic_of(session: Session, account_id: UUID, now: datetime) -> Mapping[UUID, Traffic]:
    """Return what came to each flow of an account in the last 24 hours."""
    since = now - timedelta(hours=HOURS)
    ago = cast(func.floor(func.extract("epoch", now - Lead.received_at) / 3600), Integer)
    is_sold = Lead.outcome == "sold"
    wanted = (
        select(
            Lead.flow_id,
            ago,
            Lead.currency,
            func.count(),
            func.count().filter(is_sold),
            func.coalesce(func.sum(Lead.revenue).filter(is_sold), 0),
        )
        .where(Lead.account_id == account_id, Lead.id >= ids.first_id_at(since), Lead.received_at >= since)
        .where(~Lead.is_test, Lead.kind == "post")
        .group_by(Lead.flow_id, ago, Lead.currency)
    )
    found: dict[UUID, Traffic] = {}
    for flow_id, hours_ago, currency, received, sold, revenue in session.execute(wanted):
        traffic = found.setdefault(flow_id, Traffic())
        traffic.hours[HOURS - 1 - min(max(hours_ago, 0), HOURS - 1)] += received
        traffic.sold += sold
        traffic.revenue[currency] += int(revenue)
    return found
