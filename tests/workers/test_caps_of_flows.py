"""Caps on flows, sources, steps and buyers: how many leads pass, what happens to the others, who gets places back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flowbuilder import clock
from tests.support.buyers import a_buyer, accepting, declining, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, cap, only, quickly
from tests.support.market import Market

PERIODS = ("minute", "hour", "day", "week", "month", "total")


def outcomes(market: Market) -> list[str | None]:
    return sorted(lead.outcome or lead.waiting_for or "" for lead in market.leads())


def at_noon_utc(market: Market) -> None:
    """Go to a moment that is in the middle of every window, so that none ends during a test."""
    now = clock.now()
    noon = datetime(now.year + 1, 3, 4, 12, 30, 15, tzinfo=UTC)
    market.later((noon - now).total_seconds())


@pytest.mark.parametrize("per", PERIODS)
def test_a_cap_lets_as_many_through_as_it_says_and_again_in_the_next_window(market: Market, per: str) -> None:
    at_noon_utc(market)
    with a_buyer(accepting) as sunrise:
        market.publish([cap(2, per), buyer(market.connect(sunrise))])
        market.post(5)
        market.carry()
        assert outcomes(market) == ["rejected"] * 3 + ["sold"] * 2
        market.later(40 * 86400)
        market.post(1)
        market.carry()
    assert outcomes(market).count("sold") == (2 if per == "total" else 3)
    assert {lead.reason_code for lead in market.leads()} == {None, "cap_reached"}


@pytest.mark.parametrize("loops", [1, 3])
def test_loops_that_share_leads_share_caps(market: Market, loops: int) -> None:
    with a_buyer(in_turn(NO, YES, YES, NO, YES, YES)) as sunrise:
        market.publish([cap(12, "hour"), buyer(market.connect(sunrise), caps=[{"limit": 11, "per": "total"}])])
        market.post(40)
        with market.carrying(loops):
            market.wait_until_settled()
    sold = outcomes(market).count("sold")
    assert sold <= 11
    assert market.used() == {"c/hour": sold, "s1/total": sold}


def test_places_that_come_back_are_sold_to_those_who_come_later(market: Market) -> None:
    with a_buyer(in_turn(NO, NO, YES)) as sunrise:
        market.publish([cap(3), buyer(market.connect(sunrise), caps=[{"limit": 3, "per": "hour"}])])
        for _ in range(6):
            market.post(1)
            market.carry()
    assert outcomes(market) == ["rejected"] * 3 + ["sold"] * 3
    assert market.used() == {"c/day": 3, "s1/hour": 3}


@pytest.mark.parametrize("answer", [NO, BUSY])
def test_a_lost_sale_gives_every_place_back(market: Market, answer: Any) -> None:
    with a_buyer(in_turn(answer)) as sunrise:
        caps = [{"limit": 5, "per": "day"}, {"spend": 100, "per": "month"}]
        market.publish(
            [cap(5), buyer(market.connect(sunrise), caps=caps, **quickly(max_attempts=1))],
            intake={"caps": [{"limit": 5, "per": "hour"}, {"limit": 5, "per": "day", "count": "received"}]},
            source={"caps": [{"limit": 5, "per": "week"}, {"limit": 5, "per": "day", "count": "received"}]},
        )
        market.post(2)
        market.carry()
    received = {"intake/day": 2, "source/day": 2}
    given_back = {"c/day": 0, "s1/day": 0, "s1/month/spend": 0, "intake/hour": 0, "source/week": 0}
    assert market.used() == received | given_back


def test_a_cap_in_money_counts_prices(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), caps=[{"spend": 100, "per": "day"}])])
        market.post(4)
        market.carry()
    assert outcomes(market).count("sold") == 2
    assert market.used() == {"s1/day/spend": 8400}


def test_a_cap_in_money_counts_what_is_paid_in_the_end(market: Market) -> None:
    with a_buyer(in_turn((200, {"status": "accepted", "price": 8}))) as sunrise:
        market.publish([buyer(market.connect(sunrise), caps=[{"spend": 50, "per": "day"}, {"limit": 9, "per": "day"}])])
        for _ in range(4):
            market.post(1)
            market.carry()
    assert outcomes(market) == ["rejected", "rejected", "sold", "sold"]
    assert market.used() == {"s1/day/spend": 1600, "s1/day": 2}


def test_a_cap_may_count_by_a_value_of_the_lead(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        state = {"var": "lead.state"}
        market.publish(
            [cap(2, count_by=state), buyer(market.connect(sunrise))],
            source={"caps": [{"limit": 1, "per": "day", "count_by": state}]},
        )
        for state_of_lead in ("CA", "NV", "CA", "AZ"):
            market.post(1, fields={"state": state_of_lead})
        market.carry()
    sold = [lead.fields["state"] for lead in market.leads() if lead.outcome == "sold"]
    assert sorted(sold) == ["AZ", "CA", "NV"]


@pytest.mark.parametrize(
    ("when_full", "outcome"),
    [("reject", "rejected"), ("fallback", "sold"), ("hold", "cap"), ({"go_to": "last"}, "sold")],
)
def test_a_lead_for_which_a_step_has_no_place_goes_where_the_step_says(
    market: Market, when_full: Any, outcome: str
) -> None:
    with a_buyer(declining) as sunrise, a_buyer(accepting) as helio:
        inner = {"id": "b", "connection": market.connect(helio), "price": 9}
        market.publish(
            [
                cap(0, when_full=when_full),
                buyer(market.connect(sunrise)),
                only("CA", "last"),
            ],
            fallback={"id": "end", "do": "buyer", "buyer": inner},
        )
        market.post(1)
        market.carry()
    assert (outcomes(market), sunrise.seen) == ([outcome], [])


@pytest.mark.parametrize("when_full", ["next", "reject", "hold", {"buyer": "s3"}])
def test_a_buyer_that_is_full_is_passed_by_as_its_card_says(market: Market, when_full: Any) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio, a_buyer(accepting) as nova:
        full = buyer(market.connect(sunrise), "s1", caps=[{"limit": 0, "per": "day"}], when_full=when_full)
        market.publish([full, buyer(market.connect(helio), "s2"), buyer(market.connect(nova), "s3")])
        market.post(1)
        market.carry()
    got_it = {"next": ["sold", 1, 0], "reject": ["rejected", 0, 0], "hold": ["cap", 0, 0]}
    expected = got_it.get(str(when_full), ["sold", 0, 1])
    assert [*outcomes(market), len(helio.seen), len(nova.seen)] == expected


def test_a_lead_held_for_a_cap_is_taken_again_when_the_window_resets(market: Market) -> None:
    at_noon_utc(market)
    with a_buyer(accepting) as sunrise:
        market.publish([cap(1, "hour", when_full="hold"), buyer(market.connect(sunrise))])
        market.post(3)
        market.carry()
        assert outcomes(market) == ["cap", "cap", "sold"]
        for expected in (["cap", "sold", "sold"], ["sold", "sold", "sold"]):
            market.later(3600)
            market.carry()
            assert outcomes(market) == expected


def test_a_held_lead_lets_go_of_its_places_and_takes_them_again_first(market: Market) -> None:
    at_noon_utc(market)
    with a_buyer(in_turn(NO, YES)) as sunrise:
        held = buyer(market.connect(sunrise), on_declined="hold")
        market.publish(
            [cap(1, "day", reason="Enough"), held],
            intake={"caps": [{"limit": 1, "per": "day"}, {"limit": 9, "per": "hour", "count": "received"}]},
            source={"caps": [{"limit": 1, "per": "week"}]},
        )
        [first] = market.post(1)
        market.carry()
        assert market.used() == {"c/day": 0, "intake/day": 0, "intake/hour": 1, "source/week": 0}
        [second] = market.post(1)
        market.carry()
        market.later(1000)
        market.carry()
    assert market.lead(second).outcome == "sold"
    assert (market.lead(first).outcome, market.lead(first).reason_code) == ("rejected", "cap_reached")


@pytest.mark.parametrize("when_full", ["reject", "hold", "fallback"])
def test_the_caps_of_a_flow_are_met_at_the_door(market: Market, when_full: str) -> None:
    at_noon_utc(market)
    with a_buyer(accepting) as sunrise:
        caps = [{"limit": 1, "per": "minute", "when_full": when_full}]
        market.publish([buyer(market.connect(sunrise))], intake={"caps": caps})
        market.post(2)
        market.carry()
        assert outcomes(market) == sorted(["sold", "cap" if when_full == "hold" else "rejected"])
        market.later(60)
        market.carry()
    assert outcomes(market).count("sold") == (2 if when_full == "hold" else 1)


def test_caps_that_count_what_came_in_are_not_given_back(market: Market) -> None:
    with a_buyer(declining) as sunrise:
        market.publish(
            [buyer(market.connect(sunrise))], intake={"caps": [{"limit": 2, "per": "day", "count": "received"}]}
        )
        market.post(3)
        market.carry()
    assert sorted(str(lead.reason_code) for lead in market.leads()) == ["cap_reached", "no_buyer", "no_buyer"]


def test_silence_keeps_the_buyers_place(market: Market) -> None:
    with a_buyer(in_turn(SILENT)) as sunrise:
        market.publish([cap(5), buyer(market.connect(sunrise), caps=[{"limit": 1, "per": "day"}])])
        market.post(2)
        market.carry()
    assert outcomes(market) == ["answer", "rejected"]
    assert market.used() == {"c/day": 1, "s1/day": 1}


@pytest.mark.parametrize(("test_outcome", "outcome"), [(None, "sold"), ("rejected", "rejected")])
def test_a_test_lead_walks_the_flow_and_takes_nothing(market: Market, test_outcome: str | None, outcome: str) -> None:
    with a_buyer(accepting) as sunrise:
        caps = [{"limit": 1, "per": "day"}]
        market.publish(
            [cap(1), buyer(market.connect(sunrise), caps=caps)],
            intake={"duplicates": {"by": ["email"], "within": "30d"}, "caps": caps},
        )
        market.post(1, is_test=True, test_outcome=test_outcome, fields={"email": "twin@example.com"})
        market.post(1, is_test=True, test_outcome=test_outcome, fields={"email": "twin@example.com"})
        market.carry()
    assert (outcomes(market), sunrise.seen) == ([outcome] * 2, [])
    assert set(market.used().values()) == {0}


def test_a_cap_that_is_changed_keeps_what_was_used_of_its_window(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        steps = [cap(2), buyer(market.connect(sunrise))]
        market.publish(steps)
        market.post(2)
        market.carry()
        newest = market.publish_again(lambda document: document["steps"][0]["cap"].update(limit=3))
        market.post(2, version=newest)
        market.carry()
    assert outcomes(market) == ["rejected", "sold", "sold", "sold"]


def test_a_buyer_that_sets_its_own_price_cannot_pass_a_cap_in_money(market: Market) -> None:
    dear = (200, {"status": "accepted", "price": 500})
    with a_buyer(in_turn(dear)) as sunrise:
        connection = market.connect(sunrise, price_from="answer")
        market.publish([buyer(connection, caps=[{"spend": 100, "per": "day"}])])
        [lead_id] = market.post()
        market.carry()
    assert market.lead(lead_id).revenue == 4200
    assert market.used() == {"s1/day/spend": 4200}


@pytest.mark.parametrize("when_full", ["reject", "hold", "fallback"])
@pytest.mark.parametrize("count", ["sold", "received"])
def test_a_full_cap_of_a_source_sends_leads_where_it_says(market: Market, when_full: str, count: str) -> None:
    at_noon_utc(market)
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as spare:
        caps = [{"limit": 1, "per": "minute", "when_full": when_full, "count": count}]
        last = buyer(market.connect(spare), "last")["buyer"]
        market.publish(
            [buyer(market.connect(sunrise))],
            source={"caps": caps},
            fallback={"id": "end", "do": "buyer", "buyer": last},
        )
        market.post(2)
        market.carry()
        assert outcomes(market) == sorted(
            {"reject": ["sold", "rejected"], "hold": ["sold", "cap"]}.get(when_full, ["sold", "sold"])
        )
        market.later(60)
        market.carry()
    assert (len(sunrise.seen), len(spare.seen)) == {"reject": (1, 0), "hold": (2, 0), "fallback": (1, 1)}[when_full]


def test_a_source_is_held_at_its_own_cap_when_its_lead_comes_back(market: Market) -> None:
    at_noon_utc(market)
    with a_buyer(in_turn(NO, YES)) as sunrise:
        held = buyer(market.connect(sunrise), on_declined="hold")
        market.publish([held], source={"caps": [{"limit": 1, "per": "week", "when_full": "hold"}]})
        [first] = market.post(1)
        market.carry()
        [second] = market.post(1)
        market.carry()
        market.later(1000)
        market.carry()
        assert (market.lead(second).outcome, market.lead(first).waiting_for) == ("sold", "cap")
        market.later(7 * 86400 + 1)
        market.carry()
    assert market.lead(first).outcome in ("sold", "rejected")
