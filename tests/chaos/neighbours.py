"""Noisy neighbours: what another seller does, and what its buyers do not do, holds up nobody else's leads.

python -m tests.chaos.neighbours [seconds] [leads a second] [noisy leads a second] [rounds]     12 seconds, 20, 40, 5

The same two workers carry everything. After a beginning that does not count, rounds take turns: alone; beside a
neighbour whose fifty buyers answer at once; beside one whose buyers never answer; and while its leads hang there and no
new ones come; at last alone once more. The two in between are compared, and the last with being alone before and after:
what the neighbour's leads cost is the machine's to bear, that they hang must cost nobody anything. Each round is
compared with itself, as no machine is equally quick for minutes, and the middle one of the rounds decides. At last
thousands of its leads are due at once.
"""

import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from operator import sub

from flowbuilder import db, embedded
from tests.chaos.noise import BUYERS, Neighbour, noisy_neighbour
from tests.support.buyers import Buyer, a_buyer, accepting
from tests.support.command import in_private, numbers
from tests.support.flows import buyer
from tests.support.market import Market, a_market
from tests.support.verdicts import Verdict, report
from tests.support.yard import a_yard, posting

SECONDS, RATE, NOISE, ROUNDS = 12, 20, 40, 5
WORKERS = 2
SETTLING = 3
"""Seconds for which a neighbour whose buyers answer is there before anything is measured."""
BACKLOG, BESIDE = 20_000, 3.0
"""How many leads of the neighbour are due at once in the end, and for how many seconds others come meanwhile."""
MOST = 1.2
"""How many times as long the 95th percentile may take where leads hang."""
TELL_APART = 0.005
"""Seconds below which a difference says nothing."""
LONGEST = 1.0
"""Seconds within which every lead goes out, whatever of the neighbour stands in line."""
ALONE, ANSWERED, SILENT, HANGING = "alone", "beside answers", "beside silence", "while leads hang"

Took = list[float]
"""Seconds from a lead's coming to the moment its buyer has it, the shortest first."""


@dataclass
class Street:
    """The seller whose leads are timed, its buyer, and the neighbour."""

    market: Market
    sunrise: Buyer
    neighbour: Neighbour
    seconds: float
    rate: float
    rounds: int = 0
    p95: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    hung: list[int] = field(default_factory=list)

    def measure(self, seconds: float | None = None) -> Took:
        """Post leads for some seconds."""
        came: dict[str, float] = {}
        lock = threading.Lock()
        self.rounds += 1

        def post(number: int) -> None:
            email = f"round{self.rounds}lead{number}@example.com"
            with lock:
                came[email] = time.monotonic()
            self.market.post(1, fields={"email": email})

        before, many = len(self.sunrise.seen), int(self.rate * (seconds or self.seconds))
        with posting(post, self.rate, many):
            pass
        self.sunrise.wait_for(before + many, 120)
        return sorted(request.at - came[request.body["email"]] for request in self.sunrise.seen[before:])

    def note(self, where: str) -> None:
        """Measure, and keep the 95th percentile."""
        self.p95[where].append(percentile(self.measure(), 95))

    def take_turns(self, noise: float) -> None:
        """Measure once in each way."""
        self.note(ALONE)
        with self.neighbour.noisy(noise, hangs=False):
            time.sleep(SETTLING)
            self.note(ANSWERED)
        with self.neighbour.noisy(noise, hangs=True) as hush:
            time.sleep(self.seconds)  # So that its calls pile up.
            self.note(SILENT)
            hush()
            self.note(HANGING)
            self.hung.append(self.neighbour.open_leads)

    def beside_a_backlog(self) -> tuple[Took, int]:
        """Measure while thousands of the neighbour's leads are due; return how many of them were left then, too."""
        with self.neighbour.noisy(0, hangs=False):
            self.neighbour.market.post(BACKLOG)
            return self.measure(BESIDE), self.neighbour.open_leads


def percentile(took: Took, which: int) -> float:
    """Return the time that so many in a hundred took at most."""
    return took[len(took) * which // 100]


def compared(p95: Mapping[str, Sequence[float]], quiet: str, loud: str, promise: str) -> Verdict:
    """Return whether it took nearly as long in two ways in the middle one of the rounds.

    What was measured once more than there are rounds was measured before and after each.
    """
    before, after = p95[quiet], p95[loud]
    if len(before) > len(after):
        before = [statistics.fmean(both) for both in pairwise(before)]
    times = sorted(late / early for early, late in zip(before, after, strict=True))
    middle, more = statistics.median(times), statistics.median(map(sub, after, before))
    figures = (
        f"p95 {in_ms(p95[quiet])} ms {quiet}, {in_ms(after)} ms {loud}: {middle:.2f} times, {times[0]:.2f} to "
        f"{times[-1]:.2f} in {len(times)} rounds, {more * 1000:+.0f} ms"
    )
    return Verdict(promise, figures, [figures] if middle > MOST and more > TELL_APART else [])


def enough_hung(hung: Sequence[int], wanted: float) -> Verdict:
    """Return whether there were leads enough that hung; without them nothing is proved."""
    figures = f"{min(hung)} leads or more hung at {BUYERS} buyers"
    return Verdict("The neighbour was noisy", figures, [] if min(hung) >= wanted else [figures])


def held_up(took: Took, left: int) -> Verdict:
    """Return whether a lead waited for the neighbour's; if none of those was left in the end, nothing is proved."""
    figures = (
        f"beside {BACKLOG} leads of the neighbour that are due at once, of which {left} were left in the end, p50 "
        f"{in_ms([percentile(took, 50)])} ms, p95 {in_ms([percentile(took, 95)])} ms, at most {in_ms(took[-1:])} ms"
    )
    return Verdict("Nobody waits for a backlog", figures, [figures] if took[-1] > LONGEST or not left else [])


def in_ms(seconds: Sequence[float]) -> str:
    """Return times in whole milliseconds."""
    return ", ".join(f"{one * 1000:.0f}" for one in seconds)


@contextmanager
def a_street(servers: embedded.Servers, seconds: float, rate: float) -> Iterator[Street]:
    """Give the seller with its buyer and the neighbour, and workers at work for both."""
    with ExitStack() as stack:
        db.migrate(servers.database_url)
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url, checks=False))
        sunrise = stack.enter_context(a_buyer(accepting))
        market.publish([buyer(market.connect(sunrise))])
        neighbour = noisy_neighbour(market)
        yard = stack.enter_context(a_yard(market, servers))
        yard.forks = True
        yard.hire(WORKERS)
        market.wait_until(f"(SELECT count(*) FROM worker) >= {WORKERS}", 60)
        yield Street(market, sunrise, neighbour, seconds, rate)


def main(words: Sequence[str]) -> int:
    """Run it and print the verdicts; return 1 when the neighbour disturbs."""
    seconds, rate, noise, rounds = numbers(words, SECONDS, RATE, NOISE, ROUNDS)
    with in_private("neighbours") as (servers, _), a_street(servers, seconds, rate) as street:
        street.measure()
        for _ in range(rounds):
            street.take_turns(noise)
        street.note(ALONE)
        backlog = held_up(*street.beside_a_backlog())
    verdicts = [
        enough_hung(street.hung, noise * seconds),
        compared(street.p95, ALONE, HANGING, "P13 leads that hang"),
        compared(street.p95, ANSWERED, SILENT, "P13 silence costs no more than answers"),
        backlog,
    ]
    said, broken = report(verdicts)
    sys.stdout.write(said)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
