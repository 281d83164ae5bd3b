"""Leads that wait when another version goes live: they finish on theirs, or workers start them again in the new one."""

import copy
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, enqueue
from flowbuilder.audit import Actor
from flowbuilder.flows import in_flight, operations
from flowbuilder.flows.operations import Publication
from flowbuilder.models import Audit, Flow, FlowVersion
from tests.support import armed
from tests.support.armed import exit_code, start_worker
from tests.support.buyers import Buyer, a_buyer, declining, in_turn
from tests.support.flows import BUSY, SILENT, buyer, cap, group, quickly
from tests.support.market import Market
from workers import journal
from workers.crashpoints import CRASHED

ONCE = quickly(max_attempts=1)
HOLD = {"id": "end", "do": "hold", "retry_every": "1h"}
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def sunrise() -> Iterator[Buyer]:
    with a_buyer(declining) as one:
        yield one


@pytest.fixture
def helio() -> Iterator[Buyer]:
    with a_buyer() as one:
        yield one


def held(market: Market, sunrise: Buyer, many: int = 1, **settings: Any) -> list[UUID]:
    """Have leads wait at the end of their flow, declined by Sunrise."""
    first = buyer(market.connect(sunrise), "s1", caps=[{"limit": 9, "per": "day"}], **ONCE)
    market.publish([cap(50), first], **{"fallback": HOLD, **settings})
    leads = market.post(many)
    market.carry()
    assert {market.lead(lead_id).state for lead_id in leads} == {"waiting"}
    return leads


def with_helio(market: Market, helio: Buyer, **settings: Any) -> Change:
    """Return the change that adds Helio behind Sunrise."""
    step = buyer(market.connect(helio), "s2", price=30, **settings)
    return lambda document: document["steps"].append(step)


def publish(market: Market, change: Change, *, starts_again: bool = True) -> Publication:
    """Publish the changed document, with what is said of leads that wait."""
    with Session(market.database) as session, enqueue.connect(market.redis_url) as redis:
        flow = session.get_one(Flow, market.flow_id)
        document = copy.deepcopy(session.get_one(FlowVersion, (flow.id, flow.live_version)).document)
        change(document)
        flow.draft = document
        session.flush()
        actor = Actor(market.account_id)
        done = operations.publish_flow(
            session=session, actor=actor, flow=flow, now=clock.now(), starts_again=starts_again
        )
        assert done.version is not None, done.problems
        in_flight.tell_workers(session, redis, done.started_again)
        session.commit()
        return done


def audited(market: Market) -> list[tuple[str, dict[str, Any]]]:
    with Session(market.database) as session:
        return [(row.action, row.detail) for row in session.scalars(select(Audit).order_by(Audit.id))]


def test_a_lead_that_waits_starts_again_in_the_new_version(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    [lead_id] = held(market, sunrise)
    assert publish(market, with_helio(market, helio)).started_again == 1
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.version, lead.run, lead.outcome, lead.revenue, lead.instruction) == (2, 2, "sold", 3000, None)
    assert lead.asked_before == {"s1": "declined"}
    told = [(event.run, event.effect, event.asks.get("version")) for event in market.events(lead_id)]
    assert (1, "start_again", 2) in told
    assert market.trail(lead_id)[-5:] == [
        ("intake", "passed", None),
        ("c", "passed", None),
        ("s1", "skipped", "already_asked"),
        ("s2", "accepted", None),
        ("intake", "sold", None),
    ]
    assert (len(sunrise.seen), len(helio.seen)) == (1, 1)
    assert market.used() == {"c/day": 1, "s1/day": 0}
    assert audited(market)[-1] == ("flow.started_again", {"version": 2, "leads": 1})
    market.check()


def test_it_finishes_where_it_is_unless_somebody_says_otherwise(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    [lead_id] = held(market, sunrise)
    due = market.lead(lead_id).due_at
    assert publish(market, with_helio(market, helio), starts_again=False).started_again == 0
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.version, lead.run, lead.state, lead.due_at, len(helio.seen)) == (1, 1, "waiting", due, 0)
    market.later(3700)
    market.carry()
    assert (market.lead(lead_id).version, len(helio.seen)) == (1, 0)
    market.check()


