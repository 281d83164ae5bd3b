"""Processes that race for the same places never pass a cap, and no place is lost."""

import multiprocessing
from collections import Counter

from sqlalchemy import text

from flowbuilder import db
from tests.support.racing import MIDDAY, Racer, asks_of, limits_of, race
from workers.caps import WindowIds

PROCESSES, SEEDS = 4, 50
USED = text("SELECT cap, id, used FROM cap_window WHERE cap LIKE :seed")


def test_four_processes_never_pass_a_cap_and_lose_no_place(fresh_database_url: str) -> None:
    start = multiprocessing.get_context("spawn")
    together, kept = start.Barrier(PROCESSES), start.Queue()
    racers = [
        start.Process(target=race, args=(fresh_database_url, number, SEEDS, together, kept))
        for number in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    held = {seed: Counter[int]() for seed in range(SEEDS)}
    for _ in range(PROCESSES * SEEDS):
        seed, places = kept.get(timeout=60)
        held[seed] += places
    for racer in racers:
        racer.join(30)
        assert racer.exitcode == 0
    engine = db.make_engine(fresh_database_url)
    for seed in range(SEEDS):
        with engine.connect() as database:
            rows = database.execute(USED, {"seed": f"{seed}/%"}).all()
        assert {row.id: row.used for row in rows if row.used} == dict(held[seed])
        assert all(row.used <= limits_of(seed)[row.cap.partition("/")[2]] for row in rows)
        fill_up(engine, seed)
        with engine.connect() as database:
            total = database.execute(text("SELECT used FROM cap_window WHERE cap = :cap"), {"cap": f"{seed}/total"})
            assert total.scalar_one() == limits_of(seed)["total"]
    engine.dispose()


def fill_up(engine: db.Engine, seed: int) -> None:
    """Ask for one more place than there is, in one turn: exactly the free ones are given."""
    racer = Racer(engine, WindowIds(engine), seed, PROCESSES)
    racer.dice.random = lambda: 1.0  # type: ignore[method-assign]  # every turn is committed
    racer.turn([asks_of(seed, MIDDAY, ["total"]) for _ in range(limits_of(seed)["total"] + 1)], [])
