"""However many answers come at once, a turn is no longer for it, and those of one seller do not hold up another's."""

import threading
from collections import Counter
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.buyers import a_buyer, silent_until
from tests.support.flows import buyer
from tests.support.market import Market
from workers import pace
from workers.carrying import Carried
from workers.load import Load

ANA, BEN = UUID(int=1), UUID(int=2)
FEW = 3
IN_A_TURN = text("SELECT count(*) FROM lead GROUP BY finished_at")


NUMBERS = count(1)


def a_lead(account: UUID) -> Carried:
    """Return a claimed lead of an account, which came in after those before."""
    lead_id = UUID(int=next(NUMBERS))
    return Carried({"id": lead_id, "lease_token": 1, "run": 1, "instruction": None, "account_id": account})


def test_no_more_leads_move_in_a_turn_than_fit_into_it(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LEAST", FEW)
    monkeypatch.setattr(pace, "FIRST_FITTING", FEW)
    monkeypatch.setattr(pace, "LONGEST_TURN", 1e-9)
    speaks = threading.Event()
    with a_buyer(silent_until(speaks)) as silent:
        market.publish([buyer(market.connect(silent, timeout_ms=30_000))])
        market.post(60)
        with market.carrying():
            silent.wait_for(60)
            speaks.set()
            market.wait_until_settled()
    with market.database.connect() as database:
        together = database.execute(IN_A_TURN).scalars().all()
    assert (max(together), sum(together)) == (FEW, 60)


def test_those_that_came_in_first_move_first_of_as_many_accounts_as_there_are() -> None:
    of_ana, of_ben = [a_lead(ANA) for _ in range(6)], [a_lead(BEN) for _ in range(2)]
    load = Load(ready=[*of_ben, *reversed(of_ana), of_ana[0]])
    assert load.take_ready(4) == [of_ana[0], of_ben[0], of_ana[1], of_ben[1]]
    assert load.take_ready(3) == of_ana[2:5]
    assert (load.take_ready(3), load.ready) == ([of_ana[5]], [])


def test_a_lead_that_was_given_room_keeps_it_until_it_moves() -> None:
    first, second = a_lead(ANA), a_lead(ANA)
    first.let_out_for = "con_1"
    load = Load(ready=[first], promised=Counter({"con_1": 1}))
    load.queue("con_1", second, 0.0)
    load.free_queues()
    assert (load.ready, load.promised["con_1"]) == ([first], 1)
    assert load.take_ready(1) == [first]
    load.free_queues()
    assert (load.ready, load.promised["con_1"]) == ([second], 0)


def test_a_lead_whose_lease_is_lost_does_not_move() -> None:
    kept, lost = a_lead(ANA), a_lead(ANA)
    load = Load(ready=[kept, lost])
    load.admit([kept, lost])
    load.lose({lost.lease})
    assert (load.take_ready(5), len(load)) == ([kept], 1)
