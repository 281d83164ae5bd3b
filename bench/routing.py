"""`python -m bench.routing`: leads per second and CPU per lead of each way of selling, on one machine in one run."""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from bench.load import load
from bench.market import a_buyer, a_market
from bench.measuring import Measured, measure, print_head, show
from bench.shapes import SHAPES, Shape, short_flow
from flowbuilder import embedded


def main() -> int:
    """Print every round of every shape and the medians beside the first shape's; 1 when numbers of leads differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    print_head()
    measured = {name: _rounds(name, shape, options) for name, shape in SHAPES.items()}
    base = _medians(measured["one buyer"])
    for name, rounds in measured.items():
        rate, cpu = _medians(rounds)
        print(f"{name:22}{rate:>9.0f} leads/s, {rate / base[0]:.2f} x; {cpu:.2f} ms of CPU, {cpu / base[1]:.2f} x")
    return 0 if all(one.agrees for rounds in measured.values() for one in rounds) else 1


def _rounds(name: str, shape: Shape, options: argparse.Namespace) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="fb-bench-") as folder:
        home = Path(folder)
        servers = embedded.start(home)
        try:
            with a_buyer(0, home) as buyer_url, a_market(servers, buyer_url, home, short_flow(shape)) as market:
                load(market.post_url, market.source_key, connections=options.connections, seconds=3)
                rounds = []
                for _ in range(options.rounds):
                    rounds.append(measure(market, options.connections, options.seconds))
                    show(name, rounds[-1])
                return rounds
        finally:
            embedded.delete(home)


def _medians(rounds: list[Measured]) -> tuple[float, float]:
    """Return leads per second and CPU in milliseconds per lead."""
    return (
        statistics.median(one.round.per_second for one in rounds),
        statistics.median(one.spent for one in rounds),
    )


if __name__ == "__main__":
    sys.exit(main())
