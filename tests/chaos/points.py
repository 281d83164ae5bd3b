"""Workers that end at once, around every commit that carrying passes, with leads of every kind in hand.

python -m tests.chaos.points [leads for each point] [turns]     20 leads, 20 turns
"""

import sys
import time
from collections.abc import Sequence

from tests.support import armed, bazaar
from tests.support.battle import Battle, a_battle
from tests.support.command import in_private, judged, numbers
from tests.support.evidence import KILLED
from tests.support.verdicts import Verdict
from workers.crashpoints import CRASHED

LEADS, TURNS = 20, 20
ONCE = ("link", "lease", "windows", "presence", "sweep", "tidying")
"""The commits that a worker passes soon after it began; a turn's it passes again and again."""
RECOVER_EVERY = 4
QUICK = ("CA", "NV", "TX", "AZ", "NY", "GA", "OH", "PA", "IL", "NC", "VA")
"""Where leads are from that no buyer holds up for long."""


def points(turns: int) -> list[tuple[str, int]]:
    """Return where workers end: before and after each commit, a turn's for the first time, the second, and so on."""
    commits = [(name, 1) for name in ONCE] + [("turn", number) for number in range(1, turns + 1)]
    return [(f"{side} {name}", number) for name, number in commits for side in ("before", "after")]


def end_everywhere(battle: Battle, leads: int, turns: int) -> Verdict:
    """Have a worker end at each point, with new leads for each; others go on from there every few points."""
    battle.poster.fields_of = lambda number: bazaar.fields_of(number) | {"state": QUICK[number % len(QUICK)]}
    found, all_of_them = [], points(turns)
    for at, (point, passes) in enumerate(all_of_them, start=1):
        with battle.posting(leads, 0.5):
            pass
        worker = armed.start_worker(battle.market, point, passes)
        code = armed.exit_code(worker)
        with battle.breaking.noted(KILLED):
            worker.kill()
        if code != CRASHED:
            found.append(f"{point}, for the time {passes}, was not passed: {code}")
        if at % RECOVER_EVERY == 0 or at == len(all_of_them):
            time.sleep(armed.LEASE.total_seconds())
            with battle.market.carrying():
                battle.market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0", 120)
    return Verdict("C3 an end at any commit", f"{len(all_of_them)} points, {leads} new leads for each", found)


def main(words: Sequence[str]) -> int:
    """Run it and print the verdict; return 1 when a promise is broken."""
    leads, turns = numbers(words, LEADS, TURNS)
    with in_private("points") as (servers, folder), a_battle(servers, folder, leads=2000, workers=0) as battle:
        return judged(battle, end_everywhere(battle, leads, turns))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
