"""A process that ends at a crash point: `python -m tests.support.armed "after turn" 3 leads`.

Instead of `leads` it may do `copies`, or a `test` with an id. At a point whose name begins with `pause` it stands
still; `before posts` and `after posts` are those around a commit of leads that the web handed over. With `stopped` for
a name it is told to stop as soon as it takes signals, with `poison` it ends whenever it moves a lead from the state XX.
Its leases are short, so that what it leaves behind is taken soon. Tests start it by `start`, which forks it from a
process that has loaded everything.
"""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from types import SimpleNamespace
from typing import Any

from rq.worker.base import BaseWorker

from flowbuilder import config
from tests.support.market import Market
from workers import campaigns, crashpoints, engine, journal, steering, sweep
from workers.connection_test import run_test
from workers.copies import send_copies
from workers.main import main
from workers.rows import PostedRow

LEASE = timedelta(seconds=1.5)
STOP_GRACE = 0.3
SWEEP_EVERY = 0.3
SURVIVED = 3
POISON = "poison"
STOPPED = "stopped"
GRACE = "TESTS_STOP_GRACE"
"""The name under which a process is told for how many seconds its calls may go on once it has to stop."""
CAMPAIGN = "TESTS_CAMPAIGN"
"""The name under which a process is told which rows there are in every campaign, as JSON."""
PAUSE, POSTS = "pause ", " posts"
DEADLY = "XX"


def poison() -> None:
    """Let leads from one state end the process that moves them."""
    perform = steering._perform

    def perform_or_die(turn: Any, carried: Any, effect: Any) -> Any:
        if carried.row["fields"]["state"] == DEADLY:
            os._exit(crashpoints.CRASHED)
        return perform(turn, carried, effect)

    steering._perform = perform_or_die


def mark_posts() -> None:
    """Have places around each commit of leads that the web handed over."""
    write = journal.write_and_commit

    def write_between(database: Any, changes: Any) -> None:
        has_posts = bool(changes.added(PostedRow))
        if has_posts:
            crashpoints.crashpoint("before posts")
        write(database, changes)
        if has_posts:
            crashpoints.crashpoint("after posts")

    journal.write_and_commit = write_between


def stop_at_once() -> None:
    """Have the process be told to stop in the moment in which it begins to take signals."""
    install = BaseWorker._install_signal_handlers

    def install_and_stop(worker: BaseWorker) -> None:
        install(worker)
        signal.raise_signal(signal.SIGTERM)

    BaseWorker._install_signal_handlers = install_and_stop  # type: ignore[method-assign]


def stand_still() -> None:
    """Let the process stand still at its point instead of ending, until it gets SIGCONT."""
    crashpoints.os = SimpleNamespace(_exit=lambda _code: os.kill(os.getpid(), signal.SIGSTOP))  # type: ignore[assignment]


def work(name: str, passes: str, kind: str, *identifiers: str) -> None:
    """Do what a worker process does, until the named point is passed for the given time."""
    journal.LEASE, sweep.EVERY = LEASE, SWEEP_EVERY
    engine.STOP_GRACE = float(os.environ.get(GRACE, STOP_GRACE))
    if name == POISON:
        poison()
    if name.endswith(POSTS):
        mark_posts()
    if name == STOPPED:
        stop_at_once()
    if name.startswith(PAUSE):
        stand_still()
    crashpoints.arm(name.removeprefix(PAUSE), int(passes))
    if kind == "test":
        run_test(*identifiers)
    elif kind == "copies":
        send_copies()
    else:
        main(kind)
    sys.exit(SURVIVED)


def start(environ: Mapping[str, str], name: str, passes: int, *words: str) -> ForkServerProcess:
    """Start such a process with these settings; it is a real one, and its exit code says how it ended."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["__main__", __name__])
    process = forks.Process(target=_work_with, args=(dict(environ), name, str(passes), *words))
    process.start()
    return process


def start_worker(market: Market, name: str, passes: int, *words: str) -> ForkServerProcess:
    """Start such a worker on a market's servers; it carries leads unless told otherwise."""
    return start(config.child_environ(config.settings()) | market.environ, name, passes, *(words or ("leads",)))


def exit_code(process: ForkServerProcess, seconds: float = 60) -> int | None:
    """Wait for a process to end and return its exit code, None when it did not end in time."""
    process.join(seconds)
    return process.exitcode


def _work_with(environ: dict[str, str], *words: str) -> None:
    rows = json.loads(environ.pop(CAMPAIGN, "[]"))
    campaigns.NoCampaigns.rows = lambda *_asked: rows  # type: ignore[method-assign]
    config.override(environ)
    work(*words)  # type: ignore[arg-type]


if __name__ == "__main__":
    work(*sys.argv[1:])
