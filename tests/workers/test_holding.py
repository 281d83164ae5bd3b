"""Leads that wait: for opening hours, for another round, for a person; and what is asked again afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flowbuilder import clock
from tests.support.buyers import a_buyer, accepting, declining, in_turn
from tests.support.flows import BUSY, NO, YES, buyer, quickly
from tests.support.market import Market

ROUND_THE_CLOCK = {"time_zone": "Asia/Kathmandu", "from": "00:00", "to": "24:00"}


def round_again(**settings: Any) -> dict[str, Any]:
    return {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h", **settings}


def test_a_lead_waits_until_its_buyer_opens(market: Market) -> None:
    opens = (clock.now() + timedelta(hours=3)).strftime("%H:%M")
    closes = (clock.now() + timedelta(hours=5)).strftime("%H:%M")
    with a_buyer(accepting) as sunrise:
        hours = {"from": opens, "to": closes, "time_zone": "UTC"}
        market.publish([buyer(market.connect(sunrise), hours=hours, outside_hours="hold")])
        [lead_id] = market.post()
        market.carry()
        lead = market.lead(lead_id)
        assert (lead.state, lead.waiting_for, f"{lead.due_at:%H:%M}") == ("waiting", "hours", opens)
        market.later(3 * 3600)
        market.carry()
    assert market.lead(lead_id).outcome == "sold"
    assert market.trail(lead_id)[1:5] == [
        ("s1", "skipped", "outside_hours"),
        ("s1", "passed", "This buyer is closed now"),
        ("intake", "passed", None),
        ("s1", "accepted", None),
    ]


def test_hours_go_by_the_clock_of_the_connection_that_a_replay_reads_from_the_journal(market: Market) -> None:
    opens = clock.now() + timedelta(hours=3)
    there = opens.astimezone(ZoneInfo("Pacific/Kiritimati"))
    hours = {"from": f"{there:%H:%M}", "to": f"{there + timedelta(minutes=1):%H:%M}"}
    with a_buyer(accepting) as sunrise:
        connection = market.connect(sunrise, time_zone="Pacific/Kiritimati")
        market.publish([buyer(connection, hours=hours, outside_hours="hold")])
        [lead_id] = market.post()
        market.carry()
        assert f"{market.lead(lead_id).due_at.astimezone(UTC):%H:%M}" == f"{opens:%H:%M}"
        market.execute("""
            UPDATE connection SET destination = jsonb_set(CAST(destination AS jsonb), '{time_zone}', '"UTC"')
        """)
        market.later(24 * 3600)
        market.carry()
        assert f"{market.lead(lead_id).due_at.astimezone(UTC):%H:%M}" == hours["from"]
    told = [event.result for event in market.events(lead_id) if event.effect in ("intake", "hold")]
    zones = [result["zones"][connection] for result in told if result]
    assert zones == ["Pacific/Kiritimati", "UTC"]


def test_a_flow_without_such_hours_has_no_zones_in_its_journal(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise, time_zone="UTC"), hours=ROUND_THE_CLOCK)])
        [lead_id] = market.post()
        market.carry()
    assert "zones" not in market.events(lead_id)[0].result


@pytest.mark.parametrize(("ask_again", "asked"), [("unavailable", ["s1", "s2", "s2"]), ("all", ["s1", "s2", "s1"])])
def test_another_round_asks_who_was_not_available_and_all_if_told_so(
    market: Market, ask_again: str, asked: list[str]
) -> None:
    with a_buyer(in_turn(NO, YES)) as sunrise, a_buyer(in_turn(BUSY, YES)) as helio:
        steps = [
            buyer(market.connect(sunrise), "s1", **quickly(max_attempts=1)),
            buyer(market.connect(helio), "s2", **quickly(max_attempts=1)),
        ]
        market.publish(steps, fallback=round_again(ask_again=ask_again))
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).waiting_for == "retry"
        market.later(901)
        market.carry()
    assert [offer.buyer for offer in market.offers(lead_id)] == asked
    assert [offer.round for offer in market.offers(lead_id)] == [1, 1, 2]
    assert market.lead(lead_id).outcome == "sold"


def test_rounds_end_when_the_time_is_up(market: Market) -> None:
    with a_buyer(declining) as sunrise:
        market.publish([buyer(market.connect(sunrise))], fallback=round_again(for_up_to="40m", ask_again="all"))
        [lead_id] = market.post()
        market.carry()
        rounds = 0
        while market.lead(lead_id).state == "waiting":
            market.later(901)
            market.carry()
            rounds += 1
    assert rounds == 2
    assert (market.lead(lead_id).outcome, market.lead(lead_id).reason_code) == ("rejected", "expired")
    assert len(sunrise.seen) == 3


def test_a_round_may_begin_at_a_later_step(market: Market) -> None:
    with a_buyer(in_turn(NO, YES)) as sunrise, a_buyer(in_turn(NO, NO, YES)) as helio:
        steps = [buyer(market.connect(sunrise), "s1"), buyer(market.connect(helio), "s2")]
        market.publish(steps, fallback=round_again(ask_again="all", **{"from": "s2"}))
        [lead_id] = market.post()
        market.carry()
        for _ in range(2):
            market.later(901)
            market.carry()
    assert [offer.buyer for offer in market.offers(lead_id)] == ["s1", "s2", "s2", "s2"]


def test_an_offer_in_error_holds_and_is_tried_until_it_is_too_old(market: Market) -> None:
    with a_buyer(in_turn(BUSY)) as sunrise, a_buyer(accepting) as helio:
        steps = [buyer(market.connect(sunrise), "s1", on_error="hold"), buyer(market.connect(helio), "s2")]
        market.publish(steps)
        [lead_id] = market.post()
        market.carry()
        moments: list[datetime] = []
        while market.offers(lead_id)[0].state == "sending":
            moments.append(market.lead(lead_id).due_at)
            market.later((moments[-1] - clock.now()).total_seconds() + 0.1)
            market.carry()
    assert 5 <= len(moments) <= 7
    assert market.offers(lead_id)[0].state == "error"
    assert market.lead(lead_id).waiting_for == "retry", "the step holds the lead, no other buyer is asked"
    assert helio.seen == []


def test_a_paused_source_turns_leads_away_and_held_leads_too(market: Market) -> None:
    with a_buyer(in_turn(NO, YES)) as sunrise:
        market.publish([buyer(market.connect(sunrise), on_declined="hold")])
        [held] = market.post()
        market.carry()
        market.execute("UPDATE source SET state = 'paused'")
        [new] = market.post()
        market.carry()
        market.later(1000)
        market.carry()
    assert (market.lead(new).outcome, market.lead(new).reason_code) == ("rejected", "paused")
    assert market.lead(held).outcome == "sold", "a lead that was taken in goes its way"
