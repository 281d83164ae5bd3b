"""The people and things that tests are about; each function makes one of them, with defaults for what does not matter.

Sara owns the seller's account, Tom is an analyst in it, Bill is a buyer and Zoe is a stranger with an account of hers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.accounts.passwords import hash_password
from flowbuilder.models import (
    Account,
    Attempt,
    Connection,
    Flow,
    FlowCheck,
    FlowVersion,
    InboxLead,
    Lead,
    LeadEvent,
    Membership,
    Offer,
    Person,
    Source,
    StoredList,
)

PASSWORD = "orchard kettle 41"
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
    "fields": [{"key": "first_name", "type": "name"}, {"key": "email", "type": "email"}],
    "steps": [],
    "fallback": {"id": "end", "do": "reject"},
}
DESTINATION: dict[str, Any] = {
    "url": "https://api.sunrise.example/leads",
    "format": "json",
    "mapping": [["email", {"var": "lead.email"}]],
}
_numbers = count(1)


@dataclass(frozen=True)
class Member:
    """A person in an account."""

    person: Person
    account: Account
    role: str


class Cast:
    """Everybody; who a test does not ask for is not made."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def sara(self) -> Member:
        """Return the seller, with an account of hers."""
        return self._commit(a_seller(self._session, name="Acme Leads", person="Sara Seller"))

    @cached_property
    def tom(self) -> Member:
        """Return the analyst of Sara's account."""
        return self._commit(a_member(self._session, self.sara.account, role="analyst", person="Tom Teammate"))

    @cached_property
    def bill(self) -> Member:
        """Return the buyer, with an account of his."""
        return self._commit(a_seller(self._session, name="Sunrise Energy", person="Bill Buyer", kind="buyer"))

    @cached_property
    def zoe(self) -> Member:
        """Return the stranger, with an account of hers."""
        return self._commit(a_seller(self._session, name="Zoe and Company", person="Zoe Stranger"))

    def _commit(self, made: Member) -> Member:
        self._session.commit()
        return made


def a_seller(
    session: Session, *, name: str = "Acme Leads", person: str = "Sara Seller", kind: str = "seller"
) -> Member:
    """Make an account with its owner."""
    account = Account(id=ids.new_id(), kind=kind, name=name, time_zone="America/Los_Angeles", created_at=now())
    account.currency = "USD"
    session.add(account)
    session.flush()
    return a_member(session, account, role="owner", person=person)


def a_member(session: Session, account: Account, *, role: str = "analyst", person: str = "Tom Teammate") -> Member:
    """Make somebody and let them into an account; their password is PASSWORD."""
    email = f"{person.split(maxsplit=1)[0].lower()}{next(_numbers)}@example.com"
    row = Person(id=ids.new_id(), email=email, name=person, created_at=now(), disabled_at=None, theme="system")
    row.password_hash = kept_password()
    session.add(row)
    session.flush()
    session.add(Membership(account_id=account.id, person_id=row.id, role=role))
    session.flush()
    return Member(row, account, role)


def a_flow(session: Session, owner: Member, *, document: dict[str, Any] | None = None, **values: Any) -> Flow:
    """Make a flow whose version 1 is live; `live_version=None` leaves it a draft."""
    document = document or DOCUMENT
    settled = {"name": "California solar", "state": "active", "live_version": 1, **values}
    flow = Flow(id=ids.new_id(), account_id=owner.account.id, key=ids.new_key(), draft=document, draft_revision=1)
    flow.created_at = flow.updated_at = now()
    for name, value in settled.items():
        setattr(flow, name, value)
    session.add(flow)
    session.flush()
    if flow.live_version:
        version = FlowVersion(flow_id=flow.id, number=flow.live_version, document=document, published_at=now())
        session.add(version)
        session.flush()
    return flow


def a_connection(session: Session, owner: Member, *, name: str = "Sunrise Energy", **values: Any) -> Connection:
    """Make a connection to a buyer."""
    row = Connection(id=ids.new_id(), account_id=owner.account.id, name=name)
    settled = {"destination": DESTINATION, "state": "active", "concurrency": 256, "tested_at": now(), **values}
    row.created_at = row.updated_at = now()
    return _add(session, row, settled)


def a_list(session: Session, owner: Member, *, name: str = "Do not contact", **values: Any) -> StoredList:
    """Make a stored list of email addresses without entries."""
    row = StoredList(id=ids.new_id(), account_id=owner.account.id, name=name)
    row.created_at = row.updated_at = now()
    return _add(session, row, {"kind": "email", "hashed": "plain", "region": "US", "size": 0, **values})


def a_check(session: Session, flow: Flow, *, lead: dict[str, Any], **values: Any) -> FlowCheck:
    """Make a check of a flow that expects a lead to be sold to somebody."""
    row = FlowCheck(id=ids.new_id(), account_id=flow.account_id, flow_id=flow.id, created_at=now())
    inputs = {"lead": lead, "as_of": now().isoformat(), "caps": "empty"}
    settled = {"name": "CA is sold", "inputs": inputs, "status": "sold", "buyers": [], "must_pass": False, **values}
    return _add(session, row, settled)


