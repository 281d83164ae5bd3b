"""Workers that are killed beside a buyer that fails three times in ten: while it is left alone, one lead is tried.

python -m tests.chaos.probes [leads] [seconds] [workers]     2,400 leads in 60 s, 8 workers
"""

import sys
from collections.abc import Sequence

from tests.support import bazaar
from tests.support.battle import a_battle
from tests.support.command import in_private, judged, numbers
from tests.support.flows import buyer
from tests.support.market import Market

LEADS, SECONDS, WORKERS = 2400, 60, 8
EVERY = 3.0


def publish(market: Market, connections: dict[str, str], _leads: int) -> None:
    """Publish a flow that offers every lead to the buyer that is left alone when it fails, then to another."""
    terms = {"price": 20, "retry": bazaar.RETRY, "timeout": bazaar.TIMEOUT}
    names = [*bazaar.BREAKERS, "plain_1", "plain_2"]
    market.publish([buyer(connections[name], name, **terms) for name in names])


def main(words: Sequence[str]) -> int:
    """Run it and print the verdicts; return 1 when a promise is broken."""
    leads, seconds, workers = numbers(words, LEADS, SECONDS, WORKERS)
    with (
        in_private("probes") as (servers, folder),
        a_battle(servers, folder, leads=leads, workers=workers, publish=publish) as battle,
    ):
        with battle.posting(leads, seconds):
            battle.kill_every(EVERY, seconds)
        battle.settle()
        return judged(battle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
