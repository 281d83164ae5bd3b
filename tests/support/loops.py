"""Loops whose turns a test takes one by one."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.market import Market
from workers.engine import Engine


@contextmanager
def a_loop(market: Market, *, careful: bool = False) -> Iterator[Engine]:
    """Give a loop whose turns are taken one by one; a careful one writes leases before it moves leads."""
    loop = market.engine()
    loop.start()
    if not careful:
        loop._claiming.begin()
    try:
        yield loop
    finally:
        loop.close()


def turn(loop: Engine) -> None:
    """Have a loop look at the database, and move what can."""
    loop._claiming.wants_more = True
    loop._turn(claims=True)


def hear(loop: Engine, leads: int) -> None:
    """Have a loop wait until so many leads have an answer."""
    while len(loop._load.answered()) < leads:
        loop._take_in(timeout=5)
