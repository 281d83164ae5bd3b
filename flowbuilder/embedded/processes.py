"""Small questions about processes that other processes started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowbuilder.embedded.errors import EmbeddedError
from flowbuilder.scheduling import patient_children


@dataclass(frozen=True)
class Account:
    """The system account that servers run as."""

    uid: int
    gid: int


def run_program(command: Sequence[str | Path], account: Account | None, cwd: Path, stdin: str = "") -> None:
    """Run a program to its end, as `account` if given, out of reach of Ctrl-C; raises EmbeddedError if it fails.

    Servers that it leaves behind are patient.
    """
    who = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    with patient_children():
        done = subprocess.run(  # noqa: S603 - the programs come from our own packages
            [str(part) for part in command],
            cwd=cwd,
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
            **who,  # type: ignore[call-overload]
        )
    if done.returncode != 0:
        raise EmbeddedError(f"{Path(command[0]).name} ended with code {done.returncode}: {done.stdout.strip()}")


def process_id(file: Path) -> int | None:
    """Return the process id that stands first in a pid file, or None."""
    try:
        return int(file.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def is_alive(pid: int | None, name: str) -> bool:
    """Return whether the process runs and, where the system can tell, is the program called `name`."""
    if pid is None:
        return False
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        return _runs_as(status, name)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def kill(pid: int | None, how: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    if pid is None:
        return
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    """Return whether something happened within so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _runs_as(status: Path, name: str) -> bool:
    # A process that ended and was not waited for (state Z) is gone for us; its number may belong to another by now.
    try:
        found, rest = status.read_text().split("(", 1)[1].rsplit(")", 1)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return found == name[:15] and rest.split()[0] not in "ZX"
