"""Auctions at once: two hundred leads, each with twenty bidders that take a tenth of a second, and others meanwhile.

python -m tests.chaos.auctions [auctions] [bidders] [rounds]     200 auctions, 20 bidders, 3 rounds

Workers are as many as `flowbuilder serve` runs; the bidders are one process on the same machine, with a port for each.
"""

import math
import multiprocessing
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psutil
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from flowbuilder import db, embedded, open_files
from flowbuilder.models import Lead, LeadEvent
from tests.support.bidders import Crowd, a_crowd, auction
from tests.support.command import in_private, numbers
from tests.support.flows import buyer
from tests.support.market import Market, a_market
from tests.support.verdicts import Verdict, report
from tests.support.yard import Yard, a_yard, posting

AUCTIONS, BIDDERS, ROUNDS = 200, 20, 3
WORKERS = 2
BID_AFTER = 0.1
"""Seconds that every bidder takes."""
ALONE, WITHIN, BESIDE = 20, 0.025, 2.0
"""How many auctions come alone; seconds that one takes longer than its bidders at most; seconds for all at once."""
OTHERS = 20.0
"""Leads per second that are sold meanwhile without an auction."""
SELDOM = 0.25
"""Seconds after which it is looked again whether all have ended: the machine is for those that carry them."""
CAREFUL = 5.0
"""Seconds after which workers are past the careful beginning of their lives."""
ALL_ENDED = "(SELECT count(*) FROM lead WHERE state <> 'done') = 0"


@dataclass(frozen=True)
class Street:
    """The yard, its market as each of the two flows has it, and whose CPU is counted."""

    yard: Yard
    auctions: Market
    plain: Market
    bidders: psutil.Process

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds spent so far by whom."""
        workers = sum(cpu_of(psutil.Process(worker.pid)) for worker in self.yard.workers)
        backend = psutil.Process(self.yard.market.value(text("SELECT pg_backend_pid()")))
        postgres = sum(cpu_of(one) for one in backend.parents()[0].children())
        return {"workers": workers, "PostgreSQL": postgres, "bidders": cpu_of(self.bidders)}


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, user and system."""
    times = process.cpu_times()
    return float(times.user + times.system)


def bidding(number: int, path: str, _body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Bid more the higher one's number is, and take what was won."""
    return (BID_AFTER, {"bid": 20 + number, "bid_id": "x"}) if path == "ping" else (0.0, {"status": "accepted"})


def serve(ports: "multiprocessing.Queue[Sequence[int]]", many: int) -> None:
    """Be so many bidders until this process is ended."""
    open_files.allow_many()
    with a_crowd(bidding, [0] * many) as crowd:
        ports.put(crowd.ports)
        time.sleep(3600)


@contextmanager
def bidders_apart(many: int) -> Iterator[tuple[Crowd, psutil.Process]]:
    """Give bidders in a process of their own."""
    spawn = multiprocessing.get_context("spawn")
    ports = spawn.Queue()
    process = spawn.Process(target=serve, args=(ports, many), daemon=True)
    process.start()
    try:
        yield Crowd(bidding, ports.get(timeout=30)), psutil.Process(process.pid)
    finally:
        process.kill()
        process.join()


@contextmanager
def a_street(servers: embedded.Servers, bidders: int) -> Iterator[Street]:
    """Give a street whose workers are at work."""
    with ExitStack() as stack:
        crowd, process = stack.enter_context(bidders_apart(bidders + 1))
        db.migrate(servers.database_url)
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url))
        market.publish([auction(*(crowd.connect(market, number) for number in range(bidders)))])
        auctions = replace(market)
        market.publish([buyer(crowd.connect(market, bidders))])
        yard = stack.enter_context(a_yard(market, servers))
        yard.forks = True
        yard.hire(WORKERS)
        market.wait_until(f"(SELECT count(*) FROM worker) >= {WORKERS}", 60)
        yield Street(yard, auctions, market, process)


