"""What the benchmarks run on: the real thing in a home of its own, a flow through its API, and a buyer that accepts."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
import requests

from bench.processes import cpu_of, free_port, start, tree, wait_for
from bench.shapes import FIELDS, SHORT_FLOW, Connect
from flowbuilder import embedded

NIL = UUID(int=0)
HERE = Path(__file__).resolve().parent
Write = Callable[[Connect], dict[str, Any]]
"""Writes the document of a flow to the connections that it makes."""
KINDS = {"flowbuilder web": "web", "workers leads": "workers", "workers jobs": "jobs"}
"""How processes are told apart by their command lines."""


@dataclass(frozen=True)
class Market:
    """A served flow: where to post, with which key, and the processes to look at; `sources` are those of all flows."""

    url: str
    post_url: str
    source_key: str
    buyer_url: str
    database_url: str
    server: int
    sources: list[tuple[str, str]]

    def answered(self) -> int:
        """Return how many posts the web answered with 201 or 202."""
        lines = requests.get(f"{self.url}/metrics", timeout=5).text.splitlines()
        counted = [line.split() for line in lines if line.startswith('flowbuilder_posts_total{status="20')]
        return sum(int(float(value)) for _, value in counted)

    def bought(self) -> int:
        """Return how many leads the buyer took."""
        return int(requests.get(self.buyer_url, timeout=5).text)

    def stored(self, since: UUID = NIL) -> int:
        """Return how many leads are stored and sold, counted from an id on."""
        count = "SELECT count(*) FROM lead WHERE outcome = 'sold' AND id >= %s"
        with psycopg.connect(self.database_url) as database:
            return int(database.execute(count, [since]).fetchone()[0])  # type: ignore[index]

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds spent so far by each kind of process."""
        spent: dict[str, float] = {}
        for process in tree(psutil.Process(self.server)):
            with suppress(psutil.NoSuchProcess):
                name = next((name for mark, name in KINDS.items() if mark in " ".join(process.cmdline())), "serve")
                spent[name] = spent.get(name, 0.0) + cpu_of(process)
        return spent


@contextmanager
def a_buyer(delay_ms: int, home: Path) -> Iterator[str]:
    """Run a buyer that takes every lead after so many milliseconds; give its address."""
    port = free_port()
    process = start(["node", str(HERE / "buyer.js"), str(port), str(delay_ms)], dict(os.environ), home)
    try:
        wait_for(lambda: requests.get(f"http://127.0.0.1:{port}", timeout=5))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


@contextmanager
def a_market(
    servers: embedded.Servers, buyer_url: str, home: Path, write: Write = SHORT_FLOW, flows: int = 1
) -> Iterator[Market]:
    """Serve flows of one document, and stop serving afterwards.

    Posts go to the first of the flows; all are live.
    """
    port = free_port()
    addresses = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    allowed = {"OUTBOUND_ALLOW": buyer_url.removeprefix("http://"), "FLOWBUILDER_HOME": str(home)}
    # Posts of leads are not counted by this limit; hundreds of flows made in a moment, and pages asked for, are.
    limits = {"FLOWBUILDER_REQUESTS_PER_MINUTE": "1000000"}
    environ = os.environ | addresses | allowed | limits
    server = start([sys.executable, "-m", "flowbuilder", "serve", "--port", str(port)], environ, home)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: requests.get(f"{url}/healthz", timeout=5))
        sources = _publish(_Api(f"{url}/api/v1", _account(environ)), buyer_url, write, flows)
        yield Market(url, *sources[0], buyer_url, plain(servers.database_url), server.pid, sources)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def plain(database_url: str) -> str:
    """Return a database's address as psycopg itself reads it."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


def _account(environ: dict[str, str]) -> str:
    """Create the seller, and return its API key."""
    command = [sys.executable, "-m", "flowbuilder", "account", "create", "--kind", "seller", "--name", "Bench"]
    made = subprocess.run(
        [*command, "--email", "bench@example.com", "--json"], env=environ, capture_output=True, check=True
    )
    api_key: str = json.loads(made.stdout)["api_key"]
    return api_key


def _publish(api: "_Api", buyer_url: str, write: Write, flows: int) -> list[tuple[str, str]]:
    """Publish flows, and return where to post to each and with which key."""
    document = write(lambda path, ping="": _connect(api, buyer_url, path, ping))
    sources = [_source(api, document) for _ in range(flows)]
    return [(source["post_url"], source["key"]) for source in sources]


def _source(api: "_Api", document: dict[str, Any]) -> dict[str, Any]:
    """Publish a flow, and return a source of it with its address and key."""
    flow = api.post("/flows", {"name": "Bench", "document": document})["id"]
    api.post(f"/flows/{flow}/publish", {})
    return api.post("/sources", {"flow_id": flow, "name": "Load"})


def _connect(api: "_Api", buyer_url: str, path: str, ping: str) -> str:
    """Make a connection to a path of the buyer, with a ping to another path if there is one; return its id."""
    destination = _destination(f"{buyer_url}/{path}")
    if ping:
        destination["ping"] = {"url": f"{buyer_url}/{ping}", "bid_path": "body.bid", "bid_id_path": "body.bid_id"}
    made: str = api.post("/connections", {"name": f"Buyer at {ping or path}", "destination": destination})["id"]
    return made


@dataclass(frozen=True)
class _Api:
    url: str
    key: str

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(self.url + path, json=body, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)
        answer.raise_for_status()
        parsed: dict[str, Any] = answer.json()
        return parsed


def _destination(url: str) -> dict[str, Any]:
    names = [field["key"] for field in FIELDS]
    return {
        "url": url,
        "format": "json",
        "mapping": [[name, {"var": f"lead.{name}"}] for name in names],
        "accepted_if": {"is": [{"var": "body.status"}, "accepted"]},
        "reference_path": "body.id",
    }
