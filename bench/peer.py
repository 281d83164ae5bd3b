"""The peer: Node-RED doing the same durable work on the same PostgreSQL server, in a database of its own.

It stores the lead, takes one place in a cap, records the attempt, calls the buyer, records the answer, sets the status
and answers the supplier, each in a transaction of its own, as its users write it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import requests
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bench.processes import cpu_of, free_port, start, wait_for

HERE = Path(__file__).resolve().parent / "peer"
PROGRAM = HERE / "node_modules/node-red/red.js"
TABLES = """
CREATE TABLE leads (id bigserial PRIMARY KEY, body jsonb, status text, at timestamptz DEFAULT now());
CREATE TABLE events (id bigserial PRIMARY KEY, lead_id bigint, body jsonb, at timestamptz DEFAULT now());
CREATE TABLE cap (id int PRIMARY KEY, used int, lim int);
INSERT INTO cap VALUES (1, 0, 100000000);
"""


@dataclass(frozen=True)
class Peer:
    """The running peer: where to post, and where its rows are."""

    post_url: str
    database_url: str
    process: int
    source_key: str = ""

    def stored(self) -> int:
        """Return how many leads are stored and sold."""
        with psycopg.connect(self.database_url) as database:
            [count] = database.execute("SELECT count(*) FROM leads WHERE status = 'success'").fetchone() or (0,)
            return int(count)

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds spent so far by Node-RED itself."""
        return {"node-red": cpu_of(psutil.Process(self.process))}


def install() -> None:
    """Fetch the peer's packages, as its lock says, unless they are there."""
    if not PROGRAM.exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel", "error"], cwd=HERE, check=True)


@contextmanager
def a_peer(database_url: str, buyer_url: str, home: Path) -> Iterator[Peer]:
    """Run the peer beside what is measured, and stop it afterwards; its logs and files are in `home`."""
    home.mkdir()
    own_url = _make_database(database_url)
    flow = home / "flow.json"
    flow.write_text((HERE / "flow.json").read_text().replace("$(BUYER_URL)", buyer_url))
    port = free_port()
    environ = os.environ | {
        "PEER_PORT": str(port),
        "PEER_HOME": str(home),
        "PEER_FLOW": str(flow),
        "PEER_DATABASE": own_url,
        "NODE_PATH": str(HERE / "node_modules"),
        "NODE_ENV": "production",
    }
    node = shutil.which("node") or "node"
    process = start([node, str(PROGRAM), "--settings", str(HERE / "settings.js")], environ, home)
    try:
        # A lead of another state is stored and turned away: the flow runs.
        wait_for(lambda: requests.post(f"http://127.0.0.1:{port}/lead", json={"state": "NV"}, timeout=5))
        yield Peer(f"http://127.0.0.1:{port}/lead", own_url, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _make_database(database_url: str) -> str:
    """Make the peer's database with its tables; return the address as Node's driver and psycopg both read it."""
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute(sql.SQL("DROP DATABASE IF EXISTS peer WITH (FORCE)"))
        database.execute(sql.SQL("CREATE DATABASE peer"))
    known = conninfo_to_dict(database_url)
    own_url = f"postgresql://{known['user']}@/peer?host={known['host']}"
    with psycopg.connect(own_url) as database:
        database.execute(TABLES)
    return own_url
