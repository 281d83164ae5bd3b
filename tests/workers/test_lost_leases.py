"""Leads whose lease another worker took are let go, whenever that is found out, and the others of the turn move."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from tests.support.buyers import Buyer, a_buyer, accepting, in_turn
from tests.support.flows import BUSY, buyer, cap, only, quickly
from tests.support.loops import a_loop, hear, turn
from tests.support.market import Market
from workers.engine import Engine
from workers.moving import log

STEAL = "UPDATE lead SET lease_token = 1 WHERE id = :lead"
"""What a claim of another worker does, which then does nothing else for as long as a lease is held."""
END = "UPDATE lead SET due_at = now() - interval '1 second' WHERE id = :lead"
"""Ends a lease, so that whoever looks next takes the lead."""
REFUSE = """
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'not now' USING ERRCODE = '40P01';
    END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON attempt FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@pytest.fixture
def sunrise(market: Market) -> Iterator[Buyer]:
    """Give a buyer that accepts, the only one of a flow with a cap."""
    with a_buyer(accepting) as sunrise:
        market.publish([cap(50), buyer(market.connect(sunrise))])
        yield sunrise


def carry_on(loop: Engine, market: Market, is_over: Callable[[], bool]) -> None:
    """Have a loop take turns until something is so."""
    while not is_over():
        loop._take_in(timeout=0.01)
        turn(loop)


def used_and_sold(market: Market) -> tuple[int, list[str | None]]:
    return market.used()["c/day"], [lead.outcome for lead in market.leads()]


def test_a_lead_that_another_worker_ended_before_it_moved_is_let_go_and_the_others_move_together(
    market: Market, sunrise: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    stolen, *_ = market.post(3)
    market.execute("UPDATE lead SET state = 'working', due_at = now() - interval '1 second'")
    with a_loop(market) as slow, caplog.at_level(logging.WARNING, log.name):
        turn(slow)
        market.execute(END, lead=stolen)
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state = 'done') = 1")
        carry_on(slow, market, lambda: market.count_open() == 0)
    assert [message.partition(" at")[0] for message in caplog.messages] == ["a turn of 3 leads failed: LostWrite"]
    assert used_and_sold(market) == (3, ["sold"] * 3)
    assert len(sunrise.seen) == 3