def test_leads_to_which_it_makes_no_difference_are_left_alone(market: Market, sunrise: Buyer) -> None:
    held(market, sunrise)
    done = publish(market, lambda document: document["steps"][1]["buyer"].update(name="First"))
    assert done.started_again == 0
    assert [action for action, _ in audited(market)] == ["flow.published"]


def test_a_lead_that_a_buyer_has_or_may_have_is_left_alone(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    sunrise.react = in_turn(SILENT)
    with a_buyer(in_turn(BUSY)) as nova:
        rows = [buyer(market.connect(one), name) for one, name in ((helio, "b1"), (nova, "b2"))]
        ca = {"is": [{"var": "lead.state"}, "CA"]}
        tx = {"is": [{"var": "lead.state"}, "TX"]}
        last = buyer(market.connect(nova), "s3", on_error={"hold": "1h"}, **ONCE)
        silent = buyer(market.connect(sunrise), "s1", on_ambiguous="hold", when=ca, **ONCE)
        retried = buyer(
            market.connect(nova), "s0", on_error="hold", when=tx, retry={"after": ["1h"], "for_up_to": "3h"}
        )
        market.publish([silent, retried, group(*rows, then="continue"), last], fallback=HOLD)
        leads = [market.post(fields={"state": state})[0] for state in ("CA", "TX", "NV")]
        market.carry()
        assert [market.lead(one).state for one in leads] == ["waiting"] * 3
        assert [offer.state for one in leads for offer in market.offers(one)].count("accepted") == 1
        before = [(market.lead(one).due_at, market.lead(one).waiting_for) for one in leads]
        assert publish(market, with_helio(market, helio)).started_again == 0
        market.carry()
        assert [(market.lead(one).due_at, market.lead(one).waiting_for) for one in leads] == before
        assert {market.lead(one).version for one in leads} == {1}


def test_what_a_person_decided_about_a_lead_comes_first(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    [lead_id] = held(market, sunrise)
    market.execute("""UPDATE lead SET instruction = '{"id": "x", "do": "reject", "reason": "Old"}'""")
    assert publish(market, with_helio(market, helio)).started_again == 0
    market.execute("UPDATE lead SET due_at = now()")
    market.carry()
    assert (market.lead(lead_id).outcome, market.lead(lead_id).reason) == ("rejected", "Old")


def test_the_newest_of_several_versions_counts(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    [lead_id] = held(market, sunrise)
    add = with_helio(market, helio)
    assert publish(market, add).started_again == 1
    assert publish(market, lambda document: document["steps"][2]["buyer"].update(price=31)).started_again == 1
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.version, lead.run, lead.revenue) == (3, 2, 3100)


def test_a_lead_starts_again_twice_and_every_run_replays(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    helio.react = declining
    [lead_id] = held(market, sunrise)
    assert publish(market, with_helio(market, helio)).started_again == 1
    market.carry()
    assert (market.lead(lead_id).state, market.lead(lead_id).version) == ("waiting", 2)
    with a_buyer() as nova:
        step = buyer(market.connect(nova), "s3", price=20)
        assert publish(market, lambda document: document["steps"].append(step)).started_again == 1
        market.carry()
    lead = market.lead(lead_id)
    assert (lead.version, lead.run, lead.outcome) == (3, 3, "sold")
    assert lead.asked_before == {"s1": "declined", "s2": "declined"}
    assert (len(sunrise.seen), len(helio.seen)) == (1, 1)
    market.check()


def test_what_was_posted_is_read_as_the_new_version_reads_it(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    first = buyer(market.connect(sunrise), "s1", **ONCE)
    market.publish([cap(50), first], fallback=HOLD)
    [lead_id] = market.post(posted={"email": "ana0@example.com", "state": "CA", "bill": "$1,200"})
    market.carry()
    add = with_helio(market, helio, when={"at_least": [{"var": "lead.bill"}, 1000]})

    def change(document: dict[str, Any]) -> None:
        document["fields"].append({"key": "bill", "type": "money"})
        add(document)

    publish(market, change)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.version, lead.outcome, lead.fields["bill"]) == (2, "sold", 1200)
    [left] = [event for event in market.events(lead_id) if event.effect == "start_again"]
    assert "bill" not in left.detail["lead"]["fields"]
    market.check()


@pytest.mark.parametrize(
    "changes", [{"fields": {"key": "bill", "type": "money", "required": True}}, {"currency": "EUR"}]
)
def test_a_lead_that_the_new_version_could_not_take_goes_on_waiting(
    market: Market, sunrise: Buyer, helio: Buyer, changes: dict[str, Any]
) -> None:
    [lead_id] = held(market, sunrise)
    due, add = market.lead(lead_id).due_at, with_helio(market, helio)

    def change(document: dict[str, Any]) -> None:
        document["fields"] += [changes["fields"]] if "fields" in changes else []
        document["currency"] = changes.get("currency", "USD")
        add(document)

    publish(market, change)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.version, lead.run, lead.state, lead.due_at) == (1, 1, "waiting", due)
    assert (lead.waiting_for, lead.instruction) == ("retry", None)
    market.check()


def test_what_came_in_is_counted_once_and_its_flow_may_be_paused(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    received = {"limit": 1, "per": "total", "count": "received"}
    [lead_id] = held(
        market, sunrise,
        intake={"caps": [received, {"limit": 5, "per": "day"}], "duplicates": {"by": ["email"], "within": "30d"}},
        source={"cost": {"fixed": 10}, "caps": [received]},
    )  # fmt: skip
    publish(market, with_helio(market, helio))
    market.execute("UPDATE flow SET state = 'paused'")
    market.carry()
    assert market.lead(lead_id).outcome == "sold"
    assert {key: used for key, used in market.used().items() if key != "s1/day"} == {
        "c/day": 1, "intake/total": 1, "intake/day": 1, "source/total": 1,
    }  # fmt: skip
    market.check()


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("passes", range(1, 6))
def test_a_worker_may_end_around_any_commit_of_it(
    market: Market, sunrise: Buyer, helio: Buyer, side: str, passes: int
) -> None:
    leads = held(market, sunrise, many=2)
    publish(market, with_helio(market, helio))
    assert exit_code(start_worker(market, f"{side} turn", passes)) == CRASHED
    with market.carrying():
        market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert {(market.lead(one).version, market.lead(one).run, market.lead(one).outcome) for one in leads} == {
        (2, 2, "sold")
    }
    assert (len(sunrise.seen), len({seen.key for seen in helio.seen})) == (2, 2)
    assert market.used() == {"c/day": 2, "s1/day": 0}
    market.check()
    market.check_requests(sunrise, helio)


def test_two_workers_start_many_again_and_sell_each_once(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    leads = held(market, sunrise, many=24)
    add = with_helio(market, helio, caps=[{"limit": 20, "per": "day"}])
    with market.carrying(loops=2):
        assert publish(market, add).started_again == 24
        market.wait_until("(SELECT count(*) FROM lead WHERE state = 'done') = 20")
        market.wait_until_settled()
    ended = [(market.lead(one).version, market.lead(one).run, market.lead(one).outcome) for one in leads]
    assert (ended.count((2, 2, "sold")), ended.count((2, 2, None))) == (20, 4)
    assert len({seen.key for seen in helio.seen}) == len(helio.seen) == 20
    assert market.used() == {"c/day": 20, "s1/day": 0, "s2/day": 20}
    market.check()


def test_many_begin_a_few_at_a_time(
    market: Market, sunrise: Buyer, helio: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = held(market, sunrise, many=3)
    monkeypatch.setattr(in_flight, "AT_ONCE", 2)
    publish(market, with_helio(market, helio))
    first, second, third = (market.lead(one).due_at for one in leads)
    assert (first, third - first) == (second, in_flight.EVERY)
