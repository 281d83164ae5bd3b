"""The list of leads as its page shows it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.leads import people, queries
from flowbuilder.leads.queries import Filter, Named
from flowbuilder.models import Lead
from rules.fields import Field
from rules.money import say_money

AT_ONCE = 50
MOST_ON_A_PAGE = 500


@dataclass(frozen=True)
class Row:
    """One lead in a list."""

    id: UUID
    received_at: datetime
    status: str
    is_test: bool
    is_ping: bool
    needs_a_look: bool
    flow: str
    source: str
    person: str
    price: str
    margin: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """What a page of the list shows; `more_before` is the last lead shown when there are older ones."""

    rows: tuple[Row, ...]
    more_before: UUID | None
    is_full: bool

    @property
    def oldest(self) -> UUID | None:
        """Return the last lead shown."""
        return self.rows[-1].id if self.rows else None


def listing(
    session: Session,
    account_id: UUID,
    wanted: Filter,
    *,
    before: UUID | None = None,
    down_to: UUID | None = None,
    more: bool = False,
) -> Listing:
    """Return the leads older than `before`: the first 50, or those shown `down_to` a lead, and with `more` 50 below."""
    found: list[Named] = []
    if down_to:
        found = queries.leads_of(session, account_id, wanted, before=before, down_to=down_to, limit=MOST_ON_A_PAGE)
    step = AT_ONCE if more or not found else max(0, AT_ONCE - len(found))
    start = found[-1].lead.id if found else before
    older = queries.leads_of(session, account_id, wanted, before=start, limit=step + 1)
    shown = found + older[:step]
    more_before = shown[-1].lead.id if shown and len(older) > step else None
    return Listing(rows_of(session, shown), more_before, len(shown) >= MOST_ON_A_PAGE)


def listed_leads(session: Session, account_id: UUID, wanted: Sequence[UUID]) -> tuple[Row, ...]:
    """Return some leads of an account as rows, newest first."""
    return rows_of(session, queries.named_leads(session, account_id, wanted)) if wanted else ()


def rows_of(session: Session, found: Sequence[Named]) -> tuple[Row, ...]:
    """Return leads as rows, each with the masked name of its person."""
    documents = queries.documents_of(session, [named.lead for named in found])
    fields = {key: people.fields_of(document) for key, document in documents.items()}
    return tuple(_row(named, fields.get((named.lead.flow_id, named.lead.version), ())) for named in found)


def mark_of(shown: object) -> str:
    """Return a short text that changes when anything that is shown changes."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def status_of(lead: Lead) -> str:
    """Return the one word for where a lead stands: its outcome, waiting, or in_progress."""
    if lead.outcome:
        return lead.outcome
    return "waiting" if lead.state == "waiting" else "in_progress"


def needs_a_look(lead: Lead) -> bool:
    """Return whether a person has to look at a lead."""
    return lead.reason_code in ("unknown", "quarantined") or lead.waiting_for == "person"


def _row(named: Named, fields: tuple[Field, ...]) -> Row:
    lead, is_sold = named.lead, named.lead.outcome == "sold"
    return Row(
        id=lead.id,
        received_at=lead.received_at,
        status=status_of(lead),
        is_test=lead.is_test,
        is_ping=lead.kind == "ping",
        needs_a_look=needs_a_look(lead),
        flow=named.flow,
        source=named.source,
        person=people.name_in(lead.fields, fields),
        price=say_money(lead.revenue, lead.currency) if is_sold else "",
        margin=say_money(lead.revenue - lead.cost, lead.currency) if is_sold else "",
        reason=people.hide_people(reason_words(lead), lead.fields, fields),
    )


def reason_words(lead: Lead) -> str:
    """Return why a lead ended or waits, in words; nothing when it was sold."""
    if lead.reason:
        return lead.reason
    if lead.state == "waiting":
        return WAITING_FOR[lead.waiting_for or "retry"]
    return in_words(lead.reason_code)


def in_words(code: str | None) -> str:
    """Return a code as words: `cap_reached` is “Cap reached”."""
    return (code or "").replace("_", " ").capitalize()


WAITING_FOR = {
    "retry": "Will be tried again",
    "cap": "Waits for room in a cap",
    "hours": "Waits until a buyer opens",
    "answer": "A buyer has not answered yet",
    "post": "Waits for the supplier's post",
    "person": "Waits for a person to decide",
}