def spans(market: Market, leads: Sequence[UUID]) -> list[tuple[float, float, float]]:
    """Return of each lead when its bidders were asked, when it was known what they bid, and when it had ended."""
    wanted = (
        select(LeadEvent.at, LeadEvent.done_at, Lead.finished_at)
        .join(Lead, Lead.id == LeadEvent.lead_id)
        .where(LeadEvent.effect == "ping", LeadEvent.lead_id.in_(leads))
    )
    with Session(market.database) as session:
        return [tuple(moment.timestamp() for moment in row) for row in session.execute(wanted)]  # type: ignore[misc]


def alone(street: Street, many: int) -> Verdict:
    """Have auctions come one after the other."""
    market, took = street.yard.market, []
    for _ in range(many):
        lead = street.auctions.post()
        market.wait_until(ALL_ENDED)
        took += [(known - asked, ended - asked) for asked, known, ended in spans(market, lead)]
    known, ended = (statistics.median(column) * 1000 for column in zip(*took, strict=True))
    figures = (
        f"{many} auctions one after the other: all bids known after {known:.0f} ms (p50), "
        f"{max(one for one, _ in took) * 1000:.0f} ms (at most); sold after {ended:.0f} ms (p50)"
    )
    late = known / 1000 - BID_AFTER > WITHIN
    return Verdict("D7 one auction waits for nothing but its bidders", figures, [figures] if late else [])


def at_once(street: Street, many: int, bidders: int) -> Verdict:
    """Have many auctions come at once, and other leads beside them; all have to be through in time."""
    market, others = street.yard.market, list[UUID]()
    with posting(lambda _number: others.extend(street.plain.post()), OTHERS, threads=1):
        before = street.cpu()
        leads = street.auctions.post(many)
        began = time.time()
        market.wait_until(
            f"(SELECT count(*) FROM lead WHERE state <> 'done' AND flow_id = '{street.auctions.flow_id}') = 0",
            every=SELDOM,
        )
        spent = {name: (cpu - before[name]) / many * 1000 for name, cpu in street.cpu().items()}
    market.wait_until(ALL_ENDED)
    rows = spans(market, leads)
    known, ended = max(row[1] for row in rows) - began, max(row[2] for row in rows) - began
    cpu = ", ".join(f"{name} {ms:.1f}" for name, ms in spent.items())
    figures = (
        f"{many} auctions of {bidders} at once: all bids known after {known:.2f} s, all sold after {ended:.2f} s; "
        f"CPU per auction in ms: {cpu}; {_answers(market, leads)}; others meanwhile: {_others(market, others)}"
    )
    slowest = max(_took(market, others), default=math.inf)
    is_late = known > BESIDE or slowest > BESIDE * 1000
    return Verdict("D7 many auctions at once, others meanwhile", figures, [figures] if is_late else [])


def _answers(market: Market, leads: Sequence[UUID]) -> str:
    results = select(LeadEvent.result).where(LeadEvent.effect == "ping", LeadEvent.lead_id.in_(leads))
    with Session(market.database) as session:
        found: list[Mapping[str, Any]] = [result or {} for result in session.scalars(results)]
    counted = Counter(bid["answer"] for result in found for bid in result["bids"])
    return ", ".join(f"{number} {answer}" for answer, number in counted.items())


def _took(market: Market, leads: Sequence[UUID]) -> list[float]:
    """Return in how many milliseconds each of these leads had ended, sorted."""
    wanted = select(Lead.received_at, Lead.finished_at).where(Lead.id.in_(leads))
    with Session(market.database) as session:
        return sorted((ended - came).total_seconds() * 1000 for came, ended in session.execute(wanted))


def _others(market: Market, leads: Sequence[UUID]) -> str:
    took = _took(market, leads)
    return f"{len(took)} in {statistics.median(took):.0f} ms (p50), {took[-1]:.0f} ms (at most)" if took else "none"


def main(words: Sequence[str]) -> int:
    """Run it and print the verdicts; return 1 when it takes too long."""
    auctions, bidders, rounds = numbers(words, AUCTIONS, BIDDERS, ROUNDS)
    with in_private("auctions") as (servers, _), a_street(servers, bidders) as street:
        street.auctions.post(3)
        time.sleep(CAREFUL)
        found = [alone(street, ALONE), *(at_once(street, auctions, bidders) for _ in range(rounds))]
        said, broken = report(found)
    sys.stdout.write(said)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
