"""Workers that are told to stop one after the other, under load: none loses a lead or leaves a call behind.

python -m tests.chaos.restarts [restarts] [leads per second] [workers]     20 restarts, 20 leads a second, 2 workers
"""

import signal
import sys
from collections.abc import Sequence

from sqlalchemy import text

from tests.support.battle import Battle, a_battle
from tests.support.command import in_private, judged, numbers
from tests.support.evidence import STOPPED
from tests.support.verdicts import Verdict
from tests.support.yard import posting
from workers.outgoing import STOPPED as GIVEN_UP

RESTARTS, RATE, WORKERS = 20, 20, 2
LONGEST = 30.0
Ends = list[tuple[int, float]]


def restart(battle: Battle, restarts: int, rate: float) -> Ends:
    """Stop worker after worker while leads come; return each one's exit code and how long it took."""
    ends: Ends = []
    workers = len(battle.yard.workers)
    with posting(battle.poster.post, rate, threads=32):
        for number in range(restarts):
            battle.market.wait_until(f"(SELECT count(*) FROM worker) >= {number + workers}", 60)
            with battle.breaking.noted(STOPPED):
                ends.append(battle.yard.replace(battle.yard.workers[0], signal.SIGTERM, LONGEST + 30))
    battle.settle()
    return ends


def ended_well(battle: Battle, ends: Ends) -> Verdict:
    """Return how the workers ended, and what they left behind."""
    left = battle.market.count(text("SELECT count(*) FROM attempt WHERE error = :error"), error=GIVEN_UP)
    codes, longest = {code for code, _ in ends}, max(seconds for _, seconds in ends)
    figures = f"{len(ends)} restarts, exit codes {sorted(codes)}, at most {longest:.1f} s; {left} calls left behind"
    return Verdict("P14 a clean stop", figures, [figures] if left or codes != {0} or longest > LONGEST else [])


def main(words: Sequence[str]) -> int:
    """Run it and print the verdict; return 1 when a promise is broken."""
    restarts, rate, workers = numbers(words, RESTARTS, RATE, WORKERS)
    with in_private("restarts") as (servers, folder), a_battle(servers, folder, leads=2000, workers=workers) as battle:
        ends = restart(battle, restarts, rate)
        return judged(battle, ended_well(battle, ends))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
