"""Today as the first page shows it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from flowbuilder.flows.checks import connection_names
from flowbuilder.flows.limits import Meter, meters_of_flows
from flowbuilder.flows.queries import FailedPlan, failed_plans, live_documents
from flowbuilder.flows.recent import Traffic, traffic_of
from flowbuilder.home import queries
from flowbuilder.home.queries import Begun, Count, Failing, Refusals
from flowbuilder.leads.listing import Row, rows_of
from flowbuilder.leads.queries import Filter, leads_of
from flowbuilder.models import Account, Flow
from rules.money import say_money

LAST_LEADS = 8
MOST_CAPS = 6


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
class Change:
    """How numbers of today stand to those of the same day a week before, at the same time: in words, "" where none.

    `day` is the day of the week, `until` the local time up to which both are counted.
    """

    day: str
    until: str
    arrived: str
    sold: str
    rejected: str
    revenue: str

    @property
    def has_any(self) -> bool:
        """Return whether there was anything to compare with."""
        return any((self.arrived, self.sold, self.rejected, self.revenue))


@dataclass(frozen=True)
class FlowDay:
    """One flow and what it did on a day."""

    id: UUID
    name: str
    state: str
    live_version: int | None
    numbers: Numbers
    hours: tuple[int, ...]


@dataclass(frozen=True)
class Today:
    """Everything on the first page."""

    starts_at: datetime
    numbers: Numbers
    change: Change
    waiting: int
    waiting_since: datetime | None
    need_a_look: int
    failing: tuple[Failing, ...]
    refusals: tuple[Refusals, ...]
    failed_plans: tuple[FailedPlan, ...]
    flows: tuple[FlowDay, ...]
    last: tuple[Row, ...]
    begun: Begun

    @property
    def is_calm(self) -> bool:
        """Return whether nothing needs a person."""
        return not (self.need_a_look or self.failing or self.refusals or self.failed_plans)


def today(session: Session, account: Account, now: datetime, offset: timedelta) -> Today:
    """Return the day in the account's time zone, up to now; `offset` is how far the clock people see is ahead."""
    midnight = now.astimezone(ZoneInfo(account.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    day = queries.day_of(now, midnight, offset)
    found = queries.counts(session, account.id, day)
    before = queries.counts(session, account.id, queries.week_before(now, midnight, offset))
    number_waiting, since = queries.waiting(session, account.id)
    traffic = traffic_of(session, account.id, now)
    return Today(
        starts_at=day.starts_at,
        numbers=_numbers(found, account.currency),
        change=_change(found, before, midnight, now),
        waiting=number_waiting,
        waiting_since=since,
        need_a_look=queries.need_a_look(session, account.id, now),
        failing=tuple(queries.failing(session, account.id, now)),
        refusals=tuple(queries.refusals(session, account.id, day)),
        failed_plans=tuple(failed_plans(session, account.id)),
        flows=tuple(
            _flow_day(flow, found, account.currency, traffic.get(flow.id, Traffic()))
            for flow in queries.flows(session, account.id)
        ),
        last=rows_of(session, leads_of(session, account.id, Filter(), limit=LAST_LEADS)),
        begun=queries.begun(session, account.id),
    )


def caps_today(session: Session, account_id: UUID, now: datetime) -> list[tuple[str, Meter]]:
    """Return the fullest caps of the account's live flows in their windows of now, each with the name of its flow."""
    names = connection_names(session, account_id)
    found = meters_of_flows(session, live_documents(session, account_id), now, names)
    meters = [(flow.name, meter) for flow in queries.flows(session, account_id) for meter in found.get(flow.id, ())]
    return sorted(meters, key=lambda one: -one[1].used / max(one[1].line.limit, 1))[:MOST_CAPS]


def _change(found: Sequence[Count], before: Sequence[Count], midnight: datetime, now: datetime) -> Change:
    local = now.astimezone(midnight.tzinfo)
    currencies = {count.currency for count in (*found, *before)}
    revenue = _compare(found, before, lambda count: count.revenue) if len(currencies) == 1 else ""
    return Change(
        day=f"{local:%A}",
        until=f"{local:%H:%M}",
        arrived=_compare(found, before, lambda count: count.arrived),
        sold=_compare(found, before, lambda count: count.sold),
        rejected=_compare(found, before, lambda count: count.rejected),
        revenue=revenue,
    )


def _compare(found: Iterable[Count], before: Iterable[Count], number: Callable[[Count], int]) -> str:
    """Return `8% more`, `as many`, "" where there was nothing a week before."""
    now, then = sum(map(number, found)), sum(map(number, before))
    if not then:
        return ""
    share = (now - then) / then
    return "as much" if round(share, 2) == 0 else f"{abs(share):.0%} {'more' if share > 0 else 'less'}"


def _flow_day(flow: Flow, found: Iterable[Count], currency: str, traffic: Traffic) -> FlowDay:
    numbers = _numbers([count for count in found if count.flow_id == flow.id], currency)
    return FlowDay(flow.id, flow.name, flow.state, flow.live_version, numbers, tuple(traffic.hours))


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
