"""`make bench`: leads per second end to end, from the post to the answer, beside Node-RED doing the same durable work.

Both run on one PostgreSQL server and sell to one buyer; rounds of the one and the other take turns under the same load
generator. Afterwards the rows in the database, the answers of our web and the requests that the buyer got from us must
be the same number.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import Round, generator, load
from bench.market import Market, a_buyer, a_market, plain
from bench.measuring import Measured, cpu_now, measure, per_lead, print_head, show
from bench.peer import Peer, a_peer, install
from flowbuilder import embedded


@dataclass(frozen=True)
class Case:
    """What is measured, and what is wanted of it: a ratio in leads per second, or milliseconds over the buyer's own."""

    connections: int
    delay_ms: int
    ratio: float | None = None
    overhead_ms: float | None = None


CASES = (Case(1, 0, overhead_ms=5.0), Case(64, 0, ratio=2.0), Case(256, 0, ratio=2.0), Case(512, 200, ratio=1.6))


def main() -> int:
    """Print every round and the medians; return 1 when numbers of leads differ anywhere or a target is missed."""
    options = _options()
    install()
    print(
        f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.2f}; {generator()} for {options.seconds} s a round"
    )
    verdicts = [_case(case, options) for case in CASES if case.connections in options.connections]
    return 0 if all(verdicts) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, nargs="*", default=[case.connections for case in CASES])
    return parser.parse_args()


def _case(case: Case, options: argparse.Namespace) -> bool:
    print(f"\n{case.connections} connections, a buyer that answers after {case.delay_ms} ms")
    print_head()
    ours: list[Measured] = []
    theirs: list[Measured] = []
    with _both(case.delay_ms) as (market, peer, buyer_url):
        load(market.post_url, market.source_key, connections=case.connections, seconds=2)
        load(peer.post_url, "", connections=case.connections, seconds=2)
        for _ in range(options.rounds):
            ours.append(measure(market, case.connections, options.seconds))
            show("flowbuilder", ours[-1])
            theirs.append(_measure_theirs(peer, market, case.connections, options.seconds))
            show("node-red", theirs[-1])
        direct = load(buyer_url, "", connections=case.connections, seconds=3) if case.overhead_ms else None
    return _verdict(case, ours, theirs, direct) and all(one.agrees for one in ours)


@contextmanager
def _both(delay_ms: int) -> Iterator[tuple[Market, Peer, str]]:
    """Run both sides with their buyer on a fresh PostgreSQL and Valkey."""
    with tempfile.TemporaryDirectory(prefix="fb-bench-") as folder:
        home = Path(folder)
        servers = embedded.start(home)
        try:
            with (
                a_buyer(delay_ms, home) as buyer_url,
                a_market(servers, buyer_url, home) as market,
                a_peer(plain(servers.database_url), buyer_url, home / "peer") as peer,
            ):
                yield market, peer, buyer_url
        finally:
            embedded.delete(home)


def _measure_theirs(peer: Peer, market: Market, connections: int, seconds: int) -> Measured:
    before, cpu_before = peer.stored(), cpu_now(peer, market)
    measured = load(peer.post_url, "", connections=connections, seconds=seconds)
    time.sleep(1)
    return Measured(measured, per_lead(cpu_before, cpu_now(peer, market), peer.stored() - before))


def _verdict(case: Case, ours: list[Measured], theirs: list[Measured], direct: Round | None) -> bool:
    """Print the medians beside what is wanted; return whether it was reached."""
    rates = [statistics.median(one.round.per_second for one in side) for side in (ours, theirs)]
    pairs = [our.round.per_second / their.round.per_second for our, their in zip(ours, theirs, strict=True)]
    p50s = [statistics.median(one.round.p50 for one in side) for side in (ours, theirs)]
    print(f"medians: {rates[0]:.0f} and {rates[1]:.0f} leads/s, paired ratio {statistics.median(pairs):.2f}", end="")
    print(f", p50 {p50s[0]:.1f} and {p50s[1]:.1f} ms")
    if case.ratio:
        reached = statistics.median(pairs) >= case.ratio
        print(f"wanted: a ratio of {case.ratio}: {'reached' if reached else 'missed'}")
        return reached
    if case.overhead_ms and direct:
        overhead = p50s[0] - direct.p50
        reached = overhead <= case.overhead_ms
        print(f"the buyer alone answers in {direct.p50:.1f} ms, so what we add is {overhead:.1f} ms", end="; ")
        print(f"wanted: at most {case.overhead_ms} ms: {'reached' if reached else 'missed'}")
        return reached
    return True


if __name__ == "__main__":
    sys.exit(main())
