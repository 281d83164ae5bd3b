"""What people decide about leads that wait is carried out once, by whichever worker takes the lead next."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.leads import deciding
from flowbuilder.leads.deciding import CannotDecide
from flowbuilder.models import Audit
from tests.support import armed
from tests.support.armed import exit_code, start_worker
from tests.support.buyers import Buyer, a_buyer, accepting, declining, in_turn
from tests.support.deciding import decide
from tests.support.flows import BUSY, SILENT, YES, buyer, cap, group, quickly
from tests.support.loops import a_loop, hear, turn
from tests.support.market import Market
from tests.support.pinging import a_pinger
from workers import journal
from workers.crashpoints import CRASHED

ONCE = quickly(max_attempts=1)
DAY = [{"limit": 9, "per": "day"}]
TIDIED = {"transform": {"id": "t", "set": [["email", {"cat": ["tidy.", {"var": "lead.email"}]}]]}}


@pytest.fixture
def sunrise() -> Iterator[Buyer]:
    with a_buyer() as buyer:
        yield buyer


@pytest.fixture
def helio() -> Iterator[Buyer]:
    with a_buyer() as buyer:
        yield buyer


def refusal(market: Market, decision: Callable[..., Any], lead_id: UUID, **values: Any) -> str:
    with pytest.raises(CannotDecide) as raised:
        decide(market, decision, lead_id, **values)
    return raised.value.code


def a_silent_lead(
    market: Market, sunrise: Buyer, helio: Buyer, destination: dict[str, Any] | None = None, **settings: Any
) -> UUID:
    """Offer a lead to Sunrise, which does not answer, with Helio after it; a person has to decide."""
    sunrise.react = in_turn(SILENT)
    connection = market.connect(sunrise, **(destination or {}))
    first = buyer(connection, "sunrise", **({"on_ambiguous": "hold", "caps": DAY} | settings))
    market.publish([cap(50), first, buyer(market.connect(helio), "helio", price=30)], source={"cost": {"share": 50}})
    [lead_id] = market.post()
    market.carry()
    return lead_id


def a_held_lead(market: Market, *servers: Buyer, **settings: Any) -> UUID:
    """Have a lead wait for another round, declined by all but the last, which is off as far as the flow goes."""
    steps = [buyer(market.connect(one), f"s{at}", **ONCE, **settings) for at, one in enumerate(servers, 1)]
    market.publish([cap(50), *steps], fallback={"id": "end", "do": "hold", "retry_every": "1h"})
    [lead_id] = market.post()
    market.carry()
    assert market.lead(lead_id).state == "waiting"
    return lead_id


def audited(market: Market) -> list[tuple[str, dict[str, Any]]]:
    with Session(market.database) as session:
        return [(row.action, row.detail) for row in session.scalars(select(Audit).order_by(Audit.id))]


def test_the_buyer_has_it_sells_the_lead_at_the_price_that_was_agreed(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    lead_id = a_silent_lead(market, sunrise, helio, caps=[*DAY, {"spend": 500, "per": "day"}])
    decide(market, deciding.settle, lead_id, has_it=True, price=4000)
    market.carry()
    lead, [offer] = market.lead(lead_id), market.offers(lead_id)
    assert (lead.outcome, lead.revenue, lead.cost, lead.instruction) == ("sold", 4000, 2000, None)
    assert (offer.state, offer.is_winner, offer.price, len(sunrise.seen), len(helio.seen)) == (
        "accepted", True, 4000, 1, 0,
    )  # fmt: skip
    assert market.used() == {"c/day": 1, "sunrise/day": 1, "sunrise/day/spend": 4000}
    assert audited(market) == [("lead.settled", {"buyer": "sunrise", "answer": "accepted", "price": "4000"})]


def test_the_buyer_does_not_have_it_and_the_run_goes_on(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = a_silent_lead(market, sunrise, helio)
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue) == ("sold", 3000)
    assert [(offer.buyer, offer.state, offer.lost_reason) for offer in market.offers(lead_id)] == [
        ("sunrise", "declined", "rejected"),
        ("helio", "accepted", None),
    ]
    assert market.used() == {"c/day": 1, "sunrise/day": 0}


@pytest.mark.parametrize("on_declined", ["reject", "hold", {"buyer": "helio"}])
def test_a_settled_no_goes_the_way_of_a_no(market: Market, sunrise: Buyer, helio: Buyer, on_declined: Any) -> None:
    lead_id = a_silent_lead(market, sunrise, helio, on_declined=on_declined)
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    outcomes = {"reject": "rejected", "hold": None}
    outcome = outcomes[on_declined] if isinstance(on_declined, str) else "sold"
    assert market.lead(lead_id).outcome == outcome


def test_a_lead_that_is_still_asked_about_can_be_settled_too(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = a_silent_lead(market, sunrise, helio, on_ambiguous="retry_same")
    assert market.lead(lead_id).waiting_for == "answer"
    decide(market, deciding.settle, lead_id, has_it=True)
    market.carry()
    assert (market.lead(lead_id).outcome, len(sunrise.seen)) == ("sold", 1)


def unknown(market: Market, sunrise: Buyer, helio: Buyer, **destination: Any) -> UUID:
    """Have a lead end without an answer."""
    settings = quickly(after=["2s"], for_up_to="5s") | {"on_ambiguous": "retry_same"}
    lead_id = a_silent_lead(market, sunrise, helio, destination, **settings)
    market.later(60)
    market.carry()
    assert market.lead(lead_id).reason_code == "unknown"
    return lead_id


def test_a_lead_that_ended_unknown_is_sold_after_all(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = unknown(market, sunrise, helio)
    decide(market, deciding.settle, lead_id, has_it=True, price=4100)
    market.carry()
    lead, [offer] = market.lead(lead_id), market.offers(lead_id)
    assert (lead.state, lead.outcome, lead.reason_code, lead.revenue, lead.cost) == ("done", "sold", None, 4100, 2050)
    assert (offer.state, offer.is_winner, offer.price) == ("accepted", True, 4100)
    assert market.used()["sunrise/day"] == 1
    assert (market.events(lead_id)[-1].effect, market.events(lead_id)[-1].run) == ("by_hand", 2)
    assert refusal(market, deciding.settle, lead_id, has_it=False) == "nothing_to_settle"


def test_a_buyer_that_a_person_says_has_the_lead_gets_its_copies(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = unknown(market, sunrise, helio, deliver_by=["webhook", "inbox"], inbox={"notice": "ana@sunrise.example"})
    decide(market, deciding.settle, lead_id, has_it=True)
    market.carry()
    [offer], [row], [copy] = market.offers(lead_id), market.inbox(), market.copies()
    assert (row.id, copy.method) == (offer.id, "notice")
    kept = [one.request["fields"] for one in market.attempts(lead_id) if one.method == "inbox"]
    assert kept == [[["email", "ana0@example.com"]]]


def test_a_lead_that_ended_unknown_goes_on_with_the_others(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = unknown(market, sunrise, helio)
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue, lead.asked_before) == ("sold", 3000, {"sunrise": "declined"})
    assert ("sunrise", "skipped", "already_asked") in market.trail(lead_id)
    assert market.used() == {"c/day": 1, "sunrise/day": 0}


@pytest.mark.parametrize("steps", [[], [TIDIED]], ids=["as it came", "as a step has made it"])
def test_a_buyer_that_does_not_have_it_is_offered_the_next_lead_of_that_person(
    market: Market, sunrise: Buyer, helio: Buyer, steps: list[dict[str, Any]]
) -> None:
    sunrise.react = in_turn(SILENT)
    settings = quickly(after=["2s"], for_up_to="5s") | {"duplicates": {"by": ["email"], "within": "30d"}}
    market.publish([*steps, buyer(market.connect(sunrise), "sunrise", **settings)])
    [first] = market.post()
    market.carry()
    market.later(60)
    market.carry()
    assert market.lead(first).reason_code == "unknown"
    [second] = market.post()
    market.carry()
    assert ("sunrise", "skipped", "duplicate") in market.trail(second)
    decide(market, deciding.settle, first, has_it=False)
    market.carry()
    sunrise.react = accepting
    [third] = market.post()
    market.carry()
    assert (market.lead(first).outcome, market.lead(third).outcome) == ("rejected", "sold")


def test_a_lead_that_was_pinged_first_goes_on_without_another_post(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    sunrise.react = in_turn(SILENT)
    settings = quickly(after=["1s"], for_up_to="2s")
    steps = [buyer(market.connect(sunrise), "sunrise", **settings), buyer(market.connect(helio), "helio", price=30)]
    with a_pinger(market, steps) as supplier:
        assert supplier.post(supplier.quoted()).json["status"] == "error"
    [lead] = market.leads()
    assert lead.reason_code == "unknown"
    decide(market, deciding.settle, lead.id, has_it=False)
    market.carry()
    assert (market.lead(lead.id).outcome, market.lead(lead.id).revenue) == ("sold", 3000)


def test_a_shared_lead_that_was_sold_is_sold_once_more(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    sunrise.react = in_turn(SILENT)
    settings = quickly(after=["2s"], for_up_to="5s") | {"on_ambiguous": "retry_same", "caps": DAY}
    rows = (buyer(market.connect(sunrise), "sunrise", **settings), buyer(market.connect(helio), "helio", price=30))
    market.publish([group(*rows, sell_up_to=2)])
    [lead_id] = market.post()
    market.carry()
    market.later(60)
    market.carry()
    assert (market.lead(lead_id).outcome, market.lead(lead_id).revenue) == ("sold", 3000)
    decide(market, deciding.settle, lead_id, has_it=True)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue) == ("sold", 7200)
    assert sorted(offer.slot for offer in market.offers(lead_id) if offer.is_winner) == [1, 2]


def test_a_shared_lead_stays_sold_to_the_others(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    sunrise.react = in_turn(SILENT)
    settings = quickly(after=["2s"], for_up_to="5s") | {"on_ambiguous": "retry_same", "caps": DAY}
    rows = (buyer(market.connect(sunrise), "sunrise", **settings), buyer(market.connect(helio), "helio", price=30))
    market.publish([group(*rows, sell_up_to=2)])
    [lead_id] = market.post()
    market.carry()
    market.later(60)
    market.carry()
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    assert (market.lead(lead_id).outcome, market.lead(lead_id).revenue) == ("sold", 3000)
    assert market.used() == {"sunrise/day": 0}


def test_a_quarantined_lead_stays_aside_unless_its_buyer_has_it(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = a_silent_lead(market, sunrise, helio)
    end = "state = 'done', outcome = 'error', reason_code = 'quarantined', waiting_for = NULL, crashes = 5"
    market.execute(f"UPDATE lead SET {end}, finished_at = now()")
    market.execute("UPDATE offer SET state = 'unknown', lost_reason = 'unknown'")
    market.execute("UPDATE cap_window SET used = 0 WHERE cap LIKE '%/c/day'")
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code, len(helio.seen)) == ("error", "quarantined", 0)
    assert [offer.state for offer in market.offers(lead_id)] == ["declined"]


def test_while_a_buyer_may_have_it_a_lead_is_neither_rejected_nor_sent_to_another(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    lead_id = a_silent_lead(market, sunrise, helio)
    assert refusal(market, deciding.reject, lead_id, reason="Enough") == "not_settled"
    assert refusal(market, deciding.send_to, lead_id, buyer="helio") == "not_settled"


@pytest.mark.parametrize("price", [-1, 4201])
def test_nobody_pays_more_than_the_lead_was_offered_for(
    market: Market, sunrise: Buyer, helio: Buyer, price: int
) -> None:
    lead_id = a_silent_lead(market, sunrise, helio)
    assert refusal(market, deciding.settle, lead_id, has_it=True, price=price) == "bad_price"


def test_a_held_lead_is_rejected_with_the_reason_that_was_typed(market: Market, sunrise: Buyer) -> None:
    sunrise.react = declining
    lead_id = a_held_lead(market, sunrise)
    decide(market, deciding.reject, lead_id, reason="  Too   old ")
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code, lead.reason, len(sunrise.seen)) == ("rejected", "by_hand", "Too old", 1)
    assert market.used() == {"c/day": 0}


def test_a_held_lead_is_offered_once_to_the_buyer_that_was_chosen(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    sunrise.react, helio.react = declining, in_turn(BUSY, YES)
    lead_id = a_held_lead(market, sunrise, helio)
    decide(market, deciding.send_to, lead_id, buyer="s2")
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue) == ("sold", 4200)
    assert [offer.buyer for offer in market.offers(lead_id)] == ["s1", "s2", "s2"]
    assert market.used() == {"c/day": 0}  # It was not on that road.


@pytest.mark.parametrize(("buyer_called", "code"), [("s1", "already_asked"), ("s9", "not_connected")])
def test_a_buyer_whose_no_stands_cannot_be_chosen(
    market: Market, sunrise: Buyer, helio: Buyer, buyer_called: str, code: str
) -> None:
    sunrise.react, helio.react = declining, in_turn(BUSY)
    lead_id = a_held_lead(market, sunrise, helio)
    assert refusal(market, deciding.send_to, lead_id, buyer=buyer_called) == code


def test_the_chosen_buyer_has_its_own_conditions_and_the_run_goes_on(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    sunrise.react, helio.react = in_turn(BUSY, YES), in_turn(BUSY)
    first, second = market.connect(sunrise), market.connect(helio)
    never = {"when": {"is": [{"var": "lead.state"}, "TX"]}}
    steps = [buyer(first, "s1", **ONCE), buyer(second, "s2", **ONCE, **never)]
    market.publish(steps, fallback={"id": "end", "do": "hold", "retry_every": "1h"})
    [lead_id] = market.post()
    market.carry()
    decide(market, deciding.send_to, lead_id, buyer="s2")
    market.carry()
    assert market.lead(lead_id).outcome == "sold"
    assert len(helio.seen) == 0
    trail = [step for step, outcome, _ in market.trail(lead_id) if outcome in ("skipped", "accepted")]
    assert trail[-2:] == ["s2", "s1"]


def test_an_offer_that_is_tried_again_gives_way_to_what_a_person_decides(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    sunrise.react = in_turn(BUSY)
    steps = [buyer(market.connect(sunrise), "s1", on_error="hold", caps=DAY), buyer(market.connect(helio), "s2")]
    market.publish(steps)
    for reject in (False, True):
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).waiting_for == "retry"
        if reject:
            decide(market, deciding.reject, lead_id, reason="Enough")
        else:
            decide(market, deciding.send_to, lead_id, buyer="s2")
        market.carry()
        assert market.lead(lead_id).outcome == ("rejected" if reject else "sold")
        assert market.offers(lead_id)[0].state == "error"
        assert market.used()["s1/day"] == 0


def test_a_group_that_has_sold_its_lead_does_not_sell_it_again(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    rows = (buyer(market.connect(sunrise), "b1"), buyer(market.connect(helio), "b2"))
    with a_buyer(in_turn(BUSY)) as nova:
        last = buyer(market.connect(nova), "s2", on_error={"hold": "1h"}, **ONCE)
        market.publish([group(*rows, then="continue"), last])
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).state == "waiting"
        assert refusal(market, deciding.send_to, lead_id, buyer="b2") == "exclusive_taken"


def test_eight_people_at_once_and_one_is_heard(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = a_silent_lead(market, sunrise, helio)
    heard, refused = [], []

    def settle(number: int) -> None:
        try:
            decide(market, deciding.settle, lead_id, has_it=number % 2 == 0, price=4000 + number)
            heard.append(number)
        except CannotDecide as why:
            refused.append(why.code)

    people = [threading.Thread(target=settle, args=(number,)) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert (len(heard), set(refused)) == (1, {"being_done"})
    market.carry()
    assert market.lead(lead_id).revenue == (4000 + heard[0] if heard[0] % 2 == 0 else 3000)


def test_nothing_is_decided_about_a_lead_that_a_worker_has(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = a_silent_lead(market, sunrise, helio)
    market.execute("UPDATE lead SET state = 'working', waiting_for = NULL, due_at = now() + interval '30 seconds'")
    for decision, values in (
        (deciding.try_now, {}),
        (deciding.reject, {"reason": "Enough"}),
        (deciding.send_to, {"buyer": "helio"}),
    ):
        assert refusal(market, decision, lead_id, **values) == "not_waiting"
    assert refusal(market, deciding.settle, lead_id, has_it=True) == "nothing_to_settle"
    market.execute("UPDATE lead SET state = 'waiting', waiting_for = 'person', due_at = '9999-01-01'")


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_may_end_around_the_commit_that_carries_it_out(
    market: Market, sunrise: Buyer, helio: Buyer, side: str
) -> None:
    settled = a_silent_lead(market, sunrise, helio)
    decide(market, deciding.settle, settled, has_it=False)
    assert exit_code(start_worker(market, f"{side} turn", 1)) == CRASHED
    with market.carrying():
        market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert [(offer.buyer, offer.state) for offer in market.offers(settled)] == [
        ("sunrise", "declined"),
        ("helio", "accepted"),
    ]
    assert (len(sunrise.seen), len({seen.key for seen in helio.seen})) == (1, 1)


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)


def a_lead_that_ended_unknown(market: Market, sunrise: Buyer, helio: Buyer) -> UUID:
    """Have Sunrise never answer for a lead, which ends, and take another one under the same cap."""
    sunrise.react = in_turn(SILENT)
    first = buyer(market.connect(sunrise), "sunrise", **quickly(after=["1s"], for_up_to="2s"))
    market.publish([cap(5), first, buyer(market.connect(helio), "helio", price=30)])
    [lead_id] = market.post()
    market.carry()
    market.later(60)
    market.carry()
    sunrise.react = accepting
    market.post()
    market.carry()
    assert (market.lead(lead_id).reason_code, market.used()) == ("unknown", {"c/day": 1})
    return lead_id


def test_what_a_person_says_of_a_lead_that_ended_holds_whatever_its_flow_asks_by_now(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    lead_id = a_lead_that_ended_unknown(market, sunrise, helio)
    market.edit(lambda document: document["steps"][0]["cap"].update(per="week"))
    decide(market, deciding.settle, lead_id, has_it=True)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue, len(helio.seen)) == ("sold", 4200, 0)
    market.edit(lambda document: document["steps"][0]["cap"].update(per="day"))


def test_a_lead_that_ended_gives_nothing_back_again_where_its_version_cannot_be_read(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    lead_id = a_lead_that_ended_unknown(market, sunrise, helio)
    market.edit(lambda document: document["steps"].append({"teleport": {"id": "t"}}))
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    assert (market.lead(lead_id).reason_code, market.used()) == ("flow_unreadable", {"c/day": 1})
    market.edit(lambda document: document["steps"].pop())
    decide(market, deciding.settle, lead_id, has_it=True)
    market.carry()
    assert (market.lead(lead_id).outcome, market.used()) == ("sold", {"c/day": 1})


def test_a_lead_that_ended_gives_nothing_back_again_where_it_is_put_aside(
    market: Market, sunrise: Buyer, helio: Buyer
) -> None:
    lead_id = a_lead_that_ended_unknown(market, sunrise, helio)
    market.execute("ALTER TABLE lead_event ADD CONSTRAINT planted CHECK (effect <> 'by_hand')")
    decide(market, deciding.settle, lead_id, has_it=False)
    market.carry()
    market.execute("ALTER TABLE lead_event DROP CONSTRAINT planted")
    assert (market.lead(lead_id).reason_code, market.used()) == ("quarantined", {"c/day": 1})


def test_who_was_asked_before_is_known_after_a_turn_that_failed(market: Market, sunrise: Buyer, helio: Buyer) -> None:
    lead_id = a_lead_that_ended_unknown(market, sunrise, helio)
    decide(market, deciding.settle, lead_id, has_it=False)
    with a_loop(market) as loop:
        turn(loop)
        hear(loop, 1)
        [other] = market.post()
        market.execute(f"ALTER TABLE lead_event ADD CONSTRAINT planted CHECK (lead_id <> '{other}')")
        turn(loop)
        market.execute("ALTER TABLE lead_event DROP CONSTRAINT planted")
        turn(loop)
    market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.revenue, lead.asked_before) == ("sold", 3000, {"sunrise": "declined"})