def test_after_a_deadlock_leads_that_another_worker_took_are_let_go_and_the_others_move(
    market: Market, sunrise: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    stolen, kept = market.post(2)
    with a_loop(market) as slow, caplog.at_level(logging.WARNING, log.name):
        turn(slow)
        hear(slow, 2)
        market.execute(REFUSE)
        turn(slow)
        market.execute("DROP TRIGGER refuse ON attempt")
        market.execute(STEAL, lead=stolen)
        carry_on(slow, market, lambda: market.lead(kept).state == "done")
        assert [message.partition(":")[0] for message in caplog.messages] == ["the database did not answer"]
        assert market.lead(stolen).state == "working"
        assert not slow._load.leads
    market.execute(END, lead=stolen)
    market.carry()
    assert used_and_sold(market) == (2, [None, "sold"])


def test_leads_whose_write_finds_that_another_worker_took_one_move_together_once_more(
    market: Market, sunrise: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    stolen, *kept = market.post(3)
    with a_loop(market) as slow, caplog.at_level(logging.WARNING, log.name):
        turn(slow)
        hear(slow, 3)
        market.execute(STEAL, lead=stolen)
        turn(slow)
        assert {carried.id for carried in slow._load.ready} == {stolen, *kept}
        turn(slow)
        assert {market.lead(lead_id).state for lead_id in kept} == {"done"}
        assert not slow._load.leads
        assert [message.partition(": L")[0] for message in caplog.messages] == ["a turn of 3 leads failed"]
    market.execute(END, lead=stolen)
    market.carry()
    assert used_and_sold(market) == (3, [None, "sold", "sold"])
    assert len(sunrise.seen) == 3


def test_where_a_lead_that_was_answered_is_another_workers_those_claimed_meanwhile_move_all_the_same(
    market: Market, sunrise: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    stolen, *_ = market.post(3)
    with a_loop(market) as slow, caplog.at_level(logging.WARNING, log.name):
        turn(slow)
        hear(slow, 3)
        market.execute(STEAL, lead=stolen)
        market.post(2)
        carry_on(slow, market, lambda: market.count_open() == 1)
        assert [message.partition(" at")[0] for message in caplog.messages] == ["a turn of 5 leads failed: LostWrite"]
        assert market.lead(stolen).state == "working"
    market.execute(END, lead=stolen)
    market.carry()
    assert used_and_sold(market) == (5, [None, *["sold"] * 4])


def test_many_leads_that_are_tried_again_in_one_turn_lose_no_lease(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    with a_buyer(in_turn(*[BUSY] * 20)) as sunrise:
        market.publish([cap(50), buyer(market.connect(sunrise, breaker="off"), **quickly())])
        market.post(20)
        with a_loop(market) as loop, caplog.at_level(logging.WARNING, log.name):
            turn(loop)
            hear(loop, 20)
            turn(loop)
            sunrise.react = accepting
            market.execute("UPDATE lead SET due_at = now() - interval '1 second'")
            carry_on(loop, market, lambda: market.count_open() == 0)
    assert not caplog.messages
    assert used_and_sold(market) == (20, ["sold"] * 20)


@pytest.mark.parametrize("careful", [False, True])
def test_a_lead_in_hand_that_was_renewed_too_late_is_not_claimed_anew(
    market: Market, sunrise: Buyer, caplog: pytest.LogCaptureFixture, careful: bool
) -> None:
    ids = market.post(3)
    with a_loop(market, careful=careful) as paused, caplog.at_level(logging.WARNING, log.name):
        while not paused._load.out:
            turn(paused)
        hear(paused, 3)
        for lead_id in ids:
            market.execute(END, lead=lead_id)
        market.post(1)
        carry_on(paused, market, lambda: market.count_open() == 0)
    assert caplog.messages == []
    assert used_and_sold(market) == (4, ["sold"] * 4)
    assert len(sunrise.seen) == 4


def test_a_lead_in_hand_that_another_worker_left_is_claimed_anew(
    market: Market, sunrise: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    stolen, _ = market.post(2)
    with a_loop(market) as paused, caplog.at_level(logging.WARNING, log.name):
        turn(paused)
        hear(paused, 2)
        market.execute(STEAL, lead=stolen)
        market.execute(END, lead=stolen)
        carry_on(paused, market, lambda: market.count_open() == 1 and not paused._load.leads)
    assert caplog.messages == []
    assert (market.lead(stolen).state, market.lead(stolen).waiting_for) == ("waiting", "answer")
    assert [attempt.state for attempt in market.attempts(stolen)] == ["ambiguous"]
    assert used_and_sold(market) == (2, [None, "sold"])
    assert len(sunrise.seen) == 2


def test_a_lead_whose_run_has_ended_though_nobody_took_it_is_put_aside(market: Market) -> None:
    market.publish([only("CA", "f")])
    [lead_id] = market.post(fields={"state": "NV"})
    market.carry()
    assert market.lead(lead_id).outcome == "rejected"
    market.execute("UPDATE lead SET state = 'working', outcome = NULL, finished_at = NULL")
    market.execute(END, lead=lead_id)
    market.carry()
    assert market.lead(lead_id).reason_code == "quarantined"


def leave(market: Market, _loop: Engine) -> None:
    """Have a worker leave the one lead that is open."""
    market.execute("UPDATE lead SET state = 'working', due_at = now() - interval '1 second' WHERE state = 'received'")


def fail(market: Market, loop: Engine) -> None:
    """Have a loop claim the one lead that is open, and not know whether that was written; it was."""
    market.execute(REFUSE.replace("UPDATE ON attempt", "INSERT ON lead_event"))
    turn(loop)
    market.execute("DROP TRIGGER refuse ON lead_event")
    [carried] = loop._load.leads.values()
    market.execute("UPDATE lead SET state = 'working', lease_token = :token WHERE state <> 'done'", token=carried.token)


@pytest.mark.parametrize("begin", [leave, fail])
def test_who_waits_for_windows_holds_no_row_that_another_loop_may_wait_for(
    market: Market, sunrise: Buyer, begin: Callable[[Market, Engine], None]
) -> None:
    market.post(1)
    market.carry()
    [lead_id] = market.post(1)
    with a_loop(market) as loop, market.database.connect() as other:
        begin(market, loop)
        other.execute(text("SELECT FROM cap_window FOR UPDATE"))
        carrying = threading.Thread(target=carry_on, args=(loop, market, lambda: market.count_open() == 0))
        carrying.start()
        market.wait_until("EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        written = other.execute(text("UPDATE lead SET last_step = last_step WHERE id = :lead"), {"lead": lead_id})
        assert written.rowcount == 1
        other.commit()
        carrying.join(timeout=60)
    assert used_and_sold(market) == (2, ["sold", "sold"])
    assert len(sunrise.seen) == 2
