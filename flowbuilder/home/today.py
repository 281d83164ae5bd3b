"""Today as the first page shows it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from flowbuilder.home import queries
from flowbuilder.home.queries import Begun, Count, Failing, Refusals
from flowbuilder.leads.listing import Row, rows_of
from flowbuilder.leads.queries import Filter, leads_of
from flowbuilder.models import Account, Flow
from rules.money import say_money

LAST_LEADS = 8


@dataclass(frozen=True)
class Numbers:
    """What a day came to; money as text, because currencies are never added up."""

    arrived: int
    sold: int
    rejected: int
    finished: int
    revenue: str
    margin: str

    @property
    def acceptance(self) -> str:
        """Return how many of the finished leads were sold, in percent; a dash while none is finished."""
        return f"{self.sold / self.finished:.1%}" if self.finished else "—"


@dataclass(frozen=True)
class FlowDay:
    """One flow and what it did on a day."""

    id: UUID
    name: str
    state: str
    live_version: int | None
    numbers: Numbers


@dataclass(frozen=True)
class Today:
    """Everything on the first page."""

    starts_at: datetime
    numbers: Numbers
    waiting: int
    waiting_since: datetime | None
    need_a_look: int
    failing: tuple[Failing, ...]
    refusals: tuple[Refusals, ...]
    flows: tuple[FlowDay, ...]
    last: tuple[Row, ...]
    begun: Begun

    @property
    def is_calm(self) -> bool:
        """Return whether nothing needs a person."""
        return not (self.need_a_look or self.failing or self.refusals)


def today(session: Session, account: Account, now: datetime, offset: timedelta) -> Today:
    """Return the day in the account's time zone, up to now; `offset` is how far the clock people see is ahead."""
    midnight = now.astimezone(ZoneInfo(account.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    day = queries.day_of(now, midnight, offset)
    found = queries.counts(session, account.id, day)
    number_waiting, since = queries.waiting(session, account.id)
    return Today(
        starts_at=day.starts_at,
        numbers=_numbers(found, account.currency),
        waiting=number_waiting,
        waiting_since=since,
        need_a_look=queries.need_a_look(session, account.id, now),
        failing=tuple(queries.failing(session, account.id, now)),
        refusals=tuple(queries.refusals(session, account.id, day)),
        flows=tuple(_flow_day(flow, found, account.currency) for flow in queries.flows(session, account.id)),
        last=rows_of(session, leads_of(session, account.id, Filter(), limit=LAST_LEADS)),
        begun=queries.begun(session, account.id),
    )


def _flow_day(flow: Flow, found: Iterable[Count], currency: str) -> FlowDay:
    numbers = _numbers([count for count in found if count.flow_id == flow.id], currency)
    return FlowDay(flow.id, flow.name, flow.state, flow.live_version, numbers)


def _numbers(found: Iterable[Count], currency: str) -> Numbers:
    counts = list(found)
    return Numbers(
        arrived=sum(count.arrived for count in counts),
        sold=sum(count.sold for count in counts),
        rejected=sum(count.rejected for count in counts),
        finished=sum(count.finished for count in counts),
        revenue=_amounts(((count.currency, count.revenue) for count in counts), currency),
        margin=_amounts(((count.currency, count.revenue - count.cost) for count in counts), currency),
    )


def _amounts(amounts: Iterable[tuple[str, int]], currency: str) -> str:
    total: Counter[str] = Counter()
    for name, amount in amounts:
        total[name] += amount
    shown = {name: amount for name, amount in total.items() if amount} or {currency: 0}
    return " + ".join(say_money(amount, name) for name, amount in sorted(shown.items()))
