"""A small market for engine tests: an account, a flow, buyers, leads in the database, and a loop that carries them."""

import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import Engine as Database
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from flowbuilder import clock, config, db, enqueue, ids
from flowbuilder.claim_keys import duplicates_secret
from flowbuilder.models import (
    Account,
    Attempt,
    Base,
    CapWindow,
    Credential,
    DeliveryCopy,
    Flow,
    FlowVersion,
    InboxLead,
    Lead,
    LeadEvent,
    Offer,
    Source,
)
from flowbuilder.vault import Vault, credential_place
from tests.support import cast, proofs
from tests.support.buyers import Buyer
from tests.support.mail import MailServer
from workers.book import Book
from workers.campaigns import NO_CAMPAIGNS, Campaigns
from workers.connecting import make_engine
from workers.copies import send_copies
from workers.delivery.calls import Sent
from workers.delivery.email import MailSender, Post
from workers.delivery.kept_tokens import KeptTokens
from workers.delivery.send import Sender
from workers.delivery.senders import Senders
from workers.delivery.tokens import TokenSender
from workers.engine import Engine

VAULT = Vault([("k1", b"k" * 32)])
ACCEPTED_IF = {"==": [{"var": "body.status"}, "accepted"]}
EMAIL_FIELD = {"key": "email", "type": "email"}
OPEN = text("SELECT count(*) FROM lead WHERE state IN ('received', 'working') OR state = 'waiting' AND due_at <= :now")
STATE_FIELD = {"key": "state", "type": "state"}


