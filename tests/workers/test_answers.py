"""Where a lead goes after each kind of answer, by the buyer's settings."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.buyers import a_buyer, accepting, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, only, quickly
from tests.support.market import Market

Trail = list[tuple[str, str | None, str | None]]


def a_lead_offered_to(market: Market, *answers: Any, later: float = 0, **settings: Any) -> Any:
    """Offer one lead to Sunrise, which answers like this, with Helio and Nova after it; return the lead."""
    with a_buyer(in_turn(*answers)) as sunrise, a_buyer(accepting) as helio, a_buyer(accepting) as nova:
        market.publish(
            [
                buyer(market.connect(sunrise), "sunrise", **settings),
                buyer(market.connect(helio), "helio", price=30),
                buyer(market.connect(nova), "nova", price=20),
            ]
        )
        [lead_id] = market.post()
        market.carry()
        if later:
            market.later(later)
            market.carry()
        assert len({request.key for request in sunrise.seen}) == sum(
            offer.buyer == "sunrise" for offer in market.offers(lead_id)
        )
    return market.lead(lead_id)


@pytest.mark.parametrize(
    ("answer", "settings", "outcome", "buyers"),
    [
        (NO, {}, "sold", ["sunrise", "helio"]),
        (NO, {"on_declined": "reject"}, "rejected", ["sunrise"]),
        (NO, {"on_declined": "hold"}, None, ["sunrise"]),
        (NO, {"on_declined": {"buyer": "nova"}}, "sold", ["sunrise", "nova"]),
        (BUSY, quickly(max_attempts=1), "sold", ["sunrise", "helio"]),
        (BUSY, quickly(max_attempts=1) | {"on_error": "reject"}, "rejected", ["sunrise"]),
        (BUSY, quickly(max_attempts=1) | {"on_error": {"buyer": "nova"}}, "sold", ["sunrise", "nova"]),
        (BUSY, {"on_error": "hold"}, None, ["sunrise"]),
        (SILENT, {}, None, ["sunrise"]),
        (SILENT, {"on_ambiguous": "hold"}, None, ["sunrise"]),
        (SILENT, {"on_ambiguous": "treat_as_declined"}, "sold", ["sunrise", "helio"]),
        (SILENT, {"on_ambiguous": "treat_as_declined", "on_declined": "reject"}, "rejected", ["sunrise"]),
    ],
)
def test_each_answer_goes_where_its_setting_says(
    market: Market, answer: Any, settings: dict[str, Any], outcome: str | None, buyers: list[str]
) -> None:
    lead = a_lead_offered_to(market, answer, **settings)
    assert lead.outcome == outcome
    assert [offer.buyer for offer in market.offers(lead.id)] == buyers


@pytest.mark.parametrize(
    ("settings", "waiting_for"),
    [
        ({}, "answer"),
        ({"on_ambiguous": "hold"}, "person"),
    ],
)
def test_a_lead_that_may_be_taken_waits_and_is_nobody_elses(
    market: Market, settings: dict[str, Any], waiting_for: str
) -> None:
    lead = a_lead_offered_to(market, SILENT, **settings)
    [offer], [attempt] = market.offers(lead.id), market.attempts(lead.id)
    assert (lead.state, lead.waiting_for) == ("waiting", waiting_for)
    assert (offer.state, attempt.state, attempt.status) == ("sending", "ambiguous", 502)
    assert (lead.due_at.year == 9999) == (waiting_for == "person")


def test_the_same_buyer_is_asked_again_with_the_same_key_after_silence(market: Market) -> None:
    lead = a_lead_offered_to(market, SILENT, YES, later=7)
    assert (lead.outcome, lead.revenue) == ("sold", 4200)
    assert [attempt.state for attempt in market.attempts(lead.id)] == ["ambiguous", "ok"]


def test_a_lead_that_a_person_sends_on_asks_the_same_buyer_with_the_same_key(market: Market) -> None:
    with a_buyer(in_turn(SILENT, YES)) as sunrise:
        market.publish([buyer(market.connect(sunrise), on_ambiguous="hold")])
        [lead_id] = market.post()
        market.carry()
        with market.database.begin() as database:
            database.execute(text("UPDATE lead SET due_at = now()"))
        with market.carrying():
            sunrise.wait_for(2)
            market.wait_until_settled()
    assert market.lead(lead_id).outcome == "sold"
    assert len({request.key for request in sunrise.seen}) == 1


@pytest.mark.parametrize(("is_accepted", "outcome"), [(True, "sold"), (False, "rejected")])
def test_a_duplicate_after_silence_is_a_yes_where_the_connection_says_so(
    market: Market, is_accepted: bool, outcome: str
) -> None:
    twice = (200, {"status": "declined", "reason": "duplicate"})
    is_duplicate = {"is": [{"var": "body.reason"}, "duplicate"]}
    with a_buyer(in_turn(SILENT, twice)) as sunrise:
        connection = market.connect(
            sunrise, reasons=[[is_duplicate, "duplicate"]], duplicate_after_ambiguous_is_accepted=is_accepted
        )
        market.publish([buyer(connection)])
        [lead_id] = market.post()
        market.carry()
        market.later(7)
        market.carry()
    assert market.lead(lead_id).outcome == outcome


def test_a_lead_that_never_gets_an_answer_is_unknown_and_keeps_its_place(market: Market) -> None:
    settings = quickly(after=["2s"], for_up_to="5s") | {"caps": [{"limit": 9, "per": "day"}]}
    lead = a_lead_offered_to(market, SILENT, later=60, **settings)
    assert (lead.outcome, lead.reason_code, lead.revenue) == ("error", "unknown", 0)
    [offer] = market.offers(lead.id)
    assert (offer.state, offer.lost_reason, len(offer.places)) == ("unknown", "unknown", 1)
    assert market.used()["sunrise/day"] == 1


def test_errors_are_tried_again_on_the_schedule_with_one_key(market: Market) -> None:
    with a_buyer(in_turn(BUSY)) as sunrise:
        market.publish([buyer(market.connect(sunrise), retry={"after": ["5s", "30s", "2m"], "for_up_to": "1h"})])
        [lead_id] = market.post()
        market.carry()
        dues = []
        while market.lead(lead_id).state == "waiting":
            lead, [*_, last] = market.lead(lead_id), market.attempts(lead_id)
            dues.append(between(last.finished_at, lead.due_at))
            market.later(dues[-1] + 0.1)
            market.carry()
    for due, planned in zip(dues, (5, 30, 120), strict=True):
        assert planned * 0.8 <= due <= planned * 1.2
    assert [attempt.state for attempt in market.attempts(lead_id)] == ["error"] * 4
    assert len({request.key for request in sunrise.seen}) == 1
    assert market.lead(lead_id).outcome == "rejected"


def between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()


def test_a_buyer_that_asks_for_time_is_left_alone_that_long(market: Market) -> None:
    with a_buyer(lambda _request: (503, {})) as sunrise:
        sunrise.headers = {"Retry-After": "600"}
        market.publish([buyer(market.connect(sunrise), **quickly(max_attempts=3, for_up_to="1h"))])
        [lead_id] = market.post()
        market.carry()
    [attempt] = market.attempts(lead_id)
    assert between(attempt.finished_at, market.lead(lead_id).due_at) == pytest.approx(600, abs=1)


def test_a_no_after_a_hold_is_asked_again_only_where_it_was_held(market: Market) -> None:
    lead = a_lead_offered_to(market, NO, YES, later=1000, on_declined="hold")
    assert (lead.outcome, lead.revenue) == ("sold", 4200)
    assert [offer.round for offer in market.offers(lead.id)] == [1, 2]


@pytest.mark.parametrize(
    ("said", "destination", "revenue"),
    [
        ({"price": 40.999}, {}, 4099),
        ({"price": "55"}, {}, 4200),
        ({"price": 55.5}, {"price_from": "answer"}, 5550),
        ({"price": -3}, {"price_from": "answer"}, 4200),
        ({"price": "1e400"}, {"price_from": "answer"}, 4200),
        ({}, {"price_from": "answer"}, 4200),
    ],
)
def test_a_buyer_pays_what_it_says_but_never_more_than_it_was_asked(
    market: Market, said: dict[str, Any], destination: dict[str, Any], revenue: int
) -> None:
    with a_buyer(in_turn((200, {"status": "accepted"} | said))) as sunrise:
        market.publish([buyer(market.connect(sunrise, **destination))], source={"cost": {"share": 75}})
        [lead_id] = market.post()
        market.carry()
    lead = market.lead(lead_id)
    assert (lead.revenue, lead.cost) == (revenue, round(revenue * 3 / 4))


def test_a_lead_may_be_sold_to_several_buyers(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio, a_buyer(accepting) as nova:
        market.publish(
            [
                buyer(market.connect(sunrise), "s1", sell="continue"),
                buyer(market.connect(helio), "s2", price=30),
                buyer(market.connect(nova), "s3", price=20),
            ]
        )
        [lead_id] = market.post()
        market.carry()
    assert (market.lead(lead_id).outcome, market.lead(lead_id).revenue) == ("sold", 7200)
    assert [(offer.buyer, offer.slot) for offer in market.offers(lead_id)] == [("s1", 1), ("s2", 2)]


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"status": "declined", "reason": "nul \x00 here"}),
        (200, {"status": "declined", "reason": "half \ud800 a pair"}),
        (200, {"status": "declined", "reason": ["a"] * 500, "price": 10**30}),
        (200, {"status": {"deep": {"deeper": []}}}),
    ],
)
def test_an_answer_that_no_database_would_store_is_a_plain_no(market: Market, answer: Any) -> None:
    lead = a_lead_offered_to(market, answer)
    assert (lead.outcome, [offer.state for offer in market.offers(lead.id)]) == ("sold", ["declined", "accepted"])


@pytest.mark.parametrize(
    ("settings", "mapping"),
    [
        ({"requires": ["state"]}, [["email", {"var": "lead.email"}]]),
        ({}, [["state", {"var": "lead.state"}, {"required": True}]]),
    ],
)
def test_a_buyer_is_not_asked_about_a_lead_without_a_field_that_it_needs(
    market: Market, settings: dict[str, Any], mapping: list[Any]
) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        steps = [buyer(market.connect(sunrise, mapping=mapping), "s1", **settings), buyer(market.connect(helio), "s2")]
        market.publish(steps)
        [lead_id] = market.post(fields={"state": None})
        market.carry()
    assert market.trail(lead_id)[1:3] == [("s1", "skipped", "missing_field"), ("s2", "accepted", None)]
    assert sunrise.seen == []


def test_an_address_that_may_not_be_called_is_an_error_and_never_tried_again(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        steps = [buyer(market.connect(sunrise), "s1"), buyer(market.connect(helio), "s2", price=30)]
        market.allowed.remove(("127.0.0.1", sunrise.port))
        market.publish(steps)
        [lead_id] = market.post()
        market.carry()
    assert [(offer.state, offer.lost_reason) for offer in market.offers(lead_id)] == [
        ("error", "blocked"),
        ("accepted", None),
    ]
    assert [attempt.state for attempt in market.attempts(lead_id)] == ["blocked", "ok"]
    assert sunrise.seen == []


@pytest.mark.parametrize(("state", "reason"), [("paused", "paused"), ("revoked", "not_connected")])
def test_a_connection_that_is_off_is_passed_by(market: Market, state: str, reason: str) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        off = market.connect(sunrise, row={"state": state})
        market.publish([only("CA"), buyer(off, "s1"), buyer(market.connect(helio), "s2")])
        [lead_id] = market.post()
        market.carry()
    assert market.trail(lead_id)[2:4] == [("s1", "skipped", reason), ("s2", "accepted", None)]
    assert sunrise.seen == []


def test_a_buyer_that_closes_a_kept_connection_after_reading_is_asked_once_for_each_attempt(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        market.post()
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') = 1")
            sunrise.hangs_up = True
            [lead_id] = market.post()
            market.wait_until("(SELECT count(*) FROM lead WHERE waiting_for = 'answer') = 1")
        assert len([seen for seen in sunrise.seen if seen.body == {"email": "ana0@example.com"}]) == 2
    [attempt] = market.attempts(lead_id)
    assert attempt.state == "ambiguous"
