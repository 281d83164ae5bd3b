"""Processes that race for places in the same cap windows, and say which they kept."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

from flowbuilder import db
from rules.windows import window
from workers import journal
from workers.caps import Ask, Dealer, KnownWindows, Place
from workers.rows import Changes

TURNS = 24
UNDONE = 0.1
"""How many turns are rolled back."""
FEW = 2
"""For how many leads more a window must have room here to be dealt from as it is remembered: others take them."""
SPEND = "spend"
"""The cap in money, of which every lead takes its price."""
MIDDAY = datetime(2026, 3, 4, 12, 59, 58, tzinfo=UTC)
Kept = Counter[int]


def limits_of(seed: int) -> dict[str, int]:
    """Return the limits of one seed's caps: of leads by period, and of money in minor units."""
    dice = random.Random(seed)
    leads = {"hour": dice.randint(3, 25), "day": dice.randint(10, 60), "total": dice.randint(10, 90)}
    return leads | {SPEND: dice.randint(2_000, 30_000)}


def asks_of(seed: int, moment: datetime, caps: Iterable[str], price: int = 1) -> list[Ask]:
    """Return the reservation of one lead at a price in the windows of a moment."""
    asks = []
    for cap in caps:
        starts, ends = window("total" if cap == SPEND else cap, moment, "UTC")
        limit, take = limits_of(seed)[cap], price if cap == SPEND else 1
        asks.append(Ask(f"{seed}/{cap}", cap, "", limit, take, starts.isoformat(), ends and ends.isoformat(), False))
    return asks


def race(url: str, number: int, seeds: int, together: Barrier, kept: Any) -> None:
    """Take and give back at random in every seed's windows, and hand over what is kept of each."""
    engine = db.make_engine(url)
    windows = KnownWindows(engine, plenty=FEW)
    for seed in range(seeds):
        together.wait(60)
        racer = Racer(engine, windows, seed, number)
        places = racer.race()
        racer.did["kept"] = len(places)
        kept.put((seed, Counter({place[0]: 0 for place in places}) + _sum(places), racer.did))
    engine.dispose()


class Racer:
    """One process in one seed's race; `did` counts turns that locked nothing, and those that others were ahead of."""

    def __init__(self, engine: Any, windows: KnownWindows, seed: int, number: int) -> None:
        self.engine, self.windows, self.seed = engine, windows, seed
        self.dice = random.Random(f"{seed} {number}")
        self.held: list[list[Place]] = []
        self.did = Counter[str]()

    def race(self) -> list[Place]:
        """Do turns, each with several leads; return the places that are kept in the end."""
        for turn in range(TURNS):
            moment = MIDDAY + timedelta(seconds=turn // 4)
            prices = [self.dice.randint(100, 900) for _ in range(self.dice.randint(0, 4))]
            wanted = [asks_of(self.seed, moment, self._caps(), price) for price in prices]
            back = [self.held.pop(self.dice.randrange(len(self.held))) for _ in self.held[::3]]
            self.turn(wanted, back)
        return [place for places in self.held for place in places]

    def turn(self, wanted: list[list[Ask]], back: list[list[Place]]) -> None:
        """Give back and take in one transaction, as a turn of the loop does."""
        with self.engine.connect() as database:
            dealer = Dealer(self.windows)
            asks = [ask for asks in wanted for ask in asks]
            found, returned = self.windows.find(asks), [place[0] for places in back for place in places]
            if dealer.recall(asks, returned):
                self.did["unlocked"] += bool(asks)
            else:
                dealer.lock(database, [*found, *returned])
            for places in back:
                dealer.give_back(places)
            taken = [dealer.take(asks) for asks in wanted if dealer.holds(asks) and dealer.first_full(asks) is None]
            changes = Changes()
            dealer.add_to(changes)
            if self._writes(database, changes) and self.dice.random() >= UNDONE:
                database.commit()
                dealer.remember()
                self.held.extend(taken)
            else:
                database.rollback()
                self.windows.forget()
                self.held.extend(back)

    def _writes(self, database: Any, changes: Changes) -> bool:
        """Write what was dealt; return False where others took what this process remembered as free."""
        try:
            journal.write(database, changes)
        except journal.CapPassed:
            self.did["refused"] += 1
            return False
        return True

    def _caps(self) -> list[str]:
        return self.dice.sample(("hour", "day", "total", SPEND), self.dice.randint(1, 4))


def _sum(places: Iterable[Place]) -> Kept:
    kept: Kept = Counter()
    for window_id, take, _ in places:
        kept[window_id] += take
    return kept
