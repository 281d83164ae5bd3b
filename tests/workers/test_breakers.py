"""A buyer that keeps failing is left alone, by all workers, until one real lead has shown that it answers again."""

import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import clock, counting, embedded, enqueue, ids
from flowbuilder.audit import Actor
from flowbuilder.connections import breakers
from flowbuilder.models import Breaker, Connection
from tests.support.bidders import a_bidder, auction, bidding, connect, failing_ping, pings, posts
from tests.support.buyers import Buyer, Reaction, Seen, a_buyer, accepting, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, group, quickly
from tests.support.mail import a_mail_server
from tests.support.market import Market
from tests.support.yard import a_yard
from workers import book

ONCE = quickly(max_attempts=1)
LIMITS = {"failures": 3, "within": "5m", "recover_after": "30m"}


@pytest.fixture
def sunrise() -> Iterator[Buyer]:
    with a_buyer(lambda _request: BUSY) as buyer:
        yield buyer


@pytest.fixture
def helio() -> Iterator[Buyer]:
    with a_buyer(accepting) as buyer:
        yield buyer


def open_flow(market: Market, sunrise: Buyer, helio: Buyer, **settings: Any) -> str:
    """Publish a flow with Sunrise, whose breaker opens at three failures, and Helio after it."""
    connection = market.connect(sunrise, breaker=LIMITS, **settings.pop("destination", {}))
    first = buyer(connection, "sunrise", **(ONCE | settings))
    market.publish([first, buyer(market.connect(helio), "helio", price=30)])
    return connection


def carry(market: Market, many: int = 1, **values: Any) -> list[tuple[Any, Any, Any]]:
    """Carry leads one after the other, and return what became of the last one."""
    for _ in range(many):
        [lead_id] = market.post(**values)
        market.carry()
    return market.trail(lead_id)


def breaker_of(market: Market, connection: str) -> Breaker:
    with Session(market.database) as session:
        return session.get_one(Breaker, ids.read(connection, "con"))


