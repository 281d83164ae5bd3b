"""Workers that stand still for forty seconds and go on: others take their leads, and nothing is written too late.

python -m tests.chaos.pauses [pauses] [seconds each] [workers]     20 pauses of 40 seconds, 6 workers, 4 at a time
"""

import signal
import sys
import threading
import time
from collections.abc import Sequence

from tests.support import fencing
from tests.support.battle import Battle, a_battle
from tests.support.command import in_private, judged, numbers
from tests.support.evidence import PAUSED
from tests.support.verdicts import Verdict
from tests.support.yard import WORKER

PAUSES, SECONDS, WORKERS = 20, 40, 6
AT_WORK = 2
"""How many workers are never paused at the same moment."""
BETWEEN = 5.0
RATE = 10


def pause(battle: Battle, pauses: int, seconds: float) -> None:
    """Post leads while workers are paused, several at a time, each so often; return once all leads have ended."""
    fencing.write_down_who_writes(battle.market.database)
    victims = battle.yard.workers[AT_WORK:]
    rounds = -(-pauses // len(victims))
    lasts = rounds * (seconds + BETWEEN)
    with battle.posting(int(RATE * lasts), lasts):
        pausing = [
            threading.Thread(target=_pause, args=(battle, number, rounds, seconds)) for number in range(len(victims))
        ]
        for thread in pausing:
            thread.start()
        for thread in pausing:
            thread.join()
    battle.settle()


def _pause(battle: Battle, victim: int, rounds: int, seconds: float) -> None:
    worker = battle.yard.workers[AT_WORK + victim]
    time.sleep(BETWEEN * victim / WORKERS)
    for _ in range(rounds):
        time.sleep(BETWEEN)
        with battle.breaking.noted(PAUSED):
            worker.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            worker.send_signal(signal.SIGCONT)


def nothing_late(battle: Battle) -> Verdict:
    """Return what the database wrote down of who wrote."""
    late, many, who = fencing.late_writes(battle.market.database)
    figures = f"{many} writes by {len(who)} workers, {late} under a lease that was gone"
    return Verdict("C2 nothing is written too late", figures, [figures] if late else [])


def main(words: Sequence[str]) -> int:
    """Run it and print the verdict; return 1 when a promise is broken."""
    pauses, seconds, workers = numbers(words, PAUSES, SECONDS, WORKERS)
    with in_private("pauses") as (servers, folder), a_battle(servers, folder, leads=1000, workers=0) as battle:
        battle.yard.workers = [battle.yard.start(*WORKER, called=f"worker {number}") for number in range(workers)]
        battle.market.wait_until(f"(SELECT count(*) FROM worker) >= {workers}", 60)
        pause(battle, pauses, seconds)
        return judged(battle, nothing_late(battle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
