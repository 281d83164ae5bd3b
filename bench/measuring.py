"""One measured round: leads per second, CPU by kind of process, and whether all numbers of leads agree."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

import psutil
import psycopg

from bench.load import Round, load
from bench.market import Market
from bench.processes import cpu_of_all
from flowbuilder.ids import first_id_at

SETTLES_WITHIN = 60.0  # seconds


class Side(Protocol):
    """Whose processes are looked at."""

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds spent so far by each kind of process."""


@dataclass(frozen=True)
class Measured:
    """One round of one side; CPU in milliseconds per lead by kind of process."""

    round: Round
    cpu: dict[str, float]
    agrees: bool = True

    @property
    def spent(self) -> float:
        """Return the CPU of all processes in milliseconds per lead."""
        return sum(self.cpu.values())


def measure(market: Market, connections: int, seconds: int, sources: Path | None = None) -> Measured:
    """Post for some seconds; return what came of it, once nothing moves any more."""
    began = first_id_at(datetime.now(UTC))
    before, cpu_before = _at_rest(market, began), cpu_now(market, market)
    measured = load(market.post_url, market.source_key, connections=connections, seconds=seconds, sources=sources)
    answered, bought, stored = (after - was for after, was in zip(_at_rest(market, began), before, strict=True))
    cpu = per_lead(cpu_before, cpu_now(market, market), stored)
    if not answered == bought == stored:
        print(f"  differs: {stored} rows, {answered} answers, {bought} requests to the buyer")
    return Measured(measured, cpu, answered == bought == stored)


def cpu_now(side: Side, market: Market) -> dict[str, float]:
    """Return the CPU seconds of one side's own processes and of PostgreSQL, which only it is using now."""
    with psycopg.connect(market.database_url) as database:
        backend = psutil.Process(database.info.backend_pid)
        postgresql = cpu_of_all(backend.parent() or backend)
    return side.cpu_seconds() | {"postgresql": postgresql}


def per_lead(before: dict[str, float], after: dict[str, float], leads: int) -> dict[str, float]:
    """Return the CPU between two moments in milliseconds per lead."""
    return {name: (after[name] - before.get(name, 0.0)) / max(leads, 1) * 1000 for name in after}


def _at_rest(market: Market, since: UUID) -> tuple[int, int, int]:
    """Return answers, requests to the buyer and sold rows, once nothing has moved for a second.

    Rows are counted `since` an id: to count a million of them took PostgreSQL longer than to store what was posted.
    """
    give_up, seen = time.monotonic() + SETTLES_WITHIN, (-1, -1, -1)
    while True:
        now = (market.answered(), market.bought(), market.stored(since))
        if now == seen or time.monotonic() > give_up:
            return now
        seen = now
        time.sleep(1)


def show(name: str, one: Measured) -> None:
    """Print one round."""
    spent = " ".join(
        f"{kind} {ms:.2f}" for kind, ms in sorted(one.cpu.items(), key=lambda pair: -pair[1]) if ms >= 0.005
    )
    run = one.round
    print(
        f"{name:22}{run.per_second:>9.0f}{run.p50:>9.1f}{run.p99:>9.1f}{run.failures:>8}   {one.spent:.2f} = {spent}",
        flush=True,
    )


def print_head() -> None:
    """Print what the columns are."""
    print(f"{'':22}{'leads/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}   CPU ms per lead")
