"""As many leads move in a turn as fit into it, as far as the turns before tell."""

import pytest

from tests.support.bidders import a_bidder, auction, connect
from tests.support.market import Market
from workers.pace import FIRST_FITTING, LEAST, Pace

SALE, AUCTION = 0.0005, 0.005
"""Seconds of work for each lead in a turn."""


def paced(*turns: tuple[float, int, int]) -> Pace:
    """Return the pace after some turns: their seconds, and how many leads began and went on in them."""
    pace = Pace()
    for seconds, beginning, going_on in turns:
        pace.note(seconds, beginning, going_on)
    return pace


def fitting(pace: Pace) -> tuple[int, int]:
    """Return how many leads fit into a turn that begin, and that go on."""
    return pace.beginning(), pace.going_on


def test_a_new_loop_begins_with_a_few() -> None:
    assert fitting(Pace()) == (FIRST_FITTING, FIRST_FITTING)


@pytest.mark.parametrize(
    ("turn", "beginning", "going_on"),
    [
        ((32 * AUCTION, 32, 0), 20, FIRST_FITTING),
        ((32 * SALE, 0, 32), FIRST_FITTING, 200),
        ((32 * AUCTION + 32 * SALE, 32, 32), 36, 36),  # nothing says which of them it was
        ((7 * AUCTION, 7, 0), FIRST_FITTING, FIRST_FITTING),
    ],
    ids=["auctions that begin", "sales that go on", "as many of both", "too few to tell"],
)
def test_turns_tell_of_the_leads_that_were_in_them(turn: tuple[float, int, int], beginning: int, going_on: int) -> None:
    assert fitting(paced(*[turn] * 30)) == pytest.approx((beginning, going_on), rel=0.02)


def test_sales_that_go_on_say_nothing_of_auctions_that_begin() -> None:
    pace = paced(*[(32 * AUCTION, 32, 0)] * 20, *[(100 * SALE, 0, 100)] * 100)
    assert fitting(pace) == pytest.approx((20, 200), rel=0.02)


def test_turns_of_both_tell_them_apart_where_they_are_mixed_in_several_ways() -> None:
    pace = paced(*[(10 * AUCTION + 40 * SALE, 10, 40), (2 * AUCTION + 60 * SALE, 2, 60)] * 100)
    assert fitting(pace) == pytest.approx((20, 200), rel=0.05)


def test_beside_those_that_go_on_fewer_begin() -> None:
    pace = paced(*[(32 * AUCTION, 32, 0)] * 20, *[(100 * SALE, 0, 100)] * 100)
    assert [pace.beginning(beside=many) for many in (0, 110, 210, 400)] == pytest.approx(
        [20, LEAST + 1, LEAST, LEAST], abs=1
    )


def test_a_few_move_however_long_it_takes() -> None:
    pace = paced(*[(10.0, 8, 0), (10.0, 0, 8)] * 5)
    assert fitting(pace) == (LEAST, LEAST)


def test_each_lead_begins_once_and_goes_on_with_every_answer(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[tuple[int, int]] = []
    monkeypatch.setattr(Pace, "note", lambda _pace, _seconds, *leads: noted.append(leads))
    with a_bidder(42) as sunrise:
        market.publish([auction(connect(market, sunrise))])
        market.post(40)
        market.carry()
    beginning, going_on = map(sum, zip(*noted, strict=True))
    assert (beginning, going_on) == (40, 80)
