"""Workers that stand still for 44 seconds and go on: others take their leads, and nothing is written too late.

Paused is whichever worker wrote last, so that it has leads in hand and is in the middle of something; every other time
in the middle of a transaction, so that whatever it has locked is what the others wait for.

python -m tests.chaos.pauses [pauses] [seconds each] [workers]     20 pauses of 44 seconds, 6 workers, 4 at a time
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
from tests.support.yard import Worker

PAUSES, SECONDS, WORKERS = 20, 44, 6
"""A pause begins every 11.25 s, and leases end after 20 to 30: none begins just when leads are taken up again, or a
second worker would be paused that has them in hand and has not asked anybody yet."""
AT_WORK = 2
"""How many workers are never paused at the same moment."""
RATE = 10
TRIES = 50
"""How often a worker is stopped, for a moment, in search of one where it is in the middle of a transaction."""
A_MOMENT = 0.03


def pause(battle: Battle, pauses: int, seconds: float) -> Verdict:
    """Post leads while the worker that is busiest is paused, again and again, until all leads have ended.

    Return whether most of those that were to be paused in the middle of a transaction were. Several are paused at a
    time, so that it takes less time; each so often as comes out.
    """
    fencing.write_down_who_writes(battle.market.database)
    workers = {f"worker {number}": worker for number, worker in enumerate(battle.yard.workers)}
    every = (seconds + 1) / (len(workers) - AT_WORK)
    lasts = every * pauses + seconds
    paused: dict[str, threading.Thread] = {}
    found: list[bool] = []
    began = time.monotonic()
    with battle.posting(int(RATE * lasts), lasts):
        for number in range(pauses):
            time.sleep(max(0.0, began + (number + 1) * every - time.monotonic()))
            still = {name for name, thread in paused.items() if thread.is_alive()}
            name = fencing.newest_writer(battle.market.database, workers.keys() - still)
            if number % 2:
                found.append(_find_a_transaction(battle, name, workers[name]))
            paused[name] = threading.Thread(target=_pause, args=(battle, workers[name], seconds))
            paused[name].start()
        for thread in paused.values():
            thread.join()
    battle.settle()
    figures = f"{sum(found)} of {len(found)} pauses began in the middle of a transaction"
    return Verdict("What was locked", figures, [figures] if 2 * sum(found) < len(found) else [])


def _find_a_transaction(battle: Battle, name: str, worker: Worker) -> bool:
    """Stop a worker in the middle of a transaction; leave it at work, and return False, where none is found."""
    for _ in range(TRIES):
        worker.send_signal(signal.SIGSTOP)
        time.sleep(A_MOMENT)
        if fencing.holds_a_transaction(battle.market.database, name):
            return True
        worker.send_signal(signal.SIGCONT)
        time.sleep(battle.dice.uniform(0, A_MOMENT))
    return False


def _pause(battle: Battle, worker: Worker, seconds: float) -> None:
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
        battle.yard.workers = [battle.yard.begin(f"worker {number}") for number in range(workers)]
        battle.market.wait_until(f"(SELECT count(*) FROM worker) >= {workers}", 60)
        locked = pause(battle, pauses, seconds)
        return judged(battle, locked, nothing_late(battle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
