"""What the commands of the proofs share: servers and a folder of their own, and the checker as its own program."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flowbuilder import embedded
from tests.support.battle import Battle
from tests.support.servers import private_servers
from tests.support.verdicts import Verdict


def numbers(words: Sequence[str], *otherwise: int) -> list[int]:
    """Return the whole numbers of a command line; what is left out is as given."""
    given = [int(word) for word in words]
    return [*given, *otherwise[len(given) :]]


@contextmanager
def in_private(name: str) -> Iterator[tuple[embedded.Servers, Path]]:
    """Give servers that write to the disk as in earnest, and a folder for what the proof leaves behind."""
    with tempfile.TemporaryDirectory(prefix=f"fb-{name}-") as folder, private_servers(fsync=True) as servers:
        yield servers, Path(folder)


def judged(battle: Battle, *own: Verdict) -> int:
    """Print a proof's own verdicts, and have the checker read the logs and the database and print its own.

    Returns 1 when a promise is broken, else 0.
    """
    sys.stdout.write(f"{battle.yard.handed_over()} posts went straight to a loop\n")
    battle.yard.close()
    sys.stdout.write("".join(f"{verdict.said()}\n" for verdict in own))
    sys.stdout.flush()
    command = [sys.executable, "-m", "tests.chaos.check", str(battle.folder), battle.market.url]
    checked = subprocess.run(command, check=False).returncode
    return int(bool(checked) or any(verdict.findings for verdict in own))
