"""Workers tell the database that they live: while they carry, and while there is nothing to carry."""

import threading
from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from flowbuilder import clock
from tests.support.market import Market
from tests.support.processes import eventually
from workers.alive import Presence, WrongClock, check_clock

SEEN = text("SELECT seen_at FROM worker WHERE kind = 'leads'")


def seen_at(market: Market) -> datetime | None:
    with market.database.connect() as database:
        moment: datetime | None = database.execute(SEEN).scalar()
        return moment


def test_a_worker_without_leads_is_seen_again_and_again_and_a_busy_loop_has_to_tell_itself(market: Market) -> None:
    is_busy, asked = threading.Event(), threading.Semaphore(0)

    def busy() -> bool:
        asked.release()
        return is_busy.is_set()

    Presence(market.database, "leads").tell_at_rest(busy, every=0.02)
    eventually(lambda: seen_at(market) is not None)
    first = seen_at(market)
    eventually(lambda: seen_at(market) != first)
    is_busy.set()
    for _ in range(2):  # The second one is asked after all that the first one began.
        while asked.acquire(blocking=False):
            pass
        assert asked.acquire(timeout=30)
    last = seen_at(market)
    for _ in range(5):
        assert asked.acquire(timeout=30)
    assert seen_at(market) == last


@pytest.mark.parametrize(
    ("before", "after", "is_wrong"),
    [
        (-60, 0, False),  # The database took a minute to answer.
        (0, 60, False),
        (-60, -3, True),
        (3, 60, True),
    ],
)
def test_a_slow_answer_of_the_database_is_no_wrong_clock(
    market: Market, before: float, after: float, is_wrong: bool
) -> None:
    read = iter([clock.now() + timedelta(seconds=before), clock.now() + timedelta(seconds=after)])
    with pytest.raises(WrongClock) if is_wrong else nullcontext():
        check_clock(market.database, lambda: next(read))
