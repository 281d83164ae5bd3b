"""Steps that change a lead, send it down a lane, or offer it to several buyers; every journal is replayed."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.armed import exit_code, start_worker
from tests.support.buyers import a_buyer, accepting, declining, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, cap, group, quickly, split
from tests.support.market import Market
from tests.workers.test_crash_points import recover, short_leases  # noqa: F401  (a fixture)
from workers.crashpoints import CRASHED

IN_CA = {"is": [{"var": "lead.state"}, "CA"]}
SEES_STATE: dict[str, Any] = {"mapping": [["email", {"var": "lead.email"}], ["st", {"var": "lead.state"}]]}
TO_NEVADA = {"transform": {"id": "t", "set": [["state", "nevada"], ["grade", "{{lead.state}}-1"]]}}


def test_the_buyer_gets_the_changed_field_and_the_lead_keeps_its_own(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([TO_NEVADA, buyer(market.connect(sunrise, **SEES_STATE))])
        [lead_id] = market.post()
        market.carry()
    assert [request.body["st"] for request in sunrise.seen] == ["NV"]
    assert market.lead(lead_id).fields["state"] == "CA"
    change = market.events(lead_id)[1]
    assert change.asks == {"outcome": "passed", "reason": None, "fields": ["state", "grade"]}
    assert change.detail == {"changes": {"state": ["CA", "NV"], "grade": [None, "NV-1"]}}


def test_a_change_is_still_there_when_the_buyer_is_asked_once_more(market: Market) -> None:
    with a_buyer(in_turn(BUSY, YES)) as sunrise:
        market.publish([TO_NEVADA, buyer(market.connect(sunrise, **SEES_STATE), **quickly())])
        market.post()
        with market.carrying():
            sunrise.wait_for(2)
            market.wait_until_settled()
    assert [request.body["st"] for request in sunrise.seen] == ["NV", "NV"]


def test_each_lead_goes_down_its_lane_and_the_lanes_join(market: Market) -> None:
    with a_buyer(declining) as sunrise, a_buyer(accepting) as helio:
        lanes = split("ca", IN_CA, buyer(market.connect(sunrise), "s1"))
        market.publish([lanes, buyer(market.connect(helio), "s2")])
        [west] = market.post(fields={"state": "CA"})
        [rest] = market.post(fields={"state": "NV"})
        market.carry()
    assert [event.path for event in market.events(west)] == [None, None, "lanes/ca/s1", None, None]
    assert [event.step for event in market.events(rest)] == ["intake", "lanes", "s2", "intake"]
    assert {lead.outcome for lead in market.leads()} == {"sold"}


def test_caps_in_a_lane_count_the_leads_of_that_lane(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        lane = split("ca", IN_CA, cap(1, step="west"), buyer(market.connect(sunrise), "s1"))
        market.publish([lane, buyer(market.connect(sunrise), "s2")])
        market.post(3, fields={"state": "CA"})
        market.post(1, fields={"state": "NV"})
        market.carry()
    assert sorted(lead.outcome for lead in market.leads()) == ["rejected", "rejected", "sold", "sold"]
    assert market.used()["west/day"] == 1


def test_a_group_asks_its_rows_in_turn(market: Market) -> None:
    with a_buyer(declining) as sunrise, a_buyer(accepting) as helio:
        rows = [buyer(market.connect(sunrise), "b1"), buyer(market.connect(helio), "b2", price=30)]
        market.publish([group(*rows, buyer(market.connect(helio), "b3"))])
        [lead_id] = market.post()
        market.carry()
    assert market.trail(lead_id)[1:-1] == [
        ("b1", "declined", "rejected"),
        ("b2", "accepted", None),
        ("b3", "skipped", "not_selected"),
    ]
    assert [(offer.step, offer.cascade_position) for offer in market.offers(lead_id)] == [("b1", 1), ("b2", 2)]
    assert [event.path for event in market.events(lead_id)][1:-1] == ["g/b1", "g/b2", "g/b3"]
    assert market.lead(lead_id).revenue == 3000


def test_caps_on_rows_are_kept_and_the_next_row_takes_the_rest(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        rows = [
            buyer(market.connect(sunrise), "b1", caps=[{"limit": 2, "per": "total"}]),
            buyer(market.connect(helio), "b2", caps=[{"limit": 3, "per": "total"}]),
        ]
        market.publish([group(*rows)])
        market.post(7)
        market.carry()
    assert (market.count_offers("b1", "accepted"), market.count_offers("b2", "accepted")) == (2, 3)
    assert market.used() == {"b1/total": 2, "b2/total": 3}


def test_both_buyers_of_a_shared_lead_pay_and_hold_a_slot_each(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        rows = [buyer(market.connect(sunrise), "b1", price=20), buyer(market.connect(helio), "b2", price=22)]
        market.publish([group(*rows, sell_up_to=2)])
        [lead_id] = market.post()
        market.carry()
    assert [(offer.slot, offer.is_winner) for offer in market.offers(lead_id)] == [(1, True), (2, True)]
    assert (market.lead(lead_id).revenue, market.lead(lead_id).cost) == (4200, 1000)


def test_a_group_that_nobody_took_is_asked_again_after_a_while(market: Market) -> None:
    holds = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h"}
    with a_buyer(declining) as sunrise, a_buyer(in_turn(BUSY, YES)) as helio:
        rows = [buyer(market.connect(sunrise), "b1"), buyer(market.connect(helio), "b2", **quickly(max_attempts=1))]
        market.publish([group(*rows)], fallback=holds)
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).waiting_for == "retry"
        market.later(901)
        market.carry()
    assert [(offer.buyer, offer.round) for offer in market.offers(lead_id)] == [("b1", 1), ("b2", 1), ("b2", 2)]
    assert market.lead(lead_id).outcome == "sold"


def test_a_lead_that_one_buyer_has_keeps_its_place_while_it_waits_for_another(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(in_turn(NO, YES)) as helio:
        rows = [buyer(market.connect(sunrise), "b1"), buyer(market.connect(helio), "b2", on_declined="hold")]
        market.publish([cap(1), group(*rows, sell_up_to=2)])
        [lead_id] = market.post()
        market.carry()
        [late] = market.post()
        market.carry()
        assert market.lead(late).reason_code == "cap_reached"
        market.later(901)
        market.carry()
    assert [offer.is_winner for offer in market.offers(lead_id)] == [True, False, True]
    assert market.used() == {"c/day": 1}


def test_a_row_that_gave_no_clear_answer_is_asked_the_same_again(market: Market) -> None:
    with a_buyer(in_turn(SILENT, YES)) as sunrise, a_buyer(accepting) as helio:
        rows = [buyer(market.connect(sunrise), "b1", **quickly()), buyer(market.connect(helio), "b2")]
        market.publish([group(*rows)])
        [lead_id] = market.post()
        with market.carrying():
            sunrise.wait_for(2)
            market.wait_until_settled()
    assert len({request.key for request in sunrise.seen}) == 1
    assert [offer.buyer for offer in market.offers(lead_id)] == ["b1"]
    assert helio.seen == []


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("point", ["before turn", "after turn"])
@pytest.mark.parametrize("passes", [1, 3, 4])
def test_a_worker_may_end_in_the_middle_of_a_group(market: Market, point: str, passes: int) -> None:
    with a_buyer(in_turn(NO, YES, YES)) as sunrise, a_buyer(accepting) as helio:
        rows = [buyer(market.connect(sunrise), "b1", **quickly()), buyer(market.connect(helio), "b2", **quickly())]
        market.publish([TO_NEVADA, split("all", True, group(*rows, sell_up_to=2), cap(9))])
        market.post(3)
        assert exit_code(start_worker(market, point, passes, "leads")) == CRASHED
        recover(market)
        market.check_requests(sunrise, helio)
    assert market.count(text("SELECT count(*) FROM offer WHERE step = 'b2' AND is_winner")) == 3


def test_a_row_to_which_a_way_leads_keeps_its_mix(market: Market) -> None:
    kinds = {"by": {"var": "lead.state"}, "shares": {"CA": 50, "NV": 50}}
    with a_buyer(declining) as helio, a_buyer(accepting) as sunrise:
        first = buyer(market.connect(helio), "z", on_declined={"buyer": "b"})
        market.publish([first, group(buyer(market.connect(sunrise), "b", mix=kinds))])
        market.post(4)
        market.carry()
        market.post(2, fields={"state": "NV"})
        market.carry()
    sold = Counter(lead.fields["state"] for lead in market.leads() if lead.outcome == "sold")
    assert sold == {"CA": 1, "NV": 2}
    assert ("b", "mix_full") in {
        (event.step, event.reason) for lead in market.leads() for event in market.events(lead.id)
    }
