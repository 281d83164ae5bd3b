"""Starting our commands as a person would, reading what they say, and seeing what they leave behind."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowbuilder import embedded
from flowbuilder.embedded.homes import sockets_folder

ROOT = Path(__file__).resolve().parents[2]


class Started:
    """A command that runs in a process group of its own, as in a terminal."""

    def __init__(self, home: Path, *words: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env={**os.environ, "FLOWBUILDER_HOME": str(home), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._has_ended = False
        self._heard = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, words: str, seconds: float = 60) -> str:
        """Return the first line with these words, as soon as it was said."""
        with self._heard:
            self._heard.wait_for(lambda: self._line_with(words) or self._has_ended, seconds)
        if (line := self._line_with(words)) is None:
            raise AssertionError(f"{words!r} was not said:\n" + "".join(self.said))
        return line

    def signal(self, how: signal.Signals) -> None:
        """Send a signal to its process group, as a terminal does."""
        os.killpg(self.process.pid, how)

    def end(self, seconds: float = 60) -> int:
        """Return the exit code once it has ended and all it said was read."""
        code = self.process.wait(seconds)
        self._reader.join(seconds)
        return code

    def _line_with(self, words: str) -> str | None:
        return next((line for line in self.said if words in line), None)

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._heard:
                self.said.append(line)
                self._heard.notify_all()
        with self._heard:
            self._has_ended = True
            self._heard.notify_all()


@contextmanager
def started(home: Path, *words: str, **environ: str) -> Iterator[Started]:
    """Run a command; whatever happens, nothing of it and of its home is left afterwards."""
    running = Started(home, *words, **environ)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.signal(signal.SIGKILL)
        running.end()
        if running.process.stdout is not None:
            running.process.stdout.close()
        eventually(lambda: not processes_of(home, "stand_in"))
        embedded.delete(home)


def processes_of(home: Path, words: str = "") -> dict[int, str]:
    """Return the living processes of a home by their ids, with their command lines, those with `words` in them."""
    marks = (f"FLOWBUILDER_HOME={home}\0".encode(), sockets_folder(home.resolve()).name.encode())
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            seen = command + b"\0" + (folder / "environ").read_bytes()
        except OSError:
            continue
        if any(mark in seen for mark in marks) and int(folder.name) != os.getpid():
            found[int(folder.name)] = command.replace(b"\0", b" ").decode()
    return {pid: command for pid, command in found.items() if words in command}


def eventually(holds: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def policy_of(pid: int = 0) -> int | None:
    """Return what the scheduler takes a thread for, this one by default; None where it cannot be told."""
    return os.sched_getscheduler(pid) if sys.platform == "linux" else None


def policy_of_the_patient() -> int | None:
    """Return what the scheduler takes a process for that asks to be patient: as it was before where none may be so."""
    told = "import os; from flowbuilder.scheduling import be_patient; be_patient(); print(os.sched_getscheduler(0))"
    if sys.platform != "linux":
        return None
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, check=True, timeout=60)
    return int(done.stdout)


PORTS = range(16_000, 32_000)
"""Below those that systems hand out: until a slow start has bound its port, no other server or caller is given it."""


def free_port() -> str:
    """Return a port that nobody listens on."""
    while True:
        port = secrets.choice(PORTS)  # The test processes are seeded alike and would choose the same at random.
        with socket.socket() as door, suppress(OSError):
            door.bind(("127.0.0.1", port))
            return str(port)