@dataclass
class Market:
    """Everything that an engine test needs in the database at `url`."""

    url: str
    redis_url: str
    database: Database
    account_id: UUID
    allowed: list[tuple[str, int]] = field(default_factory=list)
    careful: float = 0.0
    flow_id: UUID | None = None
    source_id: UUID | None = None
    mail: MailServer | None = None
    campaigns: Campaigns = NO_CAMPAIGNS
    home: Path | None = None
    """The home in which its loops take posts straight from the web."""
    _source: Source | None = None

    def neighbour(self, name: str = "Noisy Leads") -> "Market":
        """Return the market of another seller in the same database; every loop carries the leads of both."""
        with Session(self.database) as session:
            account = cast.a_seller(session, name=name).account.id
            session.commit()
        return Market(self.url, self.redis_url, self.database, account, self.allowed)

    def connect_by(self, *methods: str, mail: MailServer | None = None, **destination: Any) -> str:
        """Make a connection that delivers by these methods, mail going out by a server; return its id as shown."""
        self.mail = mail or self.mail
        document = {
            "deliver_by": list(methods),
            "email": {"to": "leads@brightroof.example", "subject": "Lead of {{lead.email}}"},
            "mapping": [["Email", {"var": "lead.email"}], ["State", {"var": "lead.state"}]],
            "timeout_ms": 20_000,
        }
        return self._connection(document | destination, {})

    def connect(self, buyer: Buyer, *, row: dict[str, Any] | None = None, **destination: Any) -> str:
        """Make a connection to a buyer's server and return its id as documents show it."""
        self.allowed.append(("127.0.0.1", buyer.port))
        document = {
            "url": buyer.url(),
            "format": "json",
            "mapping": [["email", {"var": "lead.email"}]],
            "accepted_if": ACCEPTED_IF,
            "reason_path": "body.reason",
            "price_path": "body.price",
            "timeout_ms": 20_000,
        }
        return self._connection(document | destination, row or {})

    def _connection(self, destination: dict[str, Any], row: dict[str, Any]) -> str:
        with Session(self.database) as session:
            account = session.get_one(Account, self.account_id)
            member = cast.Member(None, account, "owner")  # type: ignore[arg-type]
            made = cast.a_connection(session, member, destination=destination, **row)
            session.commit()
            return ids.show(made.id, "con")

    def seal(self, shown: str, secrets: dict[str, str], vault: Vault = VAULT) -> None:
        """Put a connection's secrets into the vault."""
        connection_id = ids.read(shown, "con")
        with Session(self.database) as session:
            for name, secret in secrets.items():
                sealed = vault.seal(secret, **credential_place(self.account_id, connection_id, name))
                row = Credential(connection_id=connection_id, name=name, sealed=sealed, hint="", updated_at=clock.now())
                session.add(row)
            session.commit()

    def publish(self, steps: list[dict[str, Any]], *, source: dict[str, Any] | None = None, **settings: Any) -> None:
        """Publish a flow with some steps, and make a source for it."""
        document = {
            "schema": 1,
            "currency": "USD",
            "time_zone": "America/Los_Angeles",
            "fields": [EMAIL_FIELD, STATE_FIELD],
            "steps": steps,
            "fallback": {"id": "end", "do": "reject"},
        } | settings
        with Session(self.database) as session:
            account = session.get_one(Account, self.account_id)
            member = cast.Member(None, account, "owner")  # type: ignore[arg-type]
            flow = cast.a_flow(session, member, document=document)
            made = cast.a_source(session, flow, **({"cost": {"fixed": 10}} | (source or {})))
            session.commit()
            self.flow_id, self.source_id = flow.id, made.id

    def add_source(self) -> None:
        """Make another source of the flow; leads come by it from now on."""
        with Session(self.database) as session:
            made = cast.a_source(session, session.get_one(Flow, self.flow_id), cost={"fixed": 10})
            session.commit()
            self.source_id = made.id

    def execute(self, statement: str, **values: Any) -> None:
        """Change rows as an operator's hand or a page would."""
        with self.database.begin() as connection:
            connection.execute(text(statement), values)

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the published document under the leads that run on it, which no page does."""
        with Session(self.database) as session:
            [version] = session.scalars(select(FlowVersion).where(FlowVersion.flow_id == self.flow_id))
            document = copy.deepcopy(version.document)
            change(document)
            version.document = document
            session.commit()

    def publish_again(self, change: Callable[[dict[str, Any]], object]) -> int:
        """Publish the changed document as another version, and return its number."""
        with Session(self.database) as session:
            [version] = session.scalars(select(FlowVersion).where(FlowVersion.flow_id == self.flow_id))
            document = copy.deepcopy(version.document)
            change(document)
            session.add(FlowVersion(flow_id=self.flow_id, number=2, document=document, published_at=cast.now()))
            session.commit()
        return 2

    def later(self, seconds: float) -> None:
        """Move the clock that people see on by some seconds; leases go by the database's own."""
        config.override({"FLOWBUILDER_CLOCK_OFFSET": str(config.settings().clock_offset + seconds)})

    def post(self, many: int = 1, **values: Any) -> list[UUID]:
        """Store leads as intake does, and return their ids in order."""
        open_lead = {"state": "received", "outcome": None, "revenue": 0, "cost": 0, "finished_at": None}
        rows = []
        for number in range(many):
            fields = {"email": f"ana{number}@example.com", "state": "CA"} | values.get("fields", {})
            rest = {name: value for name, value in values.items() if name != "fields"}
            rows.append(cast.lead_values(self.source, **(open_lead | {"posted": fields} | rest), fields=fields))
        with self.database.begin() as connection:
            connection.execute(insert(Lead), rows)
        enqueue.nudge(client_of(self.redis_url), leads=many)
        return [row["id"] for row in rows]

    @property
    def source(self) -> Source:
        """Return the source that leads come by."""
        if self._source is None or self._source.id != self.source_id:
            with Session(self.database) as session:
                self._source = session.get_one(Source, self.source_id)
        return self._source

    def engine(self) -> Engine:
        """Return a loop of its own, as a lead worker runs it that has been at work for a while."""
        engine = Engine(
            make_engine(self.url),
            enqueue.connect(self.redis_url),
            Book(VAULT),
            sender=self._sender,
            secret=duplicates_secret(config.settings().secret_key),
            careful=self.careful,
            campaigns=self.campaigns,
        )
        if self.home is not None:
            engine.take_posts_in(self.home)
        return engine

    def _sender(self, on_result: Callable[[Sent], object]) -> Senders:
        keeper = KeptTokens(self.database, VAULT, b"secret")
        web = TokenSender(on_result, lambda receive: Sender(receive, allow=self.allowed), keeper)
        post = Post(self.mail.url if self.mail else "", "leads@acme.example", "acme.example")
        return Senders(web, MailSender(on_result, post))

    @property
    def environ(self) -> dict[str, str]:
        """Return the settings of processes that work on this market."""
        mail = {"SMTP_URL": self.mail.url, "MAIL_FROM": "leads@acme.example"} if self.mail else {}
        allowed = ",".join(f"{host}:{port}" for host, port in self.allowed)
        return {"DATABASE_URL": self.url, "REDIS_URL": self.redis_url, "OUTBOUND_ALLOW": allowed, **mail}

    def send_copies(self) -> None:
        """Do the job that sends copies, once."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environ.items():
                patch.setenv(name, value)
            config.settings.cache_clear()
            send_copies()
        config.settings.cache_clear()

    @contextmanager
    def carrying(self, loops: int = 1) -> Iterator[None]:
        """Have some loops carry leads meanwhile."""
        engines = [self.engine() for _ in range(loops)]
        threads = [threading.Thread(target=_carry_on, args=(engine,), daemon=True) for engine in engines]
        for engine, thread in zip(engines, threads, strict=True):
            engine.start()
            thread.start()
        try:
            yield
        finally:
            for engine, thread in zip(engines, threads, strict=True):
                engine.stop()
                thread.join(timeout=60)
                assert not thread.is_alive(), "the loop did not stop"
                engine.close()

    def carry(self, timeout: float = 150) -> None:
        """Carry leads until all are done or wait for a later moment."""
        with self.carrying():
            self.wait_until_settled(timeout)

    def wait_until_settled(self, timeout: float = 150) -> None:
        """Wait until no lead is due or worked on any more."""
        deadline = time.monotonic() + timeout
        while count := self.count(OPEN, now=clock.now()):
            assert time.monotonic() < deadline, f"{count} leads are still open"
            time.sleep(0.02)

    def wait_until(self, condition: str, timeout: float = 150, every: float = 0.02) -> None:
        """Wait until the database says that something is true, asking it `every` so many seconds."""
        deadline = time.monotonic() + timeout
        while not self.count(text(f"SELECT CASE WHEN {condition} THEN 1 ELSE 0 END")):
            assert time.monotonic() < deadline, f"it never was: {condition}"
            time.sleep(every)

    def check(self) -> None:
        """Fail unless every journal replays equal, and caps, sales, money and states agree with each other."""
        with self.database.connect() as connection:
            found = proofs.findings(connection)
        assert not found, "\n".join(found)

    def check_requests(self, *buyers: Buyer) -> None:
        """Fail unless every request is an attempt of its own, and repeats its key only where no answer was read."""
        keys = [request.key for one in buyers for request in one.seen]
        with self.database.connect() as connection:
            found = list(proofs.unexplained(proofs.Books(connection), keys))
        assert not found, "\n".join(found)

    def count(self, statement: Any, **values: Any) -> int:
        """Return the one number of a query."""
        return int(self.value(statement, **values))

    def value(self, statement: Any, **values: Any) -> Any:
        """Return the one value of a query."""
        with self.database.connect() as connection:
            return connection.execute(statement, values).scalar_one()

    def count_offers(self, step: str, state: str) -> int:
        """Return how many offers of a step are in a state."""
        found = text("SELECT count(*) FROM offer WHERE step = :step AND state = :state")
        return self.count(found, step=step, state=state)

    def count_open(self) -> int:
        """Return how many leads have not ended."""
        return self.count(text("SELECT count(*) FROM lead WHERE state <> 'done'"))

    def lead(self, lead_id: UUID) -> Lead:
        """Return a lead as it stands."""
        return self._all(select(Lead).where(Lead.id == lead_id))[0]

    def leads(self) -> list[Lead]:
        """Return all leads in order."""
        return self._all(select(Lead).order_by(Lead.id))

    def events(self, lead_id: UUID) -> list[LeadEvent]:
        """Return a lead's journal."""
        return self._all(select(LeadEvent).where(LeadEvent.lead_id == lead_id).order_by(LeadEvent.run, LeadEvent.seq))

    def trail(self, lead_id: UUID) -> list[tuple[str, str | None, str | None]]:
        """Return step, outcome and reason of every event."""
        return [(event.step, event.outcome, event.reason) for event in self.events(lead_id)]

    def offers(self, lead_id: UUID) -> list[Offer]:
        """Return a lead's offers in order."""
        return self._all(select(Offer).where(Offer.lead_id == lead_id).order_by(Offer.offer_no))

    def attempts(self, lead_id: UUID) -> list[Attempt]:
        """Return a lead's attempts in order."""
        found = select(Attempt).where(Attempt.lead_id == lead_id)
        return self._all(found.order_by(Attempt.offer_no, Attempt.attempt_no))

    def copies(self) -> list[DeliveryCopy]:
        """Return all copies in order."""
        return self._all(select(DeliveryCopy).order_by(DeliveryCopy.lead_id, DeliveryCopy.method))

    def inbox(self) -> list[InboxLead]:
        """Return all leads in inboxes in order."""
        return self._all(select(InboxLead).order_by(InboxLead.id))

    def used(self) -> dict[str, int]:
        """Return what is used of each cap, by its own key."""
        rows = self._all(select(CapWindow))
        return {row.cap.partition("/")[2]: row.used for row in rows}

    def _all(self, statement: Any) -> list[Any]:
        with Session(self.database) as session:
            return list(session.scalars(statement))


def _carry_on(engine: Engine) -> None:
    """Carry again and again, as nudges make a worker do."""
    while not engine.is_stopping:
        engine.carry()


@cache
def client_of(redis_url: str) -> Redis:
    """Return the one client that this process has for a Valkey: to make one takes longer than to post a lead."""
    return enqueue.connect(redis_url)


def empty(url: str) -> None:
    """Delete every row; for a few rows this is many times quicker than a new database."""
    engine = db.make_engine(url)
    with engine.begin() as database:
        for table in reversed(Base.metadata.sorted_tables):
            database.execute(text(f"DELETE FROM {table.name}"))
    engine.dispose()


@contextmanager
def a_market(url: str, redis_url: str, *, checks: bool = True) -> Iterator[Market]:
    """Give a market in an empty database; what was done in it must hold together in the end, if that is asked."""
    database = db.make_engine(url)
    with Session(database) as session:
        sara = cast.a_seller(session)
        session.commit()
        account_id = sara.account.id
    market = Market(url, redis_url, database, account_id)
    try:
        yield market
        if checks:
            market.check()
    finally:
        config.override({"FLOWBUILDER_CLOCK_OFFSET": "0"})
        database.dispose()
