"""Workers that begin at once: forked from a process that has loaded everything, and otherwise like any other.

A proof that kills a worker every two seconds would else kill mostly workers that are still loading.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from flowbuilder import config
from workers import (
    jobs,  # noqa: F401  (what the queue calls by name)
    main,
)


class Forked:
    """A worker process, to be handled as `subprocess.Popen` is."""

    def __init__(self, environ: Mapping[str, str], kind: str, said: Path | None) -> None:
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(["__main__", __name__])
        self._process = forks.Process(target=_work, args=(dict(environ), kind, str(said) if said else None))
        self._process.start()

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code; raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("a forked worker", timeout or 0.0)
        return code

    def send_signal(self, how: signal.Signals) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, how)

    def terminate(self) -> None:
        """Tell it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _work(environ: dict[str, str], kind: str, said: str | None) -> None:
    if said:
        with Path(said).open("ab") as file:
            os.dup2(file.fileno(), sys.stderr.fileno())
    config.override(environ)
    sys.exit(main.main(kind))
