"""The leads of one seller do not wait for those of another, however many stand in line or hang at their buyers."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.buyers import a_buyer, accepting, silent_until
from tests.support.flows import buyer
from tests.support.market import Market
from workers import engine, load, renewing
from workers.claiming import MOST_CLAIMED
from workers.pace import FIRST_FITTING
from workers.rota import NOBODY, Rota

ANA, BEN, CY = (frozenset([UUID(int=number)]) for number in (1, 2, 3))


def test_a_new_lead_does_not_wait_for_the_backlog_of_another_seller(market: Market) -> None:
    noisy = market.neighbour()
    with a_buyer(accepting) as others, a_buyer(accepting) as sunrise:
        noisy.publish([buyer(noisy.connect(others))])
        market.publish([buyer(market.connect(sunrise))])
        noisy.post(400)
        market.post()
        market.carry()
    [own] = sunrise.seen
    assert len(others.seen) == 400
    assert sum(request.at < own.at for request in others.seen) <= FIRST_FITTING + MOST_CLAIMED


@pytest.mark.parametrize("careful", [0.0, 60.0], ids=["claims and moves at once", "claims carefully"])
def test_everybody_has_a_turn_while_two_have_many_leads(market: Market, careful: float) -> None:
    market.careful = careful
    noisy, loud = market.neighbour(), market.neighbour("Loud Leads")
    with a_buyer(accepting) as others, a_buyer(accepting) as sunrise:
        for seller in (noisy, loud):
            seller.publish([buyer(seller.connect(others))])
            seller.post(150)
        market.publish([buyer(market.connect(sunrise))])
        market.post(3)
        market.carry()
    assert sum(request.at < sunrise.seen[-1].at for request in others.seen) <= FIRST_FITTING + 3 * MOST_CLAIMED
    assert len(others.seen) == 300


def test_leads_that_hang_leave_room_for_those_of_others(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SLOTS", 20)
    noisy, speaks = market.neighbour(), threading.Event()
    with a_buyer(silent_until(speaks)) as silent, a_buyer(accepting) as sunrise:
        noisy.publish([buyer(noisy.connect(silent, timeout_ms=30_000))])
        market.publish([buyer(market.connect(sunrise))])
        noisy.post(40)
        with market.carrying():
            silent.wait_for(16)
            market.post(6)
            sunrise.wait_for(6)
            assert len(silent.seen) == 16
            speaks.set()
            market.wait_until_settled()
    assert len(silent.seen) == 40


def test_leases_of_leads_that_hang_are_renewed_some_at_a_time(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.journal.LEASE", timedelta(seconds=6))
    monkeypatch.setattr(renewing, "MOST_RENEWED", 4)
    speaks = threading.Event()
    together = "(SELECT max(many) FROM (SELECT count(*) AS many FROM lead GROUP BY due_at) AS renewed)"
    with a_buyer(silent_until(speaks)) as silent:
        market.publish([buyer(market.connect(silent, timeout_ms=30_000))])
        market.post(30)
        with market.carrying():
            silent.wait_for(30)
            for _ in range(2):
                latest = market.value(text("SELECT max(due_at) FROM lead"))
                market.wait_until(f"(SELECT min(due_at) FROM lead) > '{latest}' AND {together} <= 4")
            speaks.set()
            market.wait_until_settled()
    assert len({request.key for request in silent.seen}) == len(silent.seen) == 30


def test_all_leases_are_renewed_in_time_where_it_would_take_too_many_turns(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.journal.LEASE", timedelta(seconds=6))
    monkeypatch.setattr(renewing, "MOST_RENEWED", 1)
    monkeypatch.setattr(engine, "PATIENCE", 1.0)
    with a_buyer(accepting) as slow:
        slow.delay = 8.0
        market.publish([buyer(market.connect(slow, timeout_ms=30_000))])
        market.post(30)
        with market.carrying(2):
            market.wait_until_settled()
    assert len({request.key for request in slow.seen}) == len(slow.seen) == 30


def test_a_round_goes_on_until_a_claim_is_not_full() -> None:
    rota = Rota()
    rota.note(ANA, NOBODY, is_full=True, seconds=0.0)
    assert rota.served == ANA
    rota.note(BEN, ANA, is_full=True, seconds=0.0)
    assert rota.served == ANA | BEN
    rota.note(CY, ANA | BEN, is_full=False, seconds=0.0)
    assert rota.served == NOBODY


def test_others_are_not_searched_for_again_at_once_where_there_were_none() -> None:
    rota = Rota()
    rota.note([], ANA, is_full=False, seconds=60.0)
    rota.note(ANA, NOBODY, is_full=True, seconds=60.0)
    assert rota.is_in_vain
    assert rota.served == NOBODY
