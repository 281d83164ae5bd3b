"""PostgreSQL is stopped, away, ends every connection, or has none to give: what was acknowledged is there afterwards.

python -m tests.chaos.postgres [stopped | away | terminated | exhausted] [seconds]     all four, 60 or 30 seconds
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress

import psycopg

from tests.support.battle import Battle, a_battle
from tests.support.command import in_private, judged
from tests.support.evidence import AWAY, Evidence
from tests.support.servers import plain_url, url_of
from tests.support.verdicts import Verdict

RATE, WORKERS = 10, 2
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def stopped(battle: Battle, seconds: float) -> None:
    """Have PostgreSQL end as in a crash and start again, every ten seconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        battle.stop_postgres()
        time.sleep(min(10.0, seconds))


def away(battle: Battle, seconds: float) -> None:
    """Have PostgreSQL away for the whole time."""
    battle.stop_postgres(seconds)


def terminated(battle: Battle, seconds: float) -> None:
    """Have every connection ended, once in a second."""
    ends = time.monotonic() + seconds
    with battle.breaking.noted("connections terminated"):
        while time.monotonic() < ends:
            with psycopg.connect(plain_url(battle.market.url), autocommit=True) as database:
                database.execute(TERMINATE)
            time.sleep(1)


def exhausted(battle: Battle, seconds: float) -> None:
    """Take every connection that PostgreSQL has to give, and end those of the product."""
    url = plain_url(url_of(battle.yard.servers, "postgres"))
    with battle.breaking.noted("no connections left"), ExitStack() as stack:
        first = stack.enter_context(psycopg.connect(plain_url(battle.market.url), autocommit=True))
        first.execute(TERMINATE)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with suppress(psycopg.OperationalError):
                while True:
                    stack.enter_context(psycopg.connect(url))
            first.execute(TERMINATE)
            time.sleep(1)


WAYS: Mapping[str, tuple[Callable[[Battle, float], None], float]] = {
    "stopped": (stopped, 60.0),
    "away": (away, 30.0),
    "terminated": (terminated, 60.0),
    "exhausted": (exhausted, 30.0),
}


def endure(battle: Battle, way: str, seconds: float, rate: float = RATE) -> Verdict:
    """Post leads while PostgreSQL is as it is; return whether none was acknowledged that could not be stored."""
    with battle.supervised(), battle.posting(int(rate * seconds), seconds):
        WAYS[way][0](battle, seconds)
    battle.settle()
    answers = dict(sorted(battle.poster.answers.items()))
    found = [f"{many} answers {status}" for status, many in answers.items() if status not in (0, 201, 202, 503)]
    if way == "away":
        found.extend(told_in_vain(Evidence.read(battle.folder)))
    return Verdict(f"P16 PostgreSQL {way}", f"answers {answers} (503: post it again)", found)


def told_in_vain(evidence: Evidence) -> list[str]:
    """Return the leads that were posted and acknowledged while PostgreSQL was away, each as a sentence.

    One that was posted before may be acknowledged then: it was stored, and its supplier waited for a buyer.
    """
    outages = [fault for fault in evidence.faults if fault.what == AWAY]
    return [
        f"lead {posted.lead} was posted and acknowledged while PostgreSQL was away"
        for posted in evidence.posted
        if any(outage.at < posted.sent and posted.at < outage.until for outage in outages)
    ]


def main(words: Sequence[str]) -> int:
    """Run one way or all and print the verdicts; return 1 when a promise is broken."""
    return max(_prove(way, float(words[1]) if len(words) > 1 else WAYS[way][1]) for way in words[:1] or list(WAYS))


def _prove(way: str, seconds: float) -> int:
    leads = int(RATE * seconds)
    with in_private("postgres") as (servers, folder), a_battle(servers, folder, leads=leads, workers=WORKERS) as battle:
        return judged(battle, endure(battle, way, seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
