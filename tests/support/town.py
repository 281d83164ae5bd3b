"""A town of made-up people: a web server and workers as processes, flows to post to, and everything that they write."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
from sqlalchemy.orm import Session

from flowbuilder import db, embedded, keys
from flowbuilder.config import Settings, child_environ, settings
from flowbuilder.models import ApiKey, Flow, Source
from tests.support import cast
from tests.support.buyers import Buyer
from tests.support.canaries import Canaries
from tests.support.flows import buyer
from tests.support.mail import MailServer
from tests.support.market import Market
from tests.support.processes import Started, eventually, free_port, started
from tests.support.servers import private_servers
from tests.support.supplier import a_key

FIELDS = [
    {"key": "email", "type": "email", "required": True},
    {"key": "phone_1", "type": "phone", "required": True, "region": "US", "check": "none"},
    {"key": "first_name", "type": "name"},
    {"key": "last_name", "type": "name"},
    {"key": "address", "type": "text"},
    {"key": "page", "type": "url"},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "score", "type": "number"},
    {"key": "bill", "type": "money"},
    {"key": "move_in", "type": "date"},
]
MAPPING = [[field["key"], {"var": f"lead.{field['key']}"}] for field in FIELDS]


@dataclass
class Town:
    """Everything that runs, and how to post to it."""

    own: Settings
    servers: embedded.Servers
    market: Market
    canaries: Canaries
    processes: list[Started]
    home: Path
    api_key: str = ""
    heard: list[str] = field(default_factory=list)
    """Every command that Valkey was given."""

    @property
    def said(self) -> str:
        """Return all that the processes wrote."""
        return "".join(line for process in self.processes for line in process.said)

    def wait_for(self, words: str) -> None:
        """Wait until a line with these words was written."""
        eventually(lambda: words in self.said, seconds=30)

    def person(self, **changes: Any) -> dict[str, Any]:
        """Return a lead full of canaries, in fields that are known and in others."""
        make = self.canaries
        return {
            "email": make.email(),
            "phone_1": make.phone(),
            "first_name": make.name(),
            "last_name": make.name(),
            "address": make.text(),
            "page": make.url(),
            "state": "CA",
            "remark": make.text(),
            "spouse": {"mail": make.email(), "phones": [make.phone()]},
            make.word(): "an unknown name",
            **changes,
        }

    def headers(self) -> dict[str, str]:
        """Return headers that carry canaries."""
        word = self.canaries.word
        return {
            "User-Agent": word(),
            "Referer": self.canaries.url(),
            "Idempotency-Key": word(),
            "X-Request-Id": word(),
            "Cookie": f"session={word()}",
        }

    def post(self, flow: "Address", person: dict[str, Any], **how: Any) -> requests.Response:
        """Post a lead as JSON, unless told otherwise."""
        sent = {"X-API-Key": flow.key, **self.headers(), **how.pop("headers", {})}
        body = {"json": person} if "data" not in how else {}
        params = {"wait": "8", "who": self.canaries.email()} | how.pop("params", {})
        url = f"{self.own.public_url}{flow.path}"
        return requests.post(url, headers=sent, params=params, timeout=60, **body, **how)

    def api(self, method: str, path: str, **how: Any) -> requests.Response:
        """Call the API."""
        headers = {"Authorization": f"Bearer {self.api_key}", **self.headers()}
        return requests.request(method, f"{self.own.public_url}/api/v1{path}", headers=headers, timeout=60, **how)


@dataclass(frozen=True)
class Address:
    """Where leads of one flow are posted to, with which key."""

    path: str
    key: str
    connection: str


@contextmanager
def a_town(home: Path) -> Iterator[Town]:
    """Give a town on servers of its own, in which nothing runs yet."""
    with private_servers() as servers:
        db.migrate(servers.database_url)
        port = free_port()
        own = replace(settings(), database_url=servers.database_url, redis_url=servers.redis_url, web_port=int(port))
        own = replace(own, public_url=f"http://127.0.0.1:{port}", web_threads=32, log_format="json")
        engine = db.make_engine(servers.database_url)
        with Session(engine) as session:
            account = cast.a_seller(session).account.id
            session.commit()
        market = Market(servers.database_url, servers.redis_url, engine, account)
        yield Town(own, servers, market, Canaries(), [], home, api_key=_an_api_key(market))
        engine.dispose()


def _an_api_key(market: Market) -> str:
    made = keys.new_key("fb")
    with Session(market.database) as session:
        row = ApiKey(id=made.id, account_id=market.account_id, name="any", secret_hash=made.secret_hash, hint=made.hint)
        row.scopes, row.created_at = ["pii"], cast.now()
        session.add(row)
        session.commit()
    return made.text


def publish(town: Town, server: Buyer, *, steps: list[Any] | None = None, **settings: Any) -> Address:
    """Publish a flow with one buyer and return where leads are posted to."""
    destination = settings.pop("destination", {})
    return publish_to(town, town.market.connect(server, mapping=MAPPING, **destination), steps=steps, **settings)


def publish_by(town: Town, server: MailServer, *methods: str) -> Address:
    """Publish a flow whose buyer gets leads by these methods, mail going out by a server."""
    mail = {"to": "leads@brightroof.example", "subject": "{{lead.first_name}} {{lead.phone_1}}"}
    inbox = {"notice": "ana@brightroof.example"}
    return publish_to(town, town.market.connect_by(*methods, mail=server, mapping=MAPPING, email=mail, inbox=inbox))


def publish_to(town: Town, connection: str, *, steps: list[Any] | None = None, **settings: Any) -> Address:
    """Publish a flow that offers its leads to one connection."""
    town.market.publish([*(steps or []), buyer(connection)], fields=FIELDS, **settings)
    with Session(town.market.database) as session:
        source = session.get_one(Source, town.market.source_id)
        flow = session.get_one(Flow, town.market.flow_id)
        key = a_key(session, source, "live")
        session.commit()
        return Address(f"/f/{flow.key}/{source.key}", key, connection)


@contextmanager
def running(town: Town) -> Iterator[None]:
    """Run web and workers, with everything logged."""
    mail = {"smtp_url": town.market.mail.url, "mail_from": "leads@acme.example"} if town.market.mail else {}
    own = replace(town.own, outbound_allow=tuple(town.market.allowed), **mail)
    environ = child_environ(own) | {"FLOWBUILDER_LOG_LEVEL": "debug", "FLOWBUILDER_REQUESTS_PER_MINUTE": "100000"}
    with ExitStack() as stack:
        for words in (("flowbuilder", "web"), ("workers", "leads"), ("workers", "jobs")):
            town.processes.append(stack.enter_context(started(town.home, *words, **environ)))
        eventually(lambda: _is_ready(own.public_url), seconds=60)
        yield


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=2).ok
    except requests.RequestException:
        return False
