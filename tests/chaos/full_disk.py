"""The disk of PostgreSQL and Valkey is full for a while: nothing is acknowledged that is not stored, and nothing lost.

python -m tests.chaos.full_disk [seconds]     30 seconds; only for who may mount a file system

Everything the servers write is on a file system of their own, which another file fills up.
"""

import errno
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flowbuilder import embedded
from flowbuilder.embedded.homes import open_home
from tests.support.battle import Battle, a_battle
from tests.support.command import judged, numbers
from tests.support.verdicts import Verdict

SECONDS, RATE, WORKERS = 30, 20, 2
MEGABYTES = 1024
PIECE = 1 << 20
CANNOT = 2
"""The exit code where nobody may mount anything."""


@contextmanager
def on_a_small_disk() -> Iterator[tuple[embedded.Servers, Path, Path]]:
    """Give servers that write to a file system of their own, a folder for what is left behind, and where that is."""
    with tempfile.TemporaryDirectory(prefix="fb-full-disk-") as name:
        home = Path(name) / "home"
        disk = open_home(home).data
        owner = disk.stat()
        options = f"size={MEGABYTES}m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
        try:
            servers = embedded.start(home)
            left = Path(name) / "left"
            left.mkdir()
            yield servers, left, disk
            servers.stop()
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)
            embedded.delete(home)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Have no room on a disk meanwhile: what is given back is taken again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        _fill(file.fileno())
        yield
        _fill(file.fileno())
    filler.unlink()


def _fill(file: int) -> None:
    piece = bytes(PIECE)
    while piece:
        try:
            os.write(file, piece)
        except OSError as problem:
            if problem.errno != errno.ENOSPC:
                raise
            piece = piece[: len(piece) // 2]


def endure(battle: Battle, disk: Path, seconds: float) -> Verdict:
    """Post leads before, while and after there is no room; return what the posts were answered."""
    with battle.supervised(), battle.posting(int(RATE * 2 * seconds), 2 * seconds):
        time.sleep(seconds / 2)
        with battle.breaking.noted("disk full"), full(disk):
            time.sleep(seconds)
        battle.yard.servers.revive()
        battle.yard.servers.start_postgres()
    battle.settle()
    answers = dict(sorted(battle.poster.answers.items()))
    found = [f"{many} answers {status}" for status, many in answers.items() if status not in (0, 201, 202, 503)]
    if not answers.get(503):
        found.append("no post was answered 503: the disk was never full")
    return Verdict("P16 no room on the disk", f"answers {answers} (503: post it again)", found)


def main(words: Sequence[str]) -> int:
    """Run it and print the verdicts; return 1 when a promise is broken."""
    [seconds] = numbers(words, SECONDS)
    if os.geteuid() != 0:
        sys.stderr.write("Only root may mount the small disk that is filled up here.\n")
        return CANNOT
    with (
        on_a_small_disk() as (servers, folder, disk),
        a_battle(servers, folder, leads=RATE * 2 * seconds, workers=WORKERS) as battle,
    ):
        return judged(battle, endure(battle, disk, seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
