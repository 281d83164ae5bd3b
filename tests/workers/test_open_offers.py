"""A lead that is shared goes to others while one buyer has not answered; a broadcast asks all of them at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest

from flowbuilder import clock
from flowbuilder.leads import deciding
from tests.support import armed
from tests.support.armed import exit_code, start_worker
from tests.support.buyers import Buyer, Seen, a_buyer, accepting, declining, in_turn, silent_until
from tests.support.deciding import decide
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, cap, group, quickly
from tests.support.market import Market
from workers import journal, turn
from workers.crashpoints import CRASHED

DAY = [{"limit": 9, "per": "day"}]


@pytest.fixture
def three() -> Iterator[list[Buyer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(a_buyer(accepting)) for _ in range(3)]


def publish(market: Market, buyers: list[Buyer], **settings: Any) -> None:
    """Publish a group that sells a lead to two of some buyers, behind a cap."""
    row = {name: settings.pop(name) for name in ("on_ambiguous", "retry") if name in settings}
    rows = [
        buyer(market.connect(one, breaker="off"), f"s{at}", price=50 - 10 * at, caps=DAY, **(quickly() | row))
        for at, one in enumerate(buyers, 1)
    ]
    market.publish([cap(50), group(*rows, **{"sell_up_to": 2} | settings)], source={"cost": {"share": 50}})


def carried(market: Market, **settings: Any) -> Any:
    [lead_id] = market.post()
    market.carry(**settings)
    return market.lead(lead_id)


def answers(market: Market, lead_id: UUID) -> list[str]:
    """Return what each offer of a lead came to, in the order in which they were made."""
    return [f"{offer.step} {offer.state}" for offer in market.offers(lead_id)]


def asked(buyers: list[Buyer]) -> list[int]:
    return [len(one.seen) for one in buyers]


@pytest.mark.parametrize("mode", ["waterfall", "round_robin", "weighted", "broadcast"])
@pytest.mark.parametrize(
    ("says", "states", "revenue"),
    [
        ((SILENT, YES), ["s1 accepted", "s2 accepted"], 7000),
        ((SILENT, NO), ["s1 declined", "s2 accepted", "s3 accepted"], 5000),
        ((BUSY, YES), ["s1 accepted", "s2 accepted"], 7000),
        ((BUSY, BUSY, BUSY), ["s1 error", "s2 accepted", "s3 accepted"], 5000),
    ],
)
def test_the_lead_goes_on_while_one_has_not_answered(
    market: Market, three: list[Buyer], says: Any, states: list[str], revenue: int, mode: str
) -> None:
    three[0].react = in_turn(*says)
    publish(market, three, mode=mode, retry={"after": ["1s"], "max_attempts": 3})
    priorities = {"s1": 1, "s2": 2, "s3": 3}
    market.edit(lambda document: [row.update(priority=priorities[row["id"]]) for row in rows_of(document)])
    lead = carried(market)
    lead = _to_the_end(market, lead.id)
    assert (answers(market, lead.id), lead.revenue, lead.cost) == (states, revenue, revenue // 2)
    assert asked(three)[0] == len(says)
    assert {offer.slot for offer in market.offers(lead.id) if offer.is_winner} == {1, 2}
    market.check()
    market.check_requests(*three)


def rows_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = document["steps"][1]["group"]["buyers"]
    return rows


def _to_the_end(market: Market, lead_id: UUID) -> Any:
    with market.carrying():
        market.wait_until(f"(SELECT state FROM lead WHERE id = '{lead_id}') = 'done'")
    return market.lead(lead_id)


def test_the_next_buyer_has_the_lead_before_the_first_one_is_asked_again(market: Market, three: list[Buyer]) -> None:
    three[0].react = in_turn(SILENT)
    publish(market, three, retry={"after": ["10m"], "for_up_to": "1h"})
    lead = carried(market)
    assert (lead.state, lead.waiting_for, answers(market, lead.id)) == (
        "waiting", "answer", ["s1 sending", "s2 accepted"],
    )  # fmt: skip
    assert {key.partition("/")[0]: used for key, used in market.used().items()} == {"c": 1, "s1": 1, "s2": 1, "s3": 0}
    assert asked(three) == [1, 1, 0]
    market.check()


def test_a_broadcast_asks_all_at_once(market: Market, three: list[Buyer]) -> None:
    speaks = threading.Event()
    for one in three:
        one.react = silent_until(speaks)
    publish(market, three, mode="broadcast", sell_up_to=3)
    [lead_id] = market.post()
    with market.carrying():
        for one in three:
            one.wait_for(1)
        assert [offer.state for offer in market.offers(lead_id)] == ["sending"] * 3
        speaks.set()
        market.wait_until_settled()
    assert (market.lead(lead_id).outcome, market.lead(lead_id).revenue) == ("sold", 9000)
    market.check()


def test_a_broadcast_asks_the_next_as_soon_as_one_says_no(market: Market, three: list[Buyer]) -> None:
    speaks = threading.Event()
    three[0].react, three[1].react = silent_until(speaks), declining
    publish(market, three, mode="broadcast")
    [lead_id] = market.post()
    with market.carrying():
        three[2].wait_for(1)
        market.wait_until(f"(SELECT count(*) FROM offer WHERE lead_id = '{lead_id}' AND state = 'accepted') = 1")
        assert answers(market, lead_id) == ["s1 sending", "s2 declined", "s3 accepted"]
        speaks.set()
        market.wait_until_settled()
    assert answers(market, lead_id) == ["s1 accepted", "s2 declined", "s3 accepted"]
    market.check()


@pytest.mark.parametrize("mode", ["waterfall", "broadcast"])
def test_a_buyer_that_never_answers_keeps_its_place_and_its_part_of_the_lead(
    market: Market, three: list[Buyer], mode: str
) -> None:
    three[0].react = in_turn(SILENT)
    publish(market, three, mode=mode, retry={"after": ["1s"], "for_up_to": "2s"})
    lead = _to_the_end(market, carried(market).id)
    assert (lead.outcome, lead.revenue, answers(market, lead.id)) == ("sold", 3000, ["s1 unknown", "s2 accepted"])
    assert len({request.key for request in three[0].seen}) == 1 < len(three[0].seen)
    market.check()


@pytest.mark.parametrize(
    ("has_it", "states", "revenue"),
    [(True, ["s1 accepted", "s2 unknown"], 4000), (False, ["s1 declined", "s2 unknown", "s3 accepted"], 2000)],
)
def test_a_person_settles_one_of_two_that_have_not_answered(
    market: Market, three: list[Buyer], has_it: bool, states: list[str], revenue: int
) -> None:
    three[0].react = three[1].react = in_turn(SILENT)
    publish(market, three, on_ambiguous="hold")
    rows = {"s2": {"on_ambiguous": "retry_same", "retry": {"after": ["1s"], "for_up_to": "3s"}}}
    market.edit(lambda document: [row.update(rows.get(row["id"], {})) for row in rows_of(document)])
    lead = carried(market)
    assert (lead.state, lead.waiting_for) == ("waiting", "person")
    decide(market, deciding.settle, lead.id, has_it=has_it, offer_no=1)
    with market.carrying():
        market.wait_until(f"(SELECT state FROM lead WHERE id = '{lead.id}') = 'done'")
    lead = market.lead(lead.id)
    assert (answers(market, lead.id), lead.revenue) == (states, revenue)
    assert len(three[0].seen) == 1
    market.check()


def test_whom_a_person_has_tried_now_is_asked_before_its_time(market: Market, three: list[Buyer]) -> None:
    three[0].react = in_turn(SILENT, YES)
    publish(market, three, retry={"after": ["10m"], "for_up_to": "1h"})
    lead = carried(market)
    decide(market, deciding.try_now, lead.id)
    market.carry()
    assert (market.lead(lead.id).outcome, answers(market, lead.id)) == ("sold", ["s1 accepted", "s2 accepted"])
    market.check()


def test_each_is_asked_again_at_its_own_time(market: Market, three: list[Buyer]) -> None:
    three[0].react, three[1].react = in_turn(SILENT, YES), in_turn(SILENT, SILENT, YES)
    publish(market, three, retry={"after": ["10m"], "for_up_to": "1h"})
    quick = {"s2": {"retry": {"after": ["1s"], "for_up_to": "1h"}}}
    market.edit(lambda document: [row.update(quick.get(row["id"], {})) for row in rows_of(document)])
    lead = carried(market)
    with market.carrying():
        three[1].wait_for(3)
        market.wait_until(f"(SELECT count(*) FROM offer WHERE lead_id = '{lead.id}' AND state = 'accepted') = 1")
    assert asked(three) == [1, 3, 0]
    lead = market.lead(lead.id)
    assert (lead.state, lead.waiting_for) == ("waiting", "answer")
    market.later(15 * 60)
    market.carry()
    assert (market.lead(lead.id).outcome, asked(three)) == ("sold", [2, 3, 0])
    market.check()


def test_a_lead_that_queues_for_a_busy_buyer_hears_the_others(
    market: Market, three: list[Buyer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "BUSY_FOR", 5 * turn.BUSY_FOR)
    speaks = threading.Event()
    three[1].react = silent_until(speaks)
    connections = [market.connect(one, row={"concurrency": 1} if one is three[1] else {}) for one in three]
    rows = [buyer(connection, f"s{at}") for at, connection in enumerate(connections, 1)]
    market.publish([group(*rows, mode="broadcast", sell_up_to=2)])
    market.post(6)
    with market.carrying():
        market.wait_until("(SELECT count(*) FROM offer WHERE step = 's1' AND state = 'accepted') = 6")
        speaks.set()
        market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') = 6")
    assert market.count_offers("s2", "accepted") == len(three[1].seen) == 6
    assert asked(three)[2] == 0
    market.check()
    market.check_requests(*three)


def test_a_buyer_is_asked_again_at_its_time_while_another_takes_long(market: Market, three: list[Buyer]) -> None:
    speaks = threading.Event()
    three[0].react, three[1].react = in_turn(BUSY, YES), silent_until(speaks)
    publish(market, three, mode="broadcast")
    [lead_id] = market.post()
    with market.carrying():
        three[0].wait_for(2)
        market.wait_until(f"(SELECT count(*) FROM offer WHERE lead_id = '{lead_id}' AND state = 'accepted') = 1")
        assert answers(market, lead_id) == ["s1 accepted", "s2 sending"]
        speaks.set()
        market.wait_until_settled()
    assert market.lead(lead_id).revenue == 7000
    market.check()


def test_a_lead_for_which_a_person_is_needed_goes_on_waiting_for_one(market: Market, three: list[Buyer]) -> None:
    three[0].react = three[1].react = in_turn(SILENT)
    publish(market, three, on_ambiguous="hold")
    rows = {"s2": {"on_ambiguous": "retry_same", "retry": {"after": ["1s"], "for_up_to": "2s"}}}
    market.edit(lambda document: [row.update(rows.get(row["id"], {})) for row in rows_of(document)])
    lead = carried(market)
    with market.carrying():
        market.wait_until(f"(SELECT count(*) FROM offer WHERE lead_id = '{lead.id}' AND state = 'unknown') = 1")
        market.wait_until_settled()
    lead = market.lead(lead.id)
    assert (lead.state, lead.waiting_for, lead.due_at.year) == ("waiting", "person", 9999)
    assert len(three[0].seen) == 1


def test_a_lead_that_a_person_rejects_is_offered_to_nobody_any_more(market: Market, three: list[Buyer]) -> None:
    three[0].react = three[1].react = in_turn(BUSY)
    publish(market, three, retry={"after": ["10m"], "for_up_to": "1h"})
    lead = carried(market)
    assert (lead.state, lead.waiting_for) == ("waiting", "retry")
    decide(market, deciding.reject, lead.id, reason="Wrong number")
    market.carry()
    lead = market.lead(lead.id)
    assert (lead.outcome, lead.reason, answers(market, lead.id)) == (
        "rejected", "Wrong number", ["s1 error", "s2 error"],
    )  # fmt: skip
    assert asked(three) == [1, 1, 0]
    market.check()


def test_one_that_is_settled_while_the_lead_waits_for_another_is_heard_of_after_that(
    market: Market, three: list[Buyer]
) -> None:
    three[0].react, three[1].react, three[2].react = in_turn(SILENT), declining, in_turn(BUSY, NO)
    connections = [market.connect(one, breaker="off") for one in three]
    later = {"retry": {"after": ["10m"], "for_up_to": "1h"}}
    rows = [buyer(connections[0], "s1", **later), buyer(connections[1], "s2", on_declined={"buyer": "s3"})]
    market.publish([group(*rows, sell_up_to=2), buyer(connections[2], "s3", **later)])
    lead = carried(market)
    assert (lead.waiting_for, answers(market, lead.id)) == ("answer", ["s1 sending", "s2 declined", "s3 sending"])
    decide(market, deciding.settle, lead.id, has_it=True, offer_no=1)
    market.carry()
    waiting = market.lead(lead.id)
    assert (waiting.state, waiting.waiting_for) == ("waiting", "retry")
    assert (waiting.due_at - clock.now()).total_seconds() > 300
    market.later(15 * 60)
    market.carry()
    assert (market.lead(lead.id).outcome, answers(market, lead.id)[0]) == ("sold", "s1 accepted")
    market.check()


def test_whose_turn_it_is_goes_back_where_nobody_of_several_took_the_lead(market: Market, three: list[Buyer]) -> None:
    for one in three:
        one.react = in_turn(SILENT, NO)
    publish(market, three, mode="round_robin", sell_up_to=3)
    lead = _to_the_end(market, carried(market).id)
    assert (lead.outcome, market.used()["g/cursor/total"]) == ("rejected", 0)
    for one in three:
        one.react = accepting
    market.post(1, fields={"email": "next@example.com"})
    market.carry()
    assert market.used()["g/cursor/total"] == 3
    market.check()


def moody(mood: int) -> Callable[[Seen], tuple[int, dict[str, Any]]]:
    """Answer each lead in its own way by the digits of its address: at first, and for good."""

    def react(request: Seen) -> tuple[int, dict[str, Any]]:
        is_first = request.body["email"] not in told
        told.add(request.body["email"])
        number = int(request.body["email"].split("@")[0][1:]) + mood
        return (SILENT if number % 2 else BUSY) if is_first and number % 3 else (NO if number % 5 == 0 else YES)

    told: set[str] = set()
    return react


@pytest.mark.parametrize("mode", ["waterfall", "broadcast"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_may_end_around_any_turn(
    market: Market, three: list[Buyer], monkeypatch: pytest.MonkeyPatch, side: str, mode: str
) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)
    for mood, one in enumerate(three):
        one.react = moody(mood)
    publish(market, three, mode=mode)
    market.edit(lambda document: [row.pop("caps") for row in rows_of(document)])
    for passes in range(1, 9):
        for number in range(6):
            market.post(1, fields={"email": f"p{passes * 10 + number}@example.com"})
        assert exit_code(start_worker(market, f"{side} turn", passes, "leads")) == CRASHED
    with market.carrying():
        market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    market.check()
    market.check_requests(*three)
    assert {lead.outcome for lead in market.leads()} <= {"sold", "rejected"}
    assert all(sum(offer.is_winner for offer in market.offers(lead.id)) <= 2 for lead in market.leads())
    assert market.count_offers("s3", "accepted") > 0
