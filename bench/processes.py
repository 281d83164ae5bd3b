"""Starting what is measured, waiting for it, and what CPU it used."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import requests

STARTS_WITHIN = 60.0  # seconds


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], environ: dict[str, str], home: Path) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own; what it says goes into a file in `home`."""
    with (home / f"{Path(command[0]).name}.log").open("wb") as log:
        return subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)


def wait_for(ask: Callable[[], requests.Response]) -> None:
    """Return once a request succeeds; raises TimeoutError when none does within a minute."""
    give_up = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < give_up:
        with suppress(requests.RequestException):
            if ask().ok:
                return
        time.sleep(0.1)
    raise TimeoutError("A server did not start.")


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, user and system; none for one that has gone."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def cpu_of_all(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of all that it ever started, those that have ended too."""
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return float(ended) + sum(cpu_of(one) for one in tree(process))


def tree(process: psutil.Process) -> list[psutil.Process]:
    """Return a process with all that it started."""
    return [process, *process.children(recursive=True)]
