"""Races: for places in caps, for the one slot of an exclusive lead, and for one idempotency key.

python -m tests.chaos.races [seeds] [contenders for caps] [contenders for leads]     50 seeds, 16, 8
"""

import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from sqlalchemy import text

from flowbuilder import db
from tests.chaos.check import Case, books_agree, every_cent, sold_once
from tests.support import proofs
from tests.support.battle import Battle, a_battle, publish_plain, traders_of
from tests.support.beside import beside
from tests.support.command import in_private, numbers
from tests.support.evidence import Evidence
from tests.support.flows import buyer, group, quickly
from tests.support.market import Market, a_market, empty
from tests.support.racing import MIDDAY, Racer, asks_of, limits_of, race
from tests.support.trade import Trader
from tests.support.verdicts import Verdict, report
from workers.caps import KnownWindows

SEEDS, RACERS, LOOPS = 50, 16, 8
LEADS, AT_ONCE = 200, 50
USED = text("SELECT cap, id, used FROM cap_window WHERE cap LIKE :seed")
STEAL = """
    UPDATE lead SET due_at = now()
    WHERE id IN (SELECT id FROM lead WHERE state = 'working' AND random() < 0.2 FOR UPDATE SKIP LOCKED)
"""
"""Ends a fifth of all leases, so that other loops take leads whose loop is in the middle of something. It waits for
nobody, so that no loop and it ever wait for each other."""


def race_for_places(url: str, racers: int, seeds: int) -> Verdict:
    """Have processes take places and give them back at random; nothing is passed, and none is lost."""
    start = multiprocessing.get_context("spawn")
    together, kept = start.Barrier(racers), start.Queue()
    processes = [start.Process(target=race, args=(url, number, seeds, together, kept)) for number in range(racers)]
    for process in processes:
        process.start()
    held, did = {seed: Counter[int]() for seed in range(seeds)}, Counter[str]()
    for _ in range(racers * seeds):
        seed, places, done = kept.get(timeout=120)
        held[seed] += places
        did += done
    for process in processes:
        process.join(30)
    engine = db.make_engine(url)
    found = [finding for seed in range(seeds) for finding in _wrong_places(engine, seed, held[seed])]
    found += [f"a racer ended with {process.exitcode}" for process in processes if process.exitcode]
    engine.dispose()
    turns = f"{did['unlocked']} turns without a lock, {did['refused']} refused as others were ahead"
    figures = f"{seeds} seeds, {racers} processes, {did['kept']} places kept, {turns}"
    found += [f"no turn was {what}" for what in ("unlocked", "refused") if not did[what]]
    return Verdict("C4 races for places", figures, found)


def _wrong_places(engine: db.Engine, seed: int, held: Counter[int]) -> Iterator[str]:
    """Yield the windows of a seed that hold something else than the racers, or more than they may, or are not full."""
    limits = {f"{seed}/{per}": limit for per, limit in limits_of(seed).items()}
    with engine.connect() as database:
        for row in database.execute(USED, {"seed": f"{seed}/%"}).all():
            if row.used != held[row.id] or row.used > limits[row.cap]:
                yield f"{row.cap} has {row.used} used of {limits[row.cap]}, and {held[row.id]} are held"
    _fill_up(engine, seed)
    with engine.connect() as database:
        used = database.execute(text("SELECT used FROM cap_window WHERE cap = :cap"), {"cap": f"{seed}/total"})
        if used.scalar_one() != limits[f"{seed}/total"]:
            yield f"{seed}/total is not full in spite of the demand"


def _fill_up(engine: db.Engine, seed: int) -> None:
    """Ask for one more place than there is, in one turn: exactly the free ones are given."""
    racer = Racer(engine, KnownWindows(engine), seed, -1)
    racer.dice.random = lambda: 1.0  # type: ignore[method-assign]  # every turn is committed
    racer.turn([asks_of(seed, MIDDAY, ["total"]) for _ in range(limits_of(seed)["total"] + 1)], [])


def race_for_leads(url: str, redis_url: str, loops: int, seed: int, leads: int = LEADS) -> Verdict:
    """Have loops carry the same leads while leases are taken from them; each lead is sold once, to one buyer."""
    empty(url)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        market = stack.enter_context(a_market(url, redis_url, checks=False))
        who = {f"buyer_{number}": Trader(f"{seed} {number}", declines=30, slow=0.02) for number in range(loops)}
        connections = traders_of(folder, stack, market, who)
        rows = [buyer(connection, name, price=20, **quickly()) for name, connection in connections.items()]
        market.publish([group(*rows, mode="weighted")])
        market.post(leads)
        with market.carrying(loops), _thief(market, seed):
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0", 120)
        with market.database.connect() as database:
            case = Case(proofs.Books(database), Evidence.read(folder))
        found = [finding for promise in (sold_once, every_cent, books_agree) for finding in promise(case).findings]
        sold = sum(lead["outcome"] == "sold" for lead in case.leads.values())
        taken_over = sum(1 for _ in case.given_up())
        figures = f"{sold} of {leads} leads sold by {loops} loops, {taken_over} calls taken over"
        return Verdict(f"C6 one slot for each lead, seed {seed}", figures, found)


@contextmanager
def _thief(market: Market, seed: int) -> Iterator[None]:
    """End leases at random meanwhile, for some seconds."""
    dice = random.Random(seed)

    def steal(ends: threading.Event) -> None:
        give_up = time.monotonic() + 3
        while not ends.wait(dice.uniform(0.02, 0.2)) and time.monotonic() < give_up:
            market.execute(STEAL)

    with beside(steal):
        yield


def race_for_keys(battle: Battle, seeds: int) -> Verdict:
    """Post the same lead under one key many times at once; it is one lead, and all get the same answer."""
    poster, found, statuses = battle.poster, list[str](), Counter[int]()
    bodies: dict[int, set[str]] = defaultdict(set)

    def post(number: int) -> None:
        headers = {"X-API-Key": poster.key, "Idempotency-Key": f"key {number}"}
        fields = {"email": f"key{number}@example.com", "state": "CA"}
        answer = requests.post(poster.address, json=fields, headers=headers, params={"wait": "20"}, timeout=60)
        statuses[answer.status_code] += 1
        bodies[number].add(answer.text)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(seeds):
            list(pool.map(post, [number] * AT_ONCE))
    found += [f"key {number} had {len(told)} answers" for number, told in bodies.items() if len(told) > 1]
    made = battle.market.count(text("SELECT count(*) FROM lead"))
    if made != seeds:
        found.append(f"{made} leads were made under {seeds} keys")
    figures = f"{seeds} keys, each posted {AT_ONCE} times at once: {made} leads, answers {dict(statuses)}"
    return Verdict("C7 one lead for each key", figures, found)


def main(words: Sequence[str]) -> int:
    """Run all races and print what came of them; return how many broke a promise."""
    seeds, racers, loops = numbers(words, SEEDS, RACERS, LOOPS)
    with in_private("races") as (servers, folder):
        with a_battle(servers, folder, leads=0, workers=1, publish=publish_plain) as battle:
            keys = race_for_keys(battle, seeds)
        places = race_for_places(servers.database_url, racers, seeds)
        slots = [race_for_leads(servers.database_url, servers.redis_url, loops, seed) for seed in range(seeds)]
    said, broken = report([keys, places, *slots])
    sys.stdout.write(said)
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
