"""`flowbuilder serve`: embedded servers, web and workers as one process tree that starts and ends together."""

import http.client
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from flowbuilder import config, db, embedded, logs
from flowbuilder.config import Settings
from flowbuilder.serving.supervisor import Process, Stage, Supervisor

__all__ = ["Process", "ServeError", "Stage", "run", "tell_how_to_begin", "usual_processes"]


HAS_ACCOUNTS = text("SELECT EXISTS (SELECT FROM account)")
NOBODY = "nobody can sign in yet: flowbuilder account create --name Acme --email you@acme.example"


class ServeError(RuntimeError):
    """Why serving cannot begin, said in one sentence."""


@dataclass
class Wish:
    """What somebody asked for with a signal."""

    to_stop: bool = False


def usual_processes(settings: Settings) -> list[Process]:
    """Return the web server, the workers that carry leads, and the one for all other jobs."""
    python = sys.executable
    leads = [
        Process(f"leads-{number}", (python, "-m", "workers", "leads"), Stage.WORKER)
        for number in range(1, settings.lead_workers + 1)
    ]
    return [
        Process("web", (python, "-m", "flowbuilder", "web"), Stage.WEB),
        *leads,
        Process("jobs", (python, "-m", "workers", "jobs"), Stage.WORKER),
    ]


def run(
    settings: Settings,
    *,
    processes: Sequence[Process] | None = None,
    extra: Sequence[Process] = (),
    prepare: Callable[[Settings], None] | None = None,
    on_ready: Callable[[Settings], None] | None = None,
) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP; return the exit code.

    1. hold the home, start the embedded servers that are needed, migrate; then `prepare`, with the real addresses
    2. start `processes` (the usual ones, if not given) and `extra`; `on_ready`, in a thread, once the web answers
    3. at the end stop posters, web, workers, receivers, then Valkey, then PostgreSQL
    """
    _refuse_taken_port(settings)
    # What the others write goes through a pipe to this process; who reads it knows only this one.
    log_format = "json" if logs.wants_json(settings.log_format, sys.stdout) else "text"
    with _signals() as wish, embedded.for_serving(replace(settings, log_format=log_format)) as (live, servers):
        config.override({"DATABASE_URL": live.database_url, "REDIS_URL": live.redis_url})
        db.migrate(live.database_url)
        if prepare is not None and not wish.to_stop:
            prepare(live)
        started = [*(usual_processes(live) if processes is None else processes), *extra]
        return _Serving(live, servers, wish, on_ready).until_stopped(started)


class _Serving:
    """The time between start and stop."""

    def __init__(
        self,
        settings: Settings,
        servers: embedded.Servers | None,
        wish: Wish,
        on_ready: Callable[[Settings], None] | None,
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._wish = wish
        self._on_ready = on_ready
        self._is_ready = False
        self._exit_code = 0
        self._check_at = 0.0

    def until_stopped(self, processes: Sequence[Process]) -> int:
        """Run the processes until somebody wants an end; return the exit code."""
        supervisor = Supervisor(config.child_environ(self._settings), say)
        try:
            if not self._wish.to_stop:
                supervisor.add(processes)
            while not self._wish.to_stop:
                supervisor.attend(0.1)
                self._check()
        finally:
            say("serve", "stopping")
            supervisor.stop()
        return self._exit_code

    def _check(self) -> None:
        if not self._is_ready and web_answers(self._settings):
            self._is_ready = True
            say("serve", f"ready at {self._settings.public_url}")
            threading.Thread(target=self._tell_ready, daemon=True).start()
        if time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + 1
            self._revive_servers()

    def _tell_ready(self) -> None:
        if self._on_ready is None:
            return
        done = False
        try:
            self._on_ready(self._settings)
            done = True
        finally:
            # What it says went wrong is printed by the thread; serving on without it would look like success.
            if not done:
                self._exit_code = 1
                self._wish.to_stop = True

    def _revive_servers(self) -> None:
        if self._servers is None:
            return
        try:
            for name in self._servers.revive():
                say("serve", f"{name} had ended and was started again")
        except embedded.EmbeddedError as problem:
            say("serve", f"{problem} It is tried again.")
            self._check_at += 5


def say(name: str, line: str) -> None:
    """Print a line with the name of who said it, as JSON if that was asked for.

    A terminal that is gone is no reason to end.
    """
    shown = logs.said(name, line) if config.settings().log_format == "json" else f"{name:<8} | {line}"
    try:
        print(shown, flush=True)
    except OSError:
        return


def tell_how_to_begin(settings: Settings) -> None:
    """Say how an account is made, as long as nobody can sign in."""
    engine = db.make_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            has_accounts = connection.scalar(HAS_ACCOUNTS)
    except OperationalError:
        return
    finally:
        engine.dispose()
    if not has_accounts:
        say("serve", NOBODY)


def web_answers(settings: Settings) -> bool:
    """Return whether the web server answers its health check."""
    host = "127.0.0.1" if settings.web_host in ("0.0.0.0", "::") else settings.web_host  # noqa: S104 - compared only
    connection = http.client.HTTPConnection(host, settings.web_port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.web_host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((settings.web_host, settings.web_port))
        except OSError as problem:
            where = f"{settings.web_host}:{settings.web_port}"
            raise ServeError(f"Cannot listen on {where} ({problem.strerror}): choose another with --port.") from None


@contextmanager
def _signals() -> Iterator[Wish]:
    wish = Wish()

    def note(_number: int, _frame: FrameType | None) -> None:
        wish.to_stop = True

    wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in wanted}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
