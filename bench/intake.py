"""Prints what taking a lead in costs: posts per second, waiting times, and CPU per post of web, PostgreSQL and Valkey.

    python bench/intake.py [--posts 20000] [--connections 64] [--answered] [--profile FILE]

Everything runs on this machine and nothing but posts is measured. `stored` is a post that does not wait; with
`--answered` each post waits until a stand-in worker has marked its lead as sold. `--profile` writes a flame graph.
"""

import argparse
import json
import multiprocessing
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flowbuilder import config, db, embedded, enqueue, ids, keys  # noqa: E402
from flowbuilder.config import child_environ  # noqa: E402
from flowbuilder.models import Account, Flow, FlowVersion, Source, SourceKey  # noqa: E402

FIELDS = [
    {"key": "email", "type": "email", "required": True},
    {"key": "phone_1", "type": "phone", "required": True, "region": "US"},
    {"key": "state", "type": "state", "required": True},
    {"key": "first_name", "type": "name"},
    {"key": "last_name", "type": "name"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "credit_score", "type": "number"},
    {"key": "monthly_bill", "type": "money"},
    {"key": "city", "type": "text"},
    {"key": "postal_code", "type": "text"},
]
LEAD = {
    "phone_1": "(512) 555-0148",
    "state": "CA",
    "first_name": "Ana",
    "last_name": "Silva",
    "product": "solar",
    "credit_score": 700,
    "monthly_bill": 180,
    "city": "Los Angeles",
    "postal_code": "90012",
    "utm_source": "bench",
}
DOCUMENT = {"schema": 1, "fields": FIELDS, "steps": [], "fallback": {"id": "end", "do": "reject", "reason": "No"}}
MARK_SOLD = """
UPDATE lead SET state = 'done', outcome = 'sold', cost = 3150, finished_at = now()
WHERE state = 'received' RETURNING id, answer_to
"""


class Connection:
    """One keep-alive connection of the load, with at most one request on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._read = b""

    def send(self, request: bytes) -> None:
        """Send the next request."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Return the status of the answer once all of it has been read."""
        self._read += self.socket.recv(65536)
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(body) < length:
            return None
        self._read = b""
        return int(head[9:12])


def main() -> None:
    options = read_options()
    home = Path(tempfile.mkdtemp(prefix="fb-bench-"))
    try:
        servers = embedded.start(home)
        run(options, home, servers)
    finally:
        embedded.delete(home)
        shutil.rmtree(home, ignore_errors=True)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--answered", action="store_true")
    parser.add_argument("--profile", type=Path)
    return parser.parse_args()


