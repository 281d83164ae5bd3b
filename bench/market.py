"""What the benchmarks run on: the real thing in a home of its own, a flow through its API, and a buyer that accepts."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from flowbuilder import embedded

HERE = Path(__file__).resolve().parent
FIELDS = [
    {"key": "email", "type": "email", "required": True},
    {"key": "phone_1", "type": "phone", "required": True, "region": "US"},
    {"key": "first_name", "type": "name"},
    {"key": "last_name", "type": "name"},
    {"key": "state", "type": "state", "required": True},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "credit_score", "type": "number"},
    {"key": "monthly_bill", "type": "money"},
    {"key": "homeowner", "type": "boolean"},
    {"key": "city", "type": "text"},
]
THREE_RULES = {
    "and": [
        {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]},
        {"is": [{"var": "lead.product"}, "solar"]},
        {"at_least": [{"var": "lead.credit_score"}, 650]},
    ]
}
STARTS_WITHIN = 60.0
KINDS = {"postgres": "postgres", "flowbuilder web": "web", "workers leads": "workers", "workers jobs": "jobs"}
"""How processes are told apart by their command lines."""


@dataclass(frozen=True)
class Market:
    """A served flow: where to post, with which key, and the processes to look at."""

    url: str
    post_url: str
    source_key: str
    buyer_url: str
    database_url: str
    server: int

    def answered(self) -> int:
        """Return how many posts the web answered with 201 or 202."""
        lines = requests.get(f"{self.url}/metrics", timeout=5).text.splitlines()
        counted = [line.split() for line in lines if line.startswith('flowbuilder_posts_total{status="20')]
        return sum(int(float(value)) for _, value in counted)

    def bought(self) -> int:
        """Return how many leads the buyer took."""
        return int(requests.get(self.buyer_url, timeout=5).text)

    def stored(self) -> int:
        """Return how many leads are stored and sold."""
        with psycopg.connect(self.database_url) as database:
            return int(database.execute("SELECT count(*) FROM lead WHERE outcome = 'sold'").fetchone()[0])  # type: ignore[index]

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds spent so far by each kind of process."""
        with psycopg.connect(self.database_url) as database:
            backend = psutil.Process(database.info.backend_pid)
            postmaster = backend.parent() or backend
        spent: dict[str, float] = {}
        for process in (*_tree(psutil.Process(self.server)), *_tree(postmaster)):
            with suppress(psutil.NoSuchProcess):  # connections to the database come and go
                name = next((name for mark, name in KINDS.items() if mark in " ".join(process.cmdline())), "serve")
                times = process.cpu_times()
                spent[name] = spent.get(name, 0.0) + times.user + times.system
        return spent


@contextmanager
def a_market(buyer_delay_ms: int) -> Iterator[Market]:
    """Serve a flow of a filter with three rules, a cap and a buyer, on a fresh home, and stop everything afterwards."""
    port, buyer_port = free_port(), free_port()
    home = tempfile.mkdtemp(prefix="fb-bench-")
    servers = embedded.start(Path(home))
    addresses = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    allowed = {"OUTBOUND_ALLOW": f"127.0.0.1:{buyer_port}", "FLOWBUILDER_HOME": home}
    environ = os.environ | addresses | allowed
    buyer = _start(["node", str(HERE / "buyer.js"), str(buyer_port), str(buyer_delay_ms)], environ, home)
    server = _start([sys.executable, "-m", "flowbuilder", "serve", "--port", str(port)], environ, home)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/healthz")
        yield _publish(url, f"http://127.0.0.1:{buyer_port}", environ, server.pid)
    finally:
        for process in (server, buyer):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        embedded.delete(Path(home))


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain(database_url: str) -> str:
    """Return a database's address as psycopg itself reads it."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


def _publish(url: str, buyer_url: str, environ: dict[str, str], server: int) -> Market:
    command = [sys.executable, "-m", "flowbuilder", "account", "create", "--kind", "seller", "--name", "Bench"]
    made = subprocess.run(
        [*command, "--email", "bench@example.com", "--json"], env=environ, capture_output=True, check=True
    )
    api_key = json.loads(made.stdout)["api_key"]
    api = _Api(f"{url}/api/v1", api_key)
    connection = api.post("/connections", {"name": "Buyer", "destination": _destination(buyer_url)})["id"]
    flow = api.post("/flows", {"name": "Bench", "document": _document(connection)})["id"]
    api.post(f"/flows/{flow}/publish", {})
    source = api.post("/sources", {"flow_id": flow, "name": "Load"})
    return Market(url, source["post_url"], source["key"], buyer_url, plain(environ["DATABASE_URL"]), server)


@dataclass(frozen=True)
class _Api:
    url: str
    key: str

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(self.url + path, json=body, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)
        answer.raise_for_status()
        parsed: dict[str, Any] = answer.json()
        return parsed


def _destination(buyer_url: str) -> dict[str, Any]:
    names = [field["key"] for field in FIELDS]
    return {
        "url": f"{buyer_url}/leads",
        "format": "json",
        "mapping": [[name, {"var": f"lead.{name}"}] for name in names],
        "accepted_if": {"is": [{"var": "body.status"}, "accepted"]},
        "reference_path": "body.id",
    }


def _document(connection: str) -> dict[str, Any]:
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": FIELDS,
        "steps": [
            {"filter": {"id": "s1", "continue_if": THREE_RULES, "reason": "Not wanted"}},
            {"cap": {"id": "s2", "limit": 100_000_000, "per": "day"}},
            {"buyer": {"id": "s3", "connection": connection, "price": 42}},
        ],
        "fallback": {"id": "s4", "do": "reject"},
    }


def _start(command: list[str], environ: dict[str, str], home: str) -> subprocess.Popen[bytes]:
    with Path(home, f"{Path(command[0]).name}.log").open("wb") as log:
        return subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            if time.monotonic() > give_up:
                raise
        time.sleep(0.1)
