"""Leads that cannot go their way: put aside alone, ended as errors, or begun again, while all others go on."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support import proofs
from tests.support.armed import exit_code, start_worker
from tests.support.buyers import Seen, a_buyer, accepting, declining, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, cap, group, quickly
from tests.support.market import Market
from workers import journal
from workers.claiming import MOST_CAREFUL
from workers.crashpoints import CRASHED

COST = 1000
"""What the supplier of a sold lead is paid, in cents: the ten dollars of a source that is made for a test."""
CUT_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

REFUSE_TWICE = """
    CREATE OR REPLACE FUNCTION refuse_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('refusals') < 3 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF;
        RETURN NEW;
    END $$
"""


def test_a_lead_that_the_database_refuses_is_put_aside_alone(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([cap(50), buyer(market.connect(sunrise))], intake={"caps": [{"limit": 50, "per": "day"}]})
        market.execute("ALTER TABLE offer ADD CONSTRAINT planted CHECK (lead_id::text NOT LIKE '%7')")
        ids = market.post(40)
        market.carry()
        market.execute("ALTER TABLE offer DROP CONSTRAINT planted")
    refused = {lead_id for lead_id in ids if str(lead_id).endswith("7")}
    for lead in market.leads():
        expected = ("error", "quarantined") if lead.id in refused else ("sold", None)
        assert (lead.outcome, lead.reason_code) == expected
    assert market.used() == {"intake/day": 40 - len(refused), "c/day": 40 - len(refused)}


def test_the_reason_of_a_lead_put_aside_can_be_read(market: Market) -> None:
    market.publish([cap(5)])
    [lead_id] = market.post(
        1, fields={"email": "half \ud800 a pair".encode("utf-16", "surrogatepass").decode("utf-16", "replace")}
    )
    market.execute("ALTER TABLE lead_event ADD CONSTRAINT planted CHECK (step <> 'c')")
    market.carry()
    market.execute("ALTER TABLE lead_event DROP CONSTRAINT planted")
    lead = market.lead(lead_id)
    assert lead.reason.startswith("CheckViolation: ")
    assert "planted" in lead.reason


def test_a_lead_on_a_version_that_cannot_be_read_any_more_is_an_error_and_holds_nothing(market: Market) -> None:
    with a_buyer(in_turn(NO)) as sunrise:
        market.publish([cap(5), buyer(market.connect(sunrise), on_error="hold", on_declined="hold")])
        [lead_id] = market.post()
        market.carry()
        market.edit(lambda document: document["steps"].append({"teleport": {"id": "t"}}))
        market.later(1000)
        market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code) == ("error", "flow_unreadable")
    assert "teleport" in lead.reason
    assert set(market.used().values()) == {0}


def a_lead_on_a_changed_flow(
    market: Market, *answers: Any, second: Any = YES, **settings: Any
) -> tuple[UUID, int, int]:
    """Have a lead wait, change the flow under it, let it go on; return it and how often each buyer was asked."""
    with a_buyer(in_turn(*answers)) as sunrise, a_buyer(in_turn(second)) as helio:
        first = buyer(market.connect(sunrise), "s1", caps=[{"limit": 9, "per": "day"}], **settings)
        market.publish([cap(5), first, buyer(market.connect(helio), "s2", on_declined="hold")])
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).state == "waiting"
        market.edit(lambda document: document["steps"].pop(0))
        market.later(1000)
        market.carry()
    return lead_id, len(sunrise.seen), len(helio.seen)


def test_a_run_that_its_flow_would_not_take_any_more_is_replaced_and_asks_nobody_twice(market: Market) -> None:
    lead_id, *asked = a_lead_on_a_changed_flow(market, NO, on_declined="hold")
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.run, lead.asked_before, asked) == ("sold", 2, {"s1": "declined"}, [1, 1])
    assert [event.effect for event in market.events(lead_id) if event.run == 1][-1] == "replaced"
    assert market.used()["c/day"] == 0


def test_a_run_is_not_replaced_while_a_buyer_may_have_the_lead(market: Market) -> None:
    lead_id, *asked = a_lead_on_a_changed_flow(market, SILENT)
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code, asked) == ("error", "unknown", [1, 0])
    assert [offer.state for offer in market.offers(lead_id)] == ["unknown"]
    assert market.used() == {"c/day": 0, "s1/day": 1}


def test_a_lead_that_was_sold_stays_sold_when_its_run_cannot_go_on(market: Market) -> None:
    lead_id, *asked = a_lead_on_a_changed_flow(market, YES, second=NO, sell="continue")
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code, lead.revenue, lead.cost, asked) == ("sold", None, 4200, COST, [1, 1])
    assert market.used() == {"c/day": 1, "s1/day": 1}


def refuse_another_try(market: Market) -> None:
    market.execute("ALTER TABLE attempt ADD CONSTRAINT planted CHECK (attempt_no < 2)")


def add_an_unknown_step(market: Market) -> None:
    market.edit(lambda document: document["steps"].append({"teleport": {"id": "t"}}))


@pytest.mark.parametrize(
    ("spoil", "code"), [(refuse_another_try, "quarantined"), (add_an_unknown_step, "flow_unreadable")]
)
def test_a_lead_that_one_of_its_buyers_has_stays_sold_where_it_cannot_go_on(
    market: Market, spoil: Callable[[Market], None], code: str
) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(in_turn(BUSY)) as helio:
        both = group(buyer(market.connect(sunrise)), buyer(market.connect(helio), "s2", **quickly()), sell_up_to=2)
        market.publish([cap(5), both])
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).waiting_for == "retry"
        spoil(market)
        market.later(1000)
        market.carry()
        market.execute("ALTER TABLE attempt DROP CONSTRAINT IF EXISTS planted")
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code, lead.revenue, lead.cost) == ("sold", code, 4200, COST)
    assert [offer.state for offer in market.offers(lead_id)] == ["accepted", "unknown"]
    assert market.used()["c/day"] == 1


def test_a_lead_that_ended_its_worker_is_claimed_alone_and_asked_once(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        market.post(30)
        market.execute("UPDATE lead SET state = 'working', crashes = 1, due_at = now() - interval '1 second'")
        market.carry()
    assert {lead.outcome for lead in market.leads()} == {"sold"}
    assert {offer.attempts for lead in market.leads() for offer in market.offers(lead.id)} == {1}
    assert len(sunrise.seen) == 30


def test_a_lead_that_ended_its_worker_alone_three_times_is_put_aside(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        first, second = market.post(2)
        market.execute("UPDATE lead SET crashes = :most WHERE id = :id", most=journal.ALONE_CRASHES, id=first)
        market.execute("UPDATE lead SET crashes = :most WHERE id = :id", most=journal.ALONE_CRASHES + 1, id=second)
        market.carry()
    assert market.lead(first).outcome == "sold"
    assert (market.lead(second).reason_code, market.lead(second).reason) == (
        "quarantined",
        "It ended its worker several times",
    )
    assert len(sunrise.seen) == 1


def test_an_answer_that_the_database_could_not_take_at_once_is_not_lost(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        market.execute("CREATE SEQUENCE IF NOT EXISTS refusals")
        market.execute(REFUSE_TWICE)
        market.execute("CREATE TRIGGER refuse BEFORE UPDATE ON attempt FOR EACH ROW EXECUTE FUNCTION refuse_twice()")
        [lead_id] = market.post()
        market.carry()
        refused = market.count(text("SELECT last_value FROM refusals")) - 1
        market.execute("DROP TRIGGER refuse ON attempt; DROP SEQUENCE refusals CASCADE")
    assert [attempt.state for attempt in market.attempts(lead_id)] == ["ok"]
    assert (refused, len(sunrise.seen)) == (2, 1)


def test_leads_go_on_though_every_connection_is_cut_again_and_again(market: Market) -> None:
    with a_buyer(in_turn(NO, YES)) as sunrise, a_buyer(accepting) as helio:
        steps = [buyer(market.connect(sunrise), "s1", **quickly()), buyer(market.connect(helio), "s2")]
        market.publish([cap(60), *steps])
        with market.carrying(2):
            for _ in range(8):
                market.post(10)
                market.execute(CUT_ALL)
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0", 60)
    asked = [(request.key, request.body["email"]) for request in (*sunrise.seen, *helio.seen)]
    once = {attempt.state for lead in market.leads() for attempt in market.attempts(lead.id)}
    assert once <= {"ok", "declined", "ambiguous"}
    assert len(asked) <= sum(offer.attempts for lead in market.leads() for offer in market.offers(lead.id))


def test_the_proofs_find_what_is_planted(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(declining) as helio:
        steps = [buyer(market.connect(helio), "s1"), buyer(market.connect(sunrise), "s2")]
        market.publish([cap(60), *steps])
        market.post(3)
        market.carry()
    planted = [
        "DELETE FROM lead_event WHERE seq = 3",
        "DELETE FROM lead_event WHERE effect = 'close'",
        "UPDATE lead_event SET asks = jsonb_set(asks, '{price}', '1') WHERE effect = 'offer'",
        "UPDATE cap_window SET used = used + 1",
        "UPDATE offer SET is_winner = true, state = 'accepted', slot = 2 WHERE step = 's1'",
        "UPDATE offer SET places = '[[1, 1, false]]' WHERE step = 's1'",
        "UPDATE offer SET price = 4100 WHERE is_winner",
        "UPDATE offer SET state = 'sending', is_winner = false",
        "UPDATE attempt SET state = 'sending'",
        "DELETE FROM attempt WHERE offer_no = 1",
        "UPDATE lead SET outcome = 'rejected'",
        "UPDATE lead SET revenue = 0",
        "UPDATE lead SET reason = 'another'",
        "UPDATE lead SET state = 'working', outcome = NULL",
    ]
    for fault in planted:
        with market.database.connect() as database:
            database.exec_driver_sql(fault)
            assert proofs.findings(database), fault
            database.rollback()


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_connection_is_called_at_most_so_often_at_once(market: Market, concurrency: int) -> None:
    calls, most, lock, together = 0, 0, threading.Lock(), threading.Event()

    def count(request: Seen) -> Any:
        nonlocal calls, most
        with lock:
            calls += 1
            most = max(most, calls)
            if most == concurrency:
                together.set()
        together.wait(60)
        threading.Event().wait(0.03)
        with lock:
            calls -= 1
        return YES if "1" in request.body["email"] else (503, {})

    with a_buyer(count) as sunrise:
        one = market.connect(sunrise, row={"concurrency": concurrency})
        market.publish([buyer(one, **quickly())])
        market.post(20)
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert most == concurrency
    first = [request.body["email"] for request in sunrise.seen][:5]
    assert first == [f"ana{number}@example.com" for number in range(5)] or concurrency > 1


def test_leads_that_queue_for_a_buyer_go_on_once_its_cap_is_reached(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        one, two = market.connect(sunrise, row={"concurrency": 1}), market.connect(helio)
        market.publish([buyer(one, "s1", caps=[{"limit": 2, "per": "day"}]), buyer(two, "s2")])
        market.post(8)
        market.carry()
    assert (market.count_offers("s1", "accepted"), market.count_offers("s2", "accepted")) == (2, 6)


def test_leads_that_ended_a_worker_do_not_hold_up_the_others(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        suspects = market.post(40)
        market.execute("UPDATE lead SET crashes = 1, due_at = now() - interval '1 minute'")
        others = market.post(10)
        market.carry()
    ended = {lead.id: lead.finished_at for lead in market.leads()}
    assert max(ended[lead_id] for lead_id in others) < sorted(ended[lead_id] for lead_id in suspects)[20]


def test_a_loop_that_has_just_begun_claims_few_leads_at_once(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        market.post(40)
        assert exit_code(start_worker(market, "after turn", 1, "leads")) == CRASHED
        assert market.count(text("SELECT count(*) FROM lead WHERE crashes > 0")) == MOST_CAREFUL
        market.execute("UPDATE lead SET due_at = now()")
        market.carry()
    assert len(sunrise.seen) == 40
