"""Leads in a storm: workers killed every two seconds, Valkey wiped twice, PostgreSQL stopped twice.

python -m tests.chaos.storm [leads] [seconds] [workers]     10000 leads, 480 seconds, 4 workers
"""

import sys
import threading
import time
from collections.abc import Sequence

from tests.support.battle import Battle, a_battle
from tests.support.command import in_private, judged, numbers

KILL_EVERY = 2.0
LEADS, SECONDS, WORKERS = 10_000, 480, 4


def rage(battle: Battle, leads: int, seconds: float, times: int = 2) -> None:
    """Post leads while everything breaks in turn; return once all have ended and the capped buyers are full."""
    breaker = threading.Thread(target=_break_servers, args=(battle, seconds, times))
    with battle.posting(leads, seconds):
        breaker.start()
        battle.kill_every(KILL_EVERY, seconds)
        breaker.join()
    battle.settle()
    battle.fill_caps(leads)


def _break_servers(battle: Battle, seconds: float, times: int) -> None:
    """Wipe Valkey and stop PostgreSQL in turn, evenly over the time."""
    pause = seconds / (2 * times + 1)
    for _ in range(times):
        time.sleep(pause)
        battle.wipe_valkey()
        time.sleep(pause)
        battle.stop_postgres()


def main(words: Sequence[str]) -> int:
    """Run it and print the verdict; return 1 when a promise is broken."""
    leads, seconds, workers = numbers(words, LEADS, SECONDS, WORKERS)
    with in_private("storm") as (servers, folder), a_battle(servers, folder, leads=leads, workers=workers) as battle:
        rage(battle, leads, seconds)
        return judged(battle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
