"""`make bench`: leads per second end to end, from the post to the answer, with keys and journal on.

Each row is one run of `wrk` against a flow of a filter with three rules, a cap and one buyer. Afterwards the rows in
the database, the answers of the web and the requests that the buyer got must be the same number.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.market import HERE, Market, a_market

CONNECTIONS = (1, 64, 512)
DELAYS_MS = (0, 200)
SETTLES_WITHIN = 60.0


@dataclass(frozen=True)
class Round:
    """What one run of the load generator measured."""

    leads_per_second: float
    p50: str
    p99: str
    failures: int


def main() -> int:
    """Print the table; return 1 when the three numbers of leads differ anywhere."""
    options = _options()
    if not shutil.which("wrk"):
        print("The benchmark needs the load generator wrk: install it with `apt-get install wrk`.", file=sys.stderr)
        return 2
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.2f}; wrk for {options.seconds} s a row")
    print(f"{'buyer':>7} {'conns':>6} {'leads/s':>9} {'p50':>9} {'p99':>9} {'failed':>7}  CPU ms per lead")
    agreed = True
    for delay in options.delays:
        with a_market(delay) as market:
            for connections in options.connections:
                agreed &= _row(market, delay, connections, options.seconds)
    return 0 if agreed else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, nargs="*", default=CONNECTIONS)
    parser.add_argument("--delays", type=int, nargs="*", default=DELAYS_MS)
    return parser.parse_args()


def _row(market: Market, delay: int, connections: int, seconds: int) -> bool:
    before, cpu_before = _at_rest(market), market.cpu_seconds()
    measured = _load(market, connections, seconds)
    answered, bought, stored = (after - was for after, was in zip(_at_rest(market), before, strict=True))
    cpu_after = market.cpu_seconds()
    cpu = {name: (cpu_after[name] - cpu_before.get(name, 0)) / max(stored, 1) * 1000 for name in cpu_after}
    spent = " ".join(f"{name} {value:.2f}" for name, value in sorted(cpu.items(), key=lambda pair: -pair[1]))
    print(
        f"{delay:>4} ms {connections:>6} {measured.leads_per_second:>9.0f} {measured.p50:>9} {measured.p99:>9} "
        f"{measured.failures:>7}  {sum(cpu.values()):.2f} = {spent}",
        flush=True,
    )
    if not answered == bought == stored:
        print(f"  differs: {stored} rows, {answered} answers, {bought} requests to the buyer")
    return answered == bought == stored


def _load(market: Market, connections: int, seconds: int) -> Round:
    threads = min(2, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    environ = os.environ | {"SOURCE_KEY": market.source_key, "ROUND": str(time.time_ns())}
    told = subprocess.run(
        [*command, "-s", str(HERE / "post.lua"), market.post_url],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Round(
        leads_per_second=float(_found(r"Requests/sec:\s+([\d.]+)", told)),
        p50=_found(r"\n\s+50%\s+(\S+)", told),
        p99=_found(r"\n\s+99%\s+(\S+)", told),
        failures=int(failed[1]) if failed else 0,
    )


def _found(pattern: str, told: str) -> str:
    match = re.search(pattern, told)
    if match is None:
        raise RuntimeError(f"wrk said nothing of {pattern}: {told}")
    return match[1]


def _at_rest(market: Market) -> tuple[int, int, int]:
    """Return answers, requests to the buyer and sold rows, once nothing has moved for a second."""
    give_up, seen = time.monotonic() + SETTLES_WITHIN, (-1, -1, -1)
    while True:
        now = (market.answered(), market.bought(), market.stored())
        if now == seen or time.monotonic() > give_up:
            return now
        seen = now
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
