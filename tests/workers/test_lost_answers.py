"""The database goes away around a commit: what was undone is done again, and what was done is not done twice."""

from collections.abc import Callable

import psycopg
import pytest

from tests.support.buyers import a_buyer, accepting
from tests.support.flows import buyer, cap
from tests.support.market import Market
from workers import crashpoints, transactions

Lose = Callable[[str, Callable[[], object]], list[str]]


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Give a function that loses the connection at a place by a commit, once, and returns where it was lost.

    Before the commit all of it is undone; after it only the answer is lost.
    """

    def at(place: str, once: Callable[[], object]) -> list[str]:
        lost: list[str] = []

        def crashpoint(name: str) -> None:
            if name == place and not lost and once():
                lost.append(name)
                raise psycopg.OperationalError("server closed the connection unexpectedly")

        for module in (crashpoints, transactions):
            monkeypatch.setattr(module, "crashpoint", crashpoint)
        return lost

    return at


def test_windows_whose_making_was_undone_are_made_again(market: Market, lose: Lose) -> None:
    lost = lose("before windows", lambda: True)
    with a_buyer(accepting) as sunrise:
        market.publish([cap(5), buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        market.carry(timeout=10)
    assert lost
    assert market.lead(lead_id).outcome == "sold"
    assert market.used() == {"c/day": 1}
