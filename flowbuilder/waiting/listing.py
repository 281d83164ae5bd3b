"""The waiting list as its page shows it: every lead that waits, why, since when, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.leads import people
from flowbuilder.leads.listing import WAITING_FOR
from flowbuilder.leads.queries import connections_of
from flowbuilder.leads.standing import MAY_HAVE_IT
from flowbuilder.models import Lead, LeadEvent
from flowbuilder.waiting import queries
from flowbuilder.waiting.queries import Filter, Waiting
from rules.flow import Flow
from rules.saying import say_list

AT_ONCE = 50
NEVER = 9999
"""The year of a moment that does not come by itself."""
AGE_WORDS = ("Up to 15 minutes", "15 minutes to an hour", "An hour to a day", "More than a day")


@dataclass(frozen=True)
class Row:
    """One lead that waits. `next_at` is None where nothing happens by itself."""

    id: UUID
    is_test: bool
    flow: str
    version: int
    source: str
    person: str
    waiting_for: str
    why: str
    buyer: str
    since: datetime
    next_at: datetime | None
    tries: int
    may_be_taken: bool
    is_being_done: bool

    @property
    def says_more(self) -> bool:
        """Return whether why it waits is more than what it waits for."""
        return self.why != WAITING_FOR[self.waiting_for]


@dataclass(frozen=True)
class Age:
    """How many leads are of one age; `share` in percent of the most that are of one."""

    words: str
    count: int
    share: int


@dataclass(frozen=True)
class Listing:
    """What a page of the list shows; `more_after` is the last lead shown when there are more."""

    rows: tuple[Row, ...]
    more_after: UUID | None
    ages: tuple[Age, ...]

    @property
    def count(self) -> int:
        """Return how many leads wait in all."""
        return sum(age.count for age in self.ages)


def listing(session: Session, account_id: UUID, wanted: Filter, now: datetime, *, after: UUID | None = None) -> Listing:
    """Return the leads that wait, the longest known first: 50 of those that came after a lead."""
    found = queries.waiting_leads(session, account_id, wanted, after=after, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    counts = queries.count_by_age(session, account_id, wanted, now)
    most = max(counts) or 1
    ages = [Age(words, count, round(100 * count / most)) for words, count in zip(AGE_WORDS, counts, strict=True)]
    more_after = shown[-1].named.lead.id if len(found) > AT_ONCE else None
    return Listing(rows_of(session, account_id, shown, now), more_after, tuple(ages))


def rows_of(session: Session, account_id: UUID, found: Sequence[Waiting], now: datetime) -> tuple[Row, ...]:
    """Return leads as rows, each with the masked name of its person."""
    flows = queries.documents_of(session, found)
    names = {ids.show(row.id, "con"): row.name for row in connections_of(session, account_id)}
    return tuple(_row(waiting, flows.get(_version_of(waiting.named.lead)), names, now) for waiting in found)


def _row(waiting: Waiting, flow: Flow | None, names: dict[str, str], now: datetime) -> Row:
    lead, event = waiting.named.lead, waiting.event
    fields = flow.fields if flow else ()
    return Row(
        id=lead.id,
        is_test=lead.is_test,
        flow=waiting.named.flow,
        version=lead.version,
        source=waiting.named.source,
        person=people.name_in(lead.fields, fields),
        waiting_for=lead.waiting_for or "retry",
        why=people.hide_people(_why(lead, event), lead.fields, fields),
        buyer=_buyer(flow, event, names),
        since=event.at if event else lead.received_at,
        next_at=None if lead.due_at.year == NEVER else lead.due_at,
        tries=waiting.tries,
        may_be_taken=lead.waiting_for in MAY_HAVE_IT and not lead.is_test,
        is_being_done=lead.instruction is not None or lead.due_at <= now,
    )


def _why(lead: Lead, event: LeadEvent | None) -> str:
    """Return why a lead waits: the reason that it is held for, or what it waits for."""
    held = event.asks.get("reason") if event and event.effect == "hold" else None
    return str(held) if held else WAITING_FOR[lead.waiting_for or "retry"]


def _buyer(flow: Flow | None, event: LeadEvent | None, names: dict[str, str]) -> str:
    """Return the buyer that a lead waits for, nothing where it is none in particular."""
    if event and event.effect == "await":
        waits = [flow.buyers[row].connection for row in event.asks["offers"] if flow and row in flow.buyers]
        return say_list([names[one] for one in waits if one in names], "and")
    connection = event.asks.get("connection") if event else None
    if connection is None and flow and event and event.step in flow.buyers:
        connection = flow.buyers[event.step].connection
    return names.get(connection, "") if connection else ""


def _version_of(lead: Lead) -> tuple[UUID, int]:
    return lead.flow_id, lead.version
