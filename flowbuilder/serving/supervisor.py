"""Runs processes, prints their lines, starts again whichever ends, and stops them in order."""

import contextlib
import enum
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowbuilder.serving import tether

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_AFTER = 30.0


class Stage(enum.IntEnum):
    """When a process is stopped: who brings work first, who is needed by others last."""

    POSTER = 1
    WEB = 2
    WORKER = 3
    RECEIVER = 4


@dataclass(frozen=True)
class Process:
    """A program to keep running; `stop_within` are the seconds it gets between SIGTERM and SIGKILL."""

    name: str
    command: tuple[str, ...]
    stage: Stage
    stop_within: float = 20.0


class Run:
    """A process from its start to its end, in a session of its own, where Ctrl-C does not reach it."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        launcher = [sys.executable, "-S", "-E", str(tether.__file__), str(os.getpid())]
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as end:
            self._process = subprocess.Popen(  # noqa: S603 - the commands are our own
                [*launcher, *command],
                cwd=ROOT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=end,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        os.set_blocking(reader, False)
        self.output = reader
        self.started_at = time.monotonic()
        self._unfinished_line = b""

    def read_lines(self) -> list[str] | None:
        """Return the whole lines written since the last call; None when nothing more will come."""
        try:
            read = os.read(self.output, 65536)
        except BlockingIOError:
            return []
        if not read:
            return None
        *lines, self._unfinished_line = (self._unfinished_line + read).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def exit_code(self) -> int | None:
        """Return the code it ended with, or None while it runs."""
        return self._process.poll()

    def ask_to_end(self) -> None:
        """Send SIGTERM to it alone: what it started is its own to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, with all that it started."""
        self._process.kill()
        self._kill_family()

    def close(self) -> None:
        """After its end: end what it left running and read no more of it."""
        self._kill_family()
        os.close(self.output)

    def _kill_family(self) -> None:
        # By session and not by process group: a worker gives the process of each job a group of its own.
        for process_id in _members_of_session(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)


class Child:
    """A process that is kept running, and when it is started again after it has ended."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.run: Run | None = None
        self.start_at = 0.0
        self._delay = FIRST_DELAY

    def end(self, run: Run) -> float:
        """Take note that it ended; return the seconds until it is started again, more each time it does not last."""
        now = time.monotonic()
        wait = FIRST_DELAY if now - run.started_at > STEADY_AFTER else self._delay
        self._delay = min(wait * 2, LONGEST_DELAY)
        self.start_at = now + wait
        self.run = None
        return wait


class Supervisor:
    """Keeps a set of processes running until it is told to stop them."""

    def __init__(self, environ: Mapping[str, str], say: Callable[[str, str], None]) -> None:
        self._environ = environ
        self._say = say
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()

    def add(self, processes: Sequence[Process]) -> None:
        """Start these too."""
        for process in processes:
            child = Child(process)
            self._children.append(child)
            self._start(child)

    def attend(self, seconds: float) -> None:
        """Print what was written within so many seconds, and start again what has ended and waited long enough."""
        self._print_lines(seconds)
        for child, code, wait in self._notice_ends():
            self._say(child.process.name, f"ended with code {code}, starts again in {wait:g} s")
        for child in self._children:
            if child.run is None and time.monotonic() >= child.start_at:
                self._start(child)

    def stop(self) -> None:
        """Stop all, stage by stage; returns when none is left."""
        for stage in Stage:
            self._stop_stage([child for child in self._children if child.process.stage is stage])
        self._selector.close()

    def _start(self, child: Child) -> None:
        child.run = Run(child.process.command, self._environ)
        self._selector.register(child.run.output, selectors.EVENT_READ, child)

    def _stop_stage(self, children: Sequence[Child]) -> None:
        begun = time.monotonic()
        for run in _running(children):
            run.ask_to_end()
        while left := [child for child in children if child.run is not None]:
            self._print_lines(0.05)
            self._notice_ends()
            spent = time.monotonic() - begun
            for run in _running([child for child in left if spent > child.process.stop_within]):
                run.kill()

    def _print_lines(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            if child.run is not None:
                self._print_some(child.process.name, child.run)

    def _print_some(self, name: str, run: Run) -> bool:
        lines = run.read_lines()
        for line in lines or []:
            self._say(name, line)
        if lines is None:
            self._selector.unregister(run.output)
        return bool(lines)

    def _notice_ends(self) -> list[tuple[Child, int, float]]:
        ended = []
        for child in self._children:
            if child.run is None or (code := child.run.exit_code()) is None:
                continue
            self._let_go(child.process.name, child.run)
            ended.append((child, code, child.end(child.run)))
        return ended

    def _let_go(self, name: str, run: Run) -> None:
        watched = self._selector.get_map()
        while run.output in watched and self._print_some(name, run):
            pass
        if run.output in watched:
            self._selector.unregister(run.output)
        run.close()


def _running(children: Sequence[Child]) -> list[Run]:
    return [child.run for child in children if child.run is not None]


def _members_of_session(session: int) -> list[int]:
    members = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _state, _parent, _group, found, *_ = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(found) == session:
            members.append(int(status.parent.name))
    return members