def run(options: argparse.Namespace, home: Path, servers: embedded.Servers) -> None:
    db.migrate(servers.database_url)
    port = free_port()
    settings = config.override(
        {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "FLOWBUILDER_HOME": str(home),
            "FLOWBUILDER_WEB_PORT": str(port),
            "FLOWBUILDER_BACKLOG_LIMIT": "100000000",
        }
    )
    address, key = make_source(settings)
    environ = child_environ(settings) | {"FLOWBUILDER_BACKLOG_LIMIT": "100000000"}
    with web(environ, port) as process, stand_in(settings, is_wanted=options.answered):
        path, connections = f"{address}?wait={25 if options.answered else 0}", options.connections
        load(port, path, key, posts=options.posts // 10, connections=connections)
        with profile(process, options.profile):
            before = cpu_seconds(process, servers)
            started = time.perf_counter()
            times, statuses = load(port, path, key, posts=options.posts, connections=connections)
            seconds = time.perf_counter() - started
            spent = {name: value - before[name] for name, value in cpu_seconds(process, servers).items()}
        show(options, times, statuses, seconds, spent)
    check_rows(settings, options.posts + options.posts // 10)


def make_source(settings: config.Settings) -> tuple[str, str]:
    """Return the path and the key of a new source."""
    engine, now, made = db.make_engine(settings.database_url), datetime.now(UTC), keys.new_key("lk_live")
    with db.make_sessions(engine)() as session:
        account = Account(id=ids.new_id(), kind="seller", name="Bench", created_at=now)
        flow = Flow(id=ids.new_id(), account_id=account.id, key=ids.new_key(), name="Bench", draft=DOCUMENT)
        flow.draft_revision, flow.live_version, flow.created_at, flow.updated_at = 1, 1, now, now
        version = FlowVersion(flow_id=flow.id, number=1, document=DOCUMENT, published_at=now)
        source = Source(id=ids.new_id(), account_id=account.id, flow_id=flow.id, key=ids.new_key(), name="Bench")
        source.created_at = now
        key = SourceKey(id=made.id, source_id=source.id, mode="live", secret_hash=made.secret_hash, hint=made.hint)
        key.created_at = now
        for row in (account, flow, version, source, key):
            session.add(row)
            session.flush()
        session.commit()
        address = f"/f/{flow.key}/{source.key}"
    engine.dispose()
    return address, made.text


@contextmanager
def web(environ: dict[str, str], port: int) -> Iterator[psutil.Process]:
    """Run the web server; give the process that answers."""
    command = [sys.executable, "-m", "flowbuilder", "web"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
    try:
        wait_for_port(port)
        children = psutil.Process(process.pid).children(recursive=True)
        yield max(children, key=lambda child: child.memory_info().rss)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def stand_in(settings: config.Settings, *, is_wanted: bool) -> Iterator[None]:
    """Run a worker that marks every lead as sold."""
    process = multiprocessing.get_context("spawn").Process(
        target=sell_everything, args=(settings.database_url, settings.redis_url), daemon=True
    )
    if is_wanted:
        process.start()
    try:
        yield
    finally:
        if is_wanted:
            process.terminate()
            process.join()


def sell_everything(database_url: str, redis_url: str) -> None:
    redis = enqueue.connect(redis_url)
    with psycopg.connect(database_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        while True:
            enqueue.wait_for_wake(redis)
            finished: dict[str, list[enqueue.Finished]] = {}
            for lead_id, web_id in connection.execute(MARK_SOLD):
                finished.setdefault(web_id, []).append((lead_id, None))
            finished.pop(None, None)  # type: ignore[call-overload]
            if finished:
                enqueue.announce_finished(redis, finished)


@contextmanager
def profile(process: psutil.Process, into: Path | None) -> Iterator[None]:
    """Watch the web process from outside, if a file is named."""
    if into is None:
        yield
        return
    command = ["py-spy", "record", "--pid", str(process.pid), "--gil", "--format", "raw", "--rate", "200"]
    watcher = subprocess.Popen([*command, "--duration", "3600", "--output", str(into)], stdout=subprocess.DEVNULL)
    yield
    watcher.send_signal(signal.SIGINT)
    watcher.wait(30)


def load(port: int, path: str, key: str, *, posts: int, connections: int) -> tuple[list[float], dict[int, int]]:
    """Post so many leads over so many connections; return what each took (seconds), and how often each status came."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    )
    requests = (request(head, number) for number in range(posts))
    selector, times, statuses = selectors.DefaultSelector(), [], {}
    for _ in range(connections):
        connection = Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(requests))
    while len(times) < posts:
        for selected, _ in selector.select(30):
            connection = selected.data
            status = connection.status()
            if status is None:
                continue
            times.append(time.perf_counter() - connection.sent_at)
            statuses[status] = statuses.get(status, 0) + 1
            if (following := next(requests, None)) is not None:
                connection.send(following)
    for selected in list(selector.get_map().values()):
        selected.data.socket.close()
    return times, statuses


def request(head: str, number: int) -> bytes:
    body = json.dumps(LEAD | {"email": f"ana.silva.{number}@example.com"})
    return f"{head}{len(body)}\r\n\r\n{body}".encode()


def cpu_seconds(process: psutil.Process, servers: embedded.Servers) -> dict[str, float]:
    """Return the CPU seconds, user and system, that each part has used since it started."""
    postgres = psutil.Process(process_id(servers.postgres._pid_file))  # noqa: SLF001
    valkey = psutil.Process(process_id(servers.valkey._pid_file))  # noqa: SLF001
    backends = sum(used(child) for child in postgres.children())
    return {"web": used(process), "postgresql": used(postgres) + backends, "valkey": used(valkey)}


def used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def process_id(pid_file: Path) -> int:
    return int(pid_file.read_text().split()[0])


def show(
    options: argparse.Namespace, times: list[float], statuses: dict[int, int], seconds: float, spent: dict[str, float]
) -> None:
    ordered, posts = sorted(times), options.posts
    print(f"{'answered' if options.answered else 'stored'}: {posts} posts, {options.connections} connections")
    print(f"  posts/s {posts / seconds:8.0f}    statuses {statuses}")
    print(f"  p50 ms  {ordered[posts // 2] * 1000:8.1f}    p99 ms {ordered[posts * 99 // 100] * 1000:.1f}")
    for name, value in spent.items():
        print(f"  {name:10} {value * 1000 / posts:.3f} ms CPU per post")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for_port(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web server did not start")


def check_rows(settings: config.Settings, expected: int) -> None:
    """Say so when an answer was given for a lead that is not stored."""
    with psycopg.connect(settings.database_url.replace("+psycopg", "", 1)) as connection:
        found = connection.execute("SELECT count(*) FROM lead").fetchone()
    print(f"  rows {found[0] if found else 0}, posts {expected}")


if __name__ == "__main__":
    main()
