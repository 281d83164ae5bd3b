"""Real processes of the product on servers of their own: web and lead workers that a test stops, kills and pauses."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from sqlalchemy.orm import Session

from flowbuilder import config, embedded
from flowbuilder.models import Flow, Source
from tests.support.forked import Forked
from tests.support.market import Market
from tests.support.processes import free_port
from tests.support.supplier import a_key

WORKER = ("-m", "workers", "leads")
Worker = subprocess.Popen[bytes] | Forked


@dataclass
class Yard:
    """A market, and the processes that serve it."""

    market: Market
    servers: embedded.Servers
    port: str = field(default_factory=free_port)
    workers: list[Worker] = field(default_factory=list)
    web: subprocess.Popen[bytes] | None = None
    redis_url: str = ""
    """Where its processes reach Valkey, if that is not where the servers say."""
    forks: bool = False
    """Whether its workers are forked, and so begin at once."""
    said: Path | None = None
    """The file that its processes write their errors to, instead of the terminal."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, *command: str, called: str = "") -> subprocess.Popen[bytes]:
        """Start a process of ours with the settings of this yard; the database knows it by what it is `called`."""
        with ExitStack() as stack:
            said = stack.enter_context(self.said.open("ab")) if self.said else None
            return subprocess.Popen([sys.executable, *command], env=self._environ(called), stderr=said)

    def begin(self, called: str = "") -> Worker:
        """Start a lead worker."""
        return Forked(self._environ(called), "leads", self.said) if self.forks else self.start(*WORKER, called=called)

    def _environ(self, called: str) -> dict[str, str]:
        allowed = ",".join(f"{host}:{port}" for host, port in self.market.allowed)
        return config.child_environ(config.settings()) | {
            "DATABASE_URL": f"{self.market.url}&application_name={called}" if called else self.market.url,
            "REDIS_URL": self.redis_url or self.servers.redis_url,
            "OUTBOUND_ALLOW": allowed,
            "FLOWBUILDER_WEB_PORT": self.port,
            "FLOWBUILDER_LOG_LEVEL": "error",
        }

    def hire(self, many: int = 1) -> None:
        """Start lead workers."""
        with self.lock:
            self.workers.extend(self.begin() for _ in range(many))

    def replace(self, worker: Worker, how: signal.Signals, seconds: float = 60) -> tuple[int, float]:
        """Send a worker a signal, start another, and return the exit code of the old one and how long it took."""
        began = time.monotonic()
        worker.send_signal(how)
        self.hire()
        code = worker.wait(seconds)
        with self.lock:
            self.workers.remove(worker)
        return code, time.monotonic() - began

    def revive(self) -> None:
        """Start a worker for each that has ended by itself, as the supervisor does."""
        with self.lock:
            self.workers = [worker if worker.poll() is None else self.begin() for worker in self.workers]

    def open(self) -> None:
        """Start the web, and return once it answers."""
        self.web = self.start("-m", "flowbuilder", "web")
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline, "the web does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def handed_over(self) -> str:
        """Return how many posts the web gave straight to a loop so far, as it says."""
        try:
            told = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10).text
        except requests.RequestException as problem:
            return type(problem).__name__
        return " ".join(re.findall(r"^flowbuilder_posts_handed_over_total (\d+)", told, re.MULTILINE)) or "?"

    def address(self) -> tuple[str, str]:
        """Return where suppliers post to, and with which key."""
        with Session(self.market.database) as session:
            flow = session.get_one(Flow, self.market.flow_id)
            source = session.get_one(Source, self.market.source_id)
            key = a_key(session, source, "live")
            session.commit()
            return f"http://127.0.0.1:{self.port}/f/{flow.key}/{source.key}", key

    def close(self) -> None:
        """End every process that is left."""
        processes = [*self.workers, *([self.web] if self.web else [])]
        for process in processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in processes:
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def a_yard(market: Market, servers: embedded.Servers) -> Iterator[Yard]:
    """Give a yard without processes yet; none is left afterwards."""
    yard = Yard(market, servers)
    try:
        yield yard
    finally:
        yard.close()


@contextmanager
def posting(post: Callable[[int], object], rate: float, most: int | None = None, threads: int = 4) -> Iterator[None]:
    """Have leads posted meanwhile, so many in a second, numbered from 0; ends early only when told to."""
    ends, numbers, lock = threading.Event(), iter(range(most or 10**9)), threading.Lock()
    began = time.monotonic()

    def work() -> None:
        while not ends.is_set():
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            ends.wait(max(0.0, began + number / rate - time.monotonic()))
            post(number)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        if most is None:
            ends.set()
        for worker in workers:
            worker.join()
