"""What a proof leaves behind besides the database: the buyers' logs, what suppliers were told, and what was broken.

    folder/buyers/<name>.jsonl   one line for each request, written before it was answered
    folder/posted.jsonl          one line for each lead that was acknowledged with 2xx
    folder/faults.jsonl          one line for each fault
    folder/filled.jsonl          one line for each cap that more leads were posted for than it has places

Times are seconds since the epoch, by the one clock of the machine.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Decision = Literal["taken", "declined", "failed", "ignored", "bid", "no bid", "told"]

KILLED, PAUSED, STOPPED = "worker killed", "worker paused", "worker stopped"
AWAY = "PostgreSQL away"
"""From when PostgreSQL is surely gone until it is about to be started: within, nothing can be stored."""
WORKER_FAULTS = (KILLED, PAUSED, STOPPED)


@dataclass(frozen=True)
class Logged:
    """One request in a buyer's log, and what the buyer decided; whether we ever heard of it is another matter.

    `price` is what the lead was offered for, or what the buyer bid.
    """

    buyer: str
    key: str
    attempt: int
    email: str
    price: str
    decision: Decision
    at: float


@dataclass(frozen=True)
class Posted:
    """A lead that a supplier was told is taken, by the number under which it posted it.

    `sent` is when it last posted it, `at` when it was told; `quoted` is what it was told before that it gets for it,
    "" where it did not ask.
    """

    number: int
    lead: str
    sent: float
    at: float
    quoted: str = ""


@dataclass(frozen=True)
class Fault:
    """Something that was broken, from when until when."""

    what: str
    at: float
    until: float


@dataclass(frozen=True)
class Filled:
    """A cap for which there was more than enough demand in a stretch of time, by its own key."""

    cap: str
    at: float
    until: float


@dataclass
class Evidence:
    """Everything that a folder holds, read at once."""

    requests: list[Logged] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    filled: list[Filled] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> "Evidence":
        """Return what a folder holds; what was not written is empty."""
        requests = [Logged(**line) for path in sorted(folder.glob("buyers/*.jsonl")) for line in _lines(path)]
        posted = [Posted(**line) for line in _lines(folder / "posted.jsonl")]
        faults = [Fault(**line) for line in _lines(folder / "faults.jsonl")]
        return cls(requests, posted, faults, [Filled(**line) for line in _lines(folder / "filled.jsonl")])


class Record:
    """A file of lines that many threads write; each line is on its way to the disk when `add` returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, row: Any) -> None:
        """Write one line."""
        with self._lock:
            self._file.write(json.dumps(asdict(row)) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Breaking:
    """Writes down what is broken, and when."""

    def __init__(self, folder: Path) -> None:
        self._record = Record(folder / "faults.jsonl")

    @contextmanager
    def noted(self, what: str) -> Iterator[None]:
        """Write down one fault that lasts as long as the block."""
        at = time.time()
        yield
        self._record.add(Fault(what, at, time.time()))

    def close(self) -> None:
        """Close the file."""
        self._record.close()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
