"""Valkey is killed and emptied, away, slow, or full: leads are taken in all the same, and go on soon after.

python -m tests.chaos.valkey [wiped | away | slow | full] [seconds]     all four in turn, 45 seconds each
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from flowbuilder import clock, embedded, enqueue
from tests.support.battle import Battle, a_battle, publish_plain
from tests.support.command import in_private, judged
from tests.support.slow_proxy import slowed
from tests.support.verdicts import Verdict

SECONDS, RATE, WORKERS = 45.0, 10, 2
RESUMED = 15.0
"""Seconds after Valkey's return by which all leads that came meanwhile have ended."""
SLOWLY = 45.0
"""Seconds within which a lead ends while every command takes half a second: a worker that begins needs some twenty."""
DELAY = 0.5
SLOWEST = text("SELECT EXTRACT(epoch FROM max(finished_at - GREATEST(received_at, :since))) FROM lead")


def wiped(battle: Battle, seconds: float) -> None:
    """Have Valkey killed and emptied again and again."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        battle.wipe_valkey(away=1.0)
        time.sleep(4)


def away(battle: Battle, seconds: float) -> None:
    """Have Valkey away for the whole time."""
    battle.wipe_valkey(seconds)


def slow(battle: Battle, seconds: float) -> None:
    """Let the time pass: every command takes half a second from the beginning."""
    with battle.breaking.noted("Valkey slow"):
        time.sleep(seconds)


def full(battle: Battle, seconds: float) -> None:
    """Have Valkey refuse whatever needs memory."""
    with battle.breaking.noted("Valkey full"), enqueue.connect(battle.yard.servers.redis_url) as redis:
        redis.config_set("maxmemory", "1")
        time.sleep(seconds)
        redis.config_set("maxmemory", "0")


WAYS: Mapping[str, Callable[[Battle, float], None]] = {"wiped": wiped, "away": away, "slow": slow, "full": full}


@contextmanager
def a_plain_battle(servers: embedded.Servers, folder: Path, way: str) -> Iterator[Battle]:
    """Give a battle with one plain flow, whose processes reach Valkey by a slow proxy where that is the way."""
    if way != "slow":
        with a_battle(servers, folder, leads=0, workers=WORKERS, publish=publish_plain) as battle:
            yield battle
        return
    with slowed(Path(servers.redis_url.removeprefix("unix://")), DELAY) as port:
        url = f"redis://127.0.0.1:{port}"
        with a_battle(servers, folder, leads=0, workers=WORKERS, publish=publish_plain, redis_url=url) as battle:
            yield battle


def endure(battle: Battle, way: str, seconds: float, rate: float = RATE) -> Verdict:
    """Post leads while Valkey is as it is; return whether all were taken in at once and ended soon after."""
    before = clock.now()
    with battle.supervised(), battle.posting(int(rate * seconds), seconds):
        WAYS[way](battle, seconds)
    back = clock.now() if way in ("away", "full") else before
    battle.settle()
    answers = dict(sorted(battle.poster.answers.items()))
    slowest = float(battle.market.value(SLOWEST, since=back))
    figures = f"answers {answers}; every lead had ended {slowest:.1f} s after it came, or after Valkey was back"
    is_wrong = slowest > (SLOWLY if way == "slow" else RESUMED) or any(not 200 <= status < 300 for status in answers)
    return Verdict(f"P16 Valkey {way}", figures, [figures] if is_wrong else [])


def main(words: Sequence[str]) -> int:
    """Run one way or all and print the verdicts; return 1 when a promise is broken."""
    return max(_prove(way, float(words[1]) if len(words) > 1 else SECONDS) for way in words[:1] or list(WAYS))


def _prove(way: str, seconds: float) -> int:
    with in_private("valkey") as (servers, folder), a_plain_battle(servers, folder, way) as battle:
        return judged(battle, endure(battle, way, seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