def a_source(session: Session, flow: Flow, *, name: str = "WebForms Co", **values: Any) -> Source:
    """Make a source of a flow."""
    row = Source(id=ids.new_id(), account_id=flow.account_id, flow_id=flow.id, key=ids.new_key(), name=name)
    row.created_at = now()
    return _add(session, row, {"state": "active", "needs_key": True, **values})


def a_lead(session: Session, source: Source, **values: Any) -> Lead:
    """Make a lead of a source; sold for $42.00 at a cost of $31.50 unless said otherwise."""
    return _add(session, Lead(**lead_values(source, **values)), {})


def lead_values(source: Source, **values: Any) -> dict[str, Any]:
    """Return the columns of a lead of a source, as `a_lead` makes it."""
    return {
        "id": ids.new_id(),
        "account_id": source.account_id,
        "flow_id": source.flow_id,
        "source_id": source.id,
        "version": 1,
        "kind": "post",
        "is_test": False,
        "state": "done",
        "outcome": "sold",
        "run": 1,
        "asked_before": {},
        "posted": {"first_name": "Ana", "email": "ana@example.com"},
        "fields": {"first_name": "Ana", "email": "ana@example.com"},
        "invalid": [],
        "ignored": [],
        "currency": "USD",
        "revenue": 4200,
        "cost": 3150,
        "received_at": now(),
        "finished_at": now(),
        "due_at": now(),
        **values,
    }


def an_event(session: Session, lead: Lead, *, seq: int, step: str, effect: str, **values: Any) -> LeadEvent:
    """Make one entry of a lead's journal."""
    event = LeadEvent(lead_id=lead.id, run=lead.run, seq=seq, step=step, effect=effect)
    settled = {"path": None, "asks": {}, "result": {}, "at": lead.received_at, "done_at": lead.received_at, **values}
    return _add(session, event, settled)


def an_offer(session: Session, lead: Lead, connection: Connection, *, offer_no: int = 1, **values: Any) -> Offer:
    """Make an offer of a lead to a buyer; accepted unless said otherwise."""
    offer = Offer(lead_id=lead.id, offer_no=offer_no, id=ids.new_id(), account_id=lead.account_id)
    settled: dict[str, Any] = {
        "connection_id": connection.id,
        "run": lead.run,
        "round": 1,
        "step": f"s{offer_no + 1}",
        "buyer": f"s{offer_no + 1}",
        "phase": "post",
        "state": "accepted",
        "is_winner": values.get("state", "accepted") == "accepted",
        "slot": 1,
        "delivery_method": "webhook",
        "price": 4200,
        "places": [],
        "attempts": 1,
        "created_at": lead.received_at,
        "finished_at": lead.finished_at,
    }
    return _add(session, offer, {**settled, **values})


def an_attempt(session: Session, offer: Offer, *, attempt_no: int = 1, **values: Any) -> Attempt:
    """Make one call of an offer; answered with 200 unless said otherwise."""
    attempt = Attempt(lead_id=offer.lead_id, offer_no=offer.offer_no, attempt_no=attempt_no)
    settled: dict[str, Any] = {
        "state": "ok",
        "started_at": offer.created_at,
        "finished_at": offer.finished_at,
        "ms": 192,
        "status": 200,
        "error": None,
        "request": {"method": "POST", "url": DESTINATION["url"], "headers": {}, "body": "{}"},
        "reply": {"status": 200, "headers": {}, "body": '{"status": "accepted"}'},
    }
    return _add(session, attempt, {**settled, **values})


def an_inbox_lead(session: Session, lead: Lead, connection: Connection, **values: Any) -> InboxLead:
    """Put a sold lead into the inbox of a buyer."""
    fields = [["Name", "Ana Tamm"], ["Email", "ana@example.com"], ["Note", "ring twice\nthen wait"]]
    offer = an_offer(session, lead, connection, delivery_method="inbox")
    request = {"method": "INBOX", "url": "", "headers": [], "fields": fields, "body": "Name: Ana Tamm", "cut": False}
    an_attempt(session, offer, method="inbox", request=request, reply=None, status=None, ms=0)
    row = InboxLead(id=offer.id, account_id=lead.account_id, connection_id=connection.id, at=now())
    row.lead_id, row.offer_no, row.attempt_no = lead.id, offer.offer_no, 1
    return _add(session, row, {"read_at": None, **values})


def now() -> datetime:
    """Return the moment at which things are made."""
    return datetime.now(UTC)


@cache
def kept_password() -> str:
    """Return what is kept of PASSWORD; made once, because making it is slow on purpose."""
    return hash_password(PASSWORD)


def _add(session: Session, row: Any, values: dict[str, Any]) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row