def test_it_opens_at_its_limit_and_the_next_lead_goes_on_at_once(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    connection = open_flow(market, sunrise, helio)
    carry(market, 3)
    assert ("sunrise", "skipped", "breaker_open") in carry(market)
    assert (len(sunrise.seen), len(helio.seen)) == (3, 4)
    row = breaker_of(market, connection)
    assert row.opened_at
    assert row.recover_at
    assert row.recover_at - row.opened_at == timedelta(minutes=30)
    assert [(failure["kind"], failure["status"]) for failure in row.failures] == [("error", 503)] * 3
    assert {failure["lead"] for failure in row.failures} == {ids.show(lead.id) for lead in market.leads()[:3]}


@pytest.mark.parametrize(
    ("answer", "settings", "is_open"),
    [
        (BUSY, {}, True),
        (SILENT, {"on_ambiguous": "treat_as_declined"}, True),
        ((418, {}), {"destination": {"errors": [418]}}, True),
        (NO, {}, False),
        (BUSY, {"destination": {"breaker": "off"}}, False),
    ],
)
def test_errors_and_silence_count_and_a_no_does_not(
    market: Market, sunrise: Buyer, helio: Buyer, answer: Any, settings: dict[str, Any], is_open: bool
) -> None:
    sunrise.react = in_turn(answer)
    settings = {**settings, "destination": {"breaker": LIMITS} | settings.get("destination", {})}
    first = buyer(market.connect(sunrise, **settings.pop("destination")), "sunrise", **(ONCE | settings))
    market.publish([first, buyer(market.connect(helio), "helio")])
    assert (("sunrise", "skipped", "breaker_open") in carry(market, 4)) == is_open


def test_a_buyer_that_cannot_be_reached_fails(market: Market, helio: Buyer) -> None:
    with a_buyer() as sunrise:
        open_flow(market, sunrise, helio)
    assert ("sunrise", "skipped", "breaker_open") in carry(market, 4)


def test_what_it_comes_to_is_counted(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    open_flow(market, sunrise, helio)
    carry(market, 3)
    sunrise.react = accepting
    market.later(1801)
    carry(market)
    with enqueue.connect(market.redis_url) as redis:
        sums = counting.read_sums(redis)
    assert (sums["flowbuilder_breaker_changes/open"], sums["flowbuilder_breaker_changes/closed"]) == (1, 1)


class Gate:
    """How a buyer reacts that lets nobody wait but holds its answers back until it is told."""

    def __init__(self, react: Reaction) -> None:
        self.opens, self.react = threading.Event(), react

    def __call__(self, request: Seen) -> tuple[int, dict[str, Any]]:
        assert self.opens.wait(60)
        return self.react(request)


@pytest.mark.parametrize("answer", [YES, NO, BUSY, SILENT], ids=["yes", "no", "busy", "silent"])
def test_eight_loops_send_one_probe_and_go_by_its_answer(
    market: Market, sunrise: Buyer, helio: Buyer, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    connection = open_flow(market, sunrise, helio, on_ambiguous="treat_as_declined", destination={"timeout_ms": 60_000})
    carry(market, 3)
    market.later(1801)
    gate = Gate(lambda _request: answer)
    sunrise.react = gate
    with market.carrying(loops=8):
        market.post(80)
        sunrise.wait_for(4)
        helio.wait_for(3 + 79)
        assert len(sunrise.seen) == 4
        gate.opens.set()
        market.wait_until_settled()
        monkeypatch.setattr(book, "FRESH", 0.0)  # The other loops hear of it within this time.
        market.post(8)
        market.wait_until_settled()
    is_closed = answer in (YES, NO)
    assert len(sunrise.seen) == 4 + (8 if is_closed else 0)
    assert (breaker_of(market, connection).opened_at is None) == is_closed


def test_the_probes_failure_counts_from_then_on(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    connection = open_flow(market, sunrise, helio)
    carry(market, 3)
    opened_at = breaker_of(market, connection).opened_at
    for probes in (1, 2, 3):
        market.later(1801)
        carry(market, 2)
        assert len(sunrise.seen) == 3 + probes
    row = breaker_of(market, connection)
    assert (row.opened_at, row.probe, row.probe_until) == (opened_at, None, None)
    assert row.recover_at
    assert row.recover_at > clock.now() + timedelta(minutes=29)


def test_a_lead_that_is_held_after_errors_waits_until_the_recovery(market: Market, sunrise: Buyer) -> None:
    connection = market.connect(sunrise, breaker=LIMITS)
    market.publish([buyer(connection, "sunrise", on_error="hold", **ONCE)])
    carry(market, 3)
    [lead_id] = market.post()
    market.carry()
    lead, recover_at = market.lead(lead_id), breaker_of(market, connection).recover_at
    assert (lead.state, lead.waiting_for, lead.due_at) == ("waiting", "retry", recover_at)
    sunrise.react = accepting
    for seconds in (1801, 40):  # Of those that waited one is the probe, and the others wait for what becomes of it.
        market.later(seconds)
        market.carry()
    assert {lead.outcome for lead in market.leads()} == {"sold"}


@pytest.mark.parametrize(("way", "buyers"), [("reject", []), ({"buyer": "nova"}, ["nova"]), ("next", ["helio"])])
def test_an_open_breaker_goes_the_way_of_an_error(
    market: Market, sunrise: Buyer, helio: Buyer, way: Any, buyers: list[str]
) -> None:
    first = buyer(market.connect(sunrise, breaker=LIMITS), "sunrise", on_error=way, **ONCE)
    other, last = market.connect(helio), market.connect(helio)
    market.publish([first, buyer(other, "helio", price=30), buyer(last, "nova", price=20)])
    carry(market, 3)
    [lead_id] = market.post()
    market.carry()
    assert [offer.buyer for offer in market.offers(lead_id)] == buyers
    assert market.lead(lead_id).reason_code == (None if buyers else "breaker_open")


def test_an_offer_whose_answer_is_not_known_waits_until_its_buyer_is_asked_again(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    open_flow(market, sunrise, helio, retry={"after": ["5s"], "for_up_to": "1h", "max_attempts": 1})
    sunrise.react = in_turn(SILENT, BUSY)
    [silent] = market.post()
    market.carry()
    carry(market, 2)
    for _ in range(3):
        market.later(75)
        market.carry()
        lead = market.lead(silent)
        assert (lead.state, lead.waiting_for, len(market.attempts(silent))) == ("waiting", "answer", 1)
    sunrise.react = accepting
    market.later(1801)
    market.carry()
    assert (market.lead(silent).outcome, len({seen.key for seen in sunrise.seen})) == ("sold", 3)


def test_a_test_lead_is_no_probe(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    open_flow(market, sunrise, helio)
    carry(market, 3)
    market.later(1801)
    assert ("sunrise", "skipped", "breaker_open") in carry(market, is_test=True)
    assert len(sunrise.seen) == 3
    carry(market)
    assert len(sunrise.seen) == 4


def test_nothing_is_written_for_buyers_that_answer(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    open_flow(market, sunrise, helio)
    sunrise.react = in_turn(YES, NO)
    carry(market, 4)
    assert market.count(text("SELECT count(*) FROM breaker")) == 0


def test_a_probe_whose_worker_is_killed_is_followed_by_another(
    market: Market, sunrise: Buyer, helio: Buyer, servers: embedded.Servers
) -> None:
    connection = open_flow(market, sunrise, helio, destination={"timeout_ms": 60_000})
    carry(market, 3)
    market.later(1801)
    gate = Gate(accepting)
    sunrise.react = gate
    with a_yard(market, servers) as yard:
        yard.hire()
        market.post()
        sunrise.wait_for(4, timeout=30)
        [worker] = yard.workers
        worker.send_signal(signal.SIGKILL)
        worker.wait(60)
        yard.workers.clear()
    gate.opens.set()
    probed = breaker_of(market, connection).probe_until
    assert probed
    assert probed - clock.now() > timedelta(seconds=30)
    assert ("sunrise", "skipped", "breaker_open") in carry_others(market)
    market.later(91)
    assert ("sunrise", "accepted", None) in carry_others(market)
    market.execute("UPDATE lead SET due_at = now() WHERE state = 'working'")
    market.later(7)
    market.carry()


def carry_others(market: Market) -> list[tuple[Any, Any, Any]]:
    """Carry a lead while another one is nobody's until its lease ends."""
    [lead_id] = market.post()
    with market.carrying():
        market.wait_until(f"EXISTS (SELECT FROM lead WHERE id = '{lead_id}' AND state = 'done')")
    return market.trail(lead_id)


def test_a_person_has_one_lead_tried_before_the_recovery(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    connection = open_flow(market, sunrise, helio)
    carry(market, 4)
    sunrise.react = accepting
    with Session(market.database) as session:
        row = session.get_one(Connection, ids.read(connection, "con"))
        actor = Actor(market.account_id)
        breakers.try_one_lead(session=session, actor=actor, connection=row, now=clock.now())
        session.commit()
    assert ("sunrise", "accepted", None) in carry(market)
    assert breaker_of(market, connection).opened_at is None


@pytest.mark.parametrize("answer", ["error", "late"])
def test_pings_that_fail_count_too_and_one_ping_is_the_probe(market: Market, helio: Buyer, answer: str) -> None:
    failing = failing_ping(503) if answer == "error" else bidding(50, after=4.0)
    with a_bidder(react=failing) as sunrise:
        rows = (connect(market, sunrise, breaker=LIMITS), {"connection": market.connect(helio), "price": 30})
        market.publish([auction(*rows, wait_ms=2000)])
        carry(market, 4)
        assert (len(pings(sunrise)), len(helio.seen)) == (3, 4)
        [event] = [event for event in market.events(market.leads()[-1].id) if event.effect == "check"]
        assert event.result is not None
        assert event.result["rows"]["b1"]["reason"] == "breaker_open"
        sunrise.react = bidding(50)
        market.later(1801)
        carry(market, 2)
        assert (len(pings(sunrise)), len(posts(sunrise)), len(helio.seen)) == (5, 2, 4)


def test_a_row_of_a_group_that_holds_after_errors_waits_until_the_recovery(market: Market, sunrise: Buyer) -> None:
    connection = market.connect(sunrise, breaker=LIMITS)
    market.publish([group(buyer(connection, "b1", on_error="hold", **ONCE), mode="round_robin")])
    carry(market, 3)
    [lead_id] = market.post()
    market.carry()
    assert market.lead(lead_id).due_at == breaker_of(market, connection).recover_at


def test_a_buyer_that_gets_mails_now_is_not_left_alone_for_what_it_did_before(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    connection = open_flow(market, sunrise, helio)
    carry(market, 3)
    with a_mail_server() as server:
        market.mail = server
        mail = {"to": "leads@brightroof.example", "subject": "A lead"}
        destination = {"deliver_by": ["email"], "email": mail, "mapping": [], "breaker": LIMITS}
        with Session(market.database) as session:
            row = session.get_one(Connection, ids.read(connection, "con"))
            row.destination = destination
            session.commit()
            assert breakers.closed_to_leads(session, [row], clock.now()) == set()
            assert breakers.standing_of(session, row, clock.now()).phase == "closed"
        assert carry(market)[1][:2] == ("sunrise", "accepted")
    assert len(server.letters) == 1
