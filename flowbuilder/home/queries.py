"""What the first page reads: today's leads by flow, what needs a person, and how far somebody new has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, exists, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from flowbuilder import ids
from flowbuilder.leads.queries import NEEDS_A_LOOK
from flowbuilder.models import Attempt, Connection, Flow, IntakeRefusal, Lead, Offer, Source

LAST_CALLS = 20
LEAST_CALLS = 5
LEAST_REFUSED = 5
LOOKED_FOR = timedelta(days=30)
CLOCKS_APART = timedelta(minutes=1)
FAILED = ("error", "ambiguous", "blocked")


@dataclass(frozen=True)
class Day:
    """The day that numbers are about: when it began, the first id that a lead of it can have, and where it is cut off.

    Without an end it goes on until now.
    """

    starts_at: datetime
    first_id: UUID
    ends_at: datetime | None = None
    last_id: UUID | None = None


@dataclass(frozen=True)
class Count:
    """The leads of one flow and currency on a day; money in minor units."""

    flow_id: UUID
    currency: str
    arrived: int
    sold: int
    rejected: int
    finished: int
    revenue: int
    cost: int


@dataclass(frozen=True)
class Failing:
    """A connection whose last calls mostly failed."""

    connection_id: UUID
    name: str
    failed: int
    calls: int


@dataclass(frozen=True)
class Refusals:
    """A source whose posts were refused today, and the field problem seen most."""

    source_id: UUID
    name: str
    posts: int
    code: str | None


@dataclass(frozen=True)
class Begun:
    """Which of the first steps an account has taken."""

    flow: bool
    connection: bool
    source: bool
    lead: bool

    @property
    def is_done(self) -> bool:
        """Return whether nothing is left to set up."""
        return self.flow and self.connection and self.source and self.lead


def day_of(now: datetime, midnight: datetime, offset: timedelta) -> Day:
    """Return the day that began at `midnight`; ids come from a clock that is `offset` behind the one people see."""
    return Day(midnight.astimezone(now.tzinfo), ids.first_id_at(midnight - offset - CLOCKS_APART))


def week_before(now: datetime, midnight: datetime, offset: timedelta) -> Day:
    """Return the same day of the week before, cut off when as much of it had passed as of the day of `midnight`."""
    began = midnight - timedelta(days=7)
    day = day_of(now, began, offset)
    ends_at = day.starts_at + (now - midnight.astimezone(now.tzinfo))
    return Day(day.starts_at, day.first_id, ends_at, ids.first_id_at(ends_at - offset + CLOCKS_APART))


def counts(session: Session, account_id: UUID, day: Day) -> list[Count]:
    """Return the day's leads by flow and currency; tests are not counted."""
    is_sold = Lead.outcome == "sold"
    wanted = (
        select(
            Lead.flow_id,
            Lead.currency,
            func.count(),
            func.count().filter(is_sold),
            func.count().filter(Lead.outcome.in_(("rejected", "duplicate"))),
            func.count().filter(Lead.state == "done"),
            func.coalesce(func.sum(Lead.revenue).filter(is_sold), 0),
            func.coalesce(func.sum(Lead.cost).filter(is_sold), 0),
        )
        .where(Lead.account_id == account_id, Lead.id >= day.first_id, Lead.received_at >= day.starts_at)
        .where(Lead.is_test.is_(False), Lead.kind == "post")
        .group_by(Lead.flow_id, Lead.currency)
    )
    if day.ends_at is not None:
        wanted = wanted.where(Lead.id < day.last_id, Lead.received_at < day.ends_at)
    return [Count(*row[:6], int(row[6]), int(row[7])) for row in session.execute(wanted)]


def waiting(session: Session, account_id: UUID) -> tuple[int, datetime | None]:
    """Return how many leads wait, and since when the oldest does."""
    wanted = select(func.count(), func.min(Lead.received_at))
    wanted = wanted.where(Lead.account_id == account_id, Lead.state == "waiting", Lead.is_test.is_(False))
    wanted = wanted.where(Lead.kind == "post")
    number, since = session.execute(wanted).one()
    return number, since


def need_a_look(session: Session, account_id: UUID, now: datetime) -> int:
    """Return how many leads of the last 30 days a person has to look at."""
    wanted = select(func.count()).where(
        Lead.account_id == account_id, Lead.id >= ids.first_id_at(now - LOOKED_FOR), NEEDS_A_LOOK
    )
    return session.scalar(wanted) or 0


def failing(session: Session, account_id: UUID, now: datetime) -> list[Failing]:
    """Return the active connections of whose last 20 calls of the last day more than half failed."""
    calls = _last_calls(now)
    failed = func.sum(case((calls.c.state.in_(FAILED), 1), else_=0))
    wanted = (
        select(Connection.id, Connection.name, failed, func.count())
        .join(calls, true())
        .where(Connection.account_id == account_id, Connection.state == "active")
        .group_by(Connection.id, Connection.name)
        .having(func.count() >= LEAST_CALLS, failed * 2 > func.count())
        .order_by(Connection.name)
    )
    return [Failing(*row) for row in session.execute(wanted)]


def refusals(session: Session, account_id: UUID, day: Day) -> list[Refusals]:
    """Return the sources that had five posts or more refused on this day."""
    code = func.mode().within_group(IntakeRefusal.codes[1].asc())
    wanted = (
        select(Source.id, Source.name, func.count(), code)
        .join(IntakeRefusal, IntakeRefusal.source_id == Source.id)
        .where(IntakeRefusal.account_id == account_id, IntakeRefusal.id >= day.first_id)
        .where(IntakeRefusal.at >= day.starts_at)
        .group_by(Source.id, Source.name)
        .having(func.count() >= LEAST_REFUSED)
        .order_by(func.count().desc())
    )
    return [Refusals(*row) for row in session.execute(wanted)]


def flows(session: Session, account_id: UUID) -> Sequence[Flow]:
    """Return the account's flows by name, without those that are put away."""
    wanted = select(Flow).where(Flow.account_id == account_id, Flow.archived_at.is_(None))
    return session.scalars(wanted.order_by(Flow.name, Flow.id)).all()


def begun(session: Session, account_id: UUID) -> Begun:
    """Return how far the account has come; a test lead counts as a lead."""
    tables = (Flow, Connection, Source, Lead)
    asked = (exists().where(table.account_id == account_id) for table in tables)
    return Begun(*map(bool, session.execute(select(*asked)).one()))


def _last_calls(now: datetime) -> LateralFromClause:
    offers = (
        select(Offer.lead_id, Offer.offer_no)
        .where(Offer.connection_id == Connection.id)
        .order_by(Offer.lead_id.desc())
        .limit(LAST_CALLS)
        .correlate(Connection)
    )
    newest = offers.subquery("offers")
    calls = (
        select(Attempt.state)
        .join(newest, (Attempt.lead_id == newest.c.lead_id) & (Attempt.offer_no == newest.c.offer_no))
        .where(Attempt.started_at >= now - timedelta(days=1), Attempt.state != "sending")
        .order_by(Attempt.started_at.desc())
        .limit(LAST_CALLS)
    )
    return calls.correlate(Connection).lateral("calls")
