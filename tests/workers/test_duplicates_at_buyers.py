"""A buyer is not offered the same person twice within a time: what was sold, is being offered, and is given back."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.support.armed import exit_code, start_worker
from tests.support.buyers import a_buyer, accepting, after, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, group, quickly
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market
from workers.crashpoints import CRASHED

PHONE_FIELD = {"key": "phone_1", "type": "phone", "region": "US"}
FIELDS = [EMAIL_FIELD, STATE_FIELD, PHONE_FIELD]
BY_EMAIL = {"by": ["email"], "within": "30d"}
EITHER, BOTH = ({"by": ["email", "phone_1"], "match": match, "within": "30d"} for match in ("any", "all"))
ANA = {"email": "ana@example.com", "phone_1": "+15128675309"}
OTHER_PHONE = {"email": "ana@example.com", "phone_1": "+15128675310"}
SOMEBODY_ELSE = {"email": "ben@example.com", "phone_1": "+15128675311"}


def ends(market: Market, buyer: str = "s1") -> list[str | None]:
    """Return what came of each lead at a buyer: the reason why not, or what it answered."""
    found = []
    for lead in market.leads():
        [event] = [event for event in market.events(lead.id) if event.effect == "offer" and event.step == buyer]
        found.append(event.reason if event.result["answer"] == "not_asked" else event.result["answer"])
    return found


@pytest.mark.parametrize(
    ("duplicates", "second", "expected"),
    [
        (BY_EMAIL, ANA, "duplicate"),
        (BY_EMAIL, OTHER_PHONE, "duplicate"),
        (BY_EMAIL, SOMEBODY_ELSE, "accepted"),
        (BY_EMAIL, {"email": "  ANA@Example.com ", "phone_1": None}, "duplicate"),
        (BY_EMAIL, {"email": None, "phone_1": "+15128675309"}, "accepted"),
        (EITHER, OTHER_PHONE, "duplicate"),
        (EITHER, {"email": "ana@example.org", "phone_1": "+15128675309"}, "duplicate"),
        (EITHER, SOMEBODY_ELSE, "accepted"),
        (BOTH, OTHER_PHONE, "accepted"),
        (BOTH, ANA, "duplicate"),
        (BOTH, {"email": "ana@example.com", "phone_1": None}, "accepted"),
    ],
)
def test_a_buyer_that_was_sold_a_person_is_not_offered_it_again(
    market: Market, duplicates: dict[str, Any], second: dict[str, Any], expected: str
) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates=duplicates)], fields=FIELDS)
        for person in (ANA, second):
            market.post(fields=person)
            market.carry()
    assert ends(market) == ["accepted", expected]
    assert len(sunrise.seen) == 1 + (expected == "accepted")


def test_the_window_ends(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates={"by": ["email"], "within": "2h"})])
        for seconds in (0, 7_100, 200, 7_100):
            market.later(seconds)
            market.post(fields=ANA)
            market.carry()
    assert ends(market) == ["accepted", "duplicate", "accepted", "duplicate"]


@pytest.mark.parametrize("answer", [NO, BUSY])
def test_what_a_buyer_did_not_take_is_given_back(market: Market, answer: tuple[int, dict[str, Any]]) -> None:
    with a_buyer(in_turn(answer, YES)) as sunrise:
        settings = quickly(max_attempts=1) if answer is BUSY else {}
        market.publish([buyer(market.connect(sunrise), duplicates=BY_EMAIL, **settings)])
        with market.carrying():
            for _ in range(3):
                market.post(fields=ANA)
                market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert ends(market) == ["declined" if answer is NO else "error", "accepted", "duplicate"]


def test_what_was_never_answered_stays_taken(market: Market) -> None:
    with a_buyer(in_turn(SILENT)) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates=BY_EMAIL, **quickly(for_up_to="1s"))])
        with market.carrying():
            for _ in range(2):
                market.post(fields=ANA)
                market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert ends(market) == ["unknown", "duplicate"]


def test_two_steps_with_the_same_buyer_know_of_each_other_and_other_buyers_do_not(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        one, two = market.connect(sunrise), market.connect(helio)
        only_ca = {"is": [{"var": "lead.state"}, "CA"]}
        steps = [
            buyer(one, "s1", duplicates=BY_EMAIL, when=only_ca),
            buyer(one, "s2", duplicates=BY_EMAIL),
            buyer(two, "s3", duplicates=BY_EMAIL),
        ]
        market.publish(steps)
        market.post(fields=ANA)
        market.carry()
        [again] = market.post(fields=ANA | {"state": "NV"})
        market.carry()
    assert [(step, outcome, reason) for step, outcome, reason in market.trail(again)[1:4]] == [
        ("s1", "skipped", "rule_not_met"),
        ("s2", "skipped", "duplicate"),
        ("s3", "accepted", None),
    ]


def test_a_longer_window_still_sees_the_sale_after_a_shorter_one_let_a_lead_try(market: Market) -> None:
    with a_buyer(in_turn(YES, NO, YES)) as sunrise:
        connection = market.connect(sunrise)
        when = [{"is": [{"var": "lead.state"}, state]} for state in ("CA", "NV")]
        market.publish([
            buyer(connection, "s1", when=when[0], duplicates={"by": ["email"], "within": "1h"}),
            buyer(connection, "s2", when=when[1], duplicates={"by": ["email"], "within": "3h"}),
        ])  # fmt: skip
        found = []
        for state, seconds in (("CA", 0), ("CA", 7_200), ("NV", 60), ("NV", 3_600)):
            market.later(seconds)
            [lead_id] = market.post(fields=ANA | {"state": state})
            market.carry()
            asked = [said for step, *said in market.trail(lead_id) if step in ("s1", "s2")]
            found += [said for said in asked if said[1] != "rule_not_met"][:1]
    # The second was declined and gave the claim back to the first, which is within three hours of the third.
    assert found == [["accepted", None], ["declined", "rejected"], ["skipped", "duplicate"], ["accepted", None]]


def test_a_second_offer_to_the_same_buyer_that_is_declined_leaves_the_first_sale_its_claim(market: Market) -> None:
    with a_buyer(in_turn(YES, NO, YES)) as sunrise:
        connection = market.connect(sunrise)
        market.publish([
            buyer(connection, "s1", duplicates=BY_EMAIL, sell="continue"),
            buyer(connection, "s2", duplicates=BY_EMAIL),
        ])  # fmt: skip
        market.post(fields=ANA)
        market.carry()
        market.post(fields=ANA)
        market.carry()
    assert (ends(market, "s1"), ends(market, "s2")) == (["accepted", "duplicate"], ["declined", "duplicate"])


def test_of_two_identical_leads_at_once_one_is_offered_and_the_other_is_not(market: Market) -> None:
    with a_buyer(after(0.3, accepting)) as sunrise, a_buyer(accepting) as helio:
        steps = [buyer(market.connect(sunrise), "s1", duplicates=BY_EMAIL), buyer(market.connect(helio), "s2")]
        market.publish(steps)
        market.post(20, fields=ANA)
        with market.carrying(loops=3):
            market.wait_until_settled()
    assert sorted(ends(market)) == ["accepted", *["duplicate"] * 19]
    assert (len(sunrise.seen), len(helio.seen)) == (1, 19)


def test_many_pairs_among_several_workers_are_sold_once_each(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates=EITHER)], fields=FIELDS)
        # The same phone number, or the same address, so that the pairs are locked in different orders.
        for first, second in ((0, 1), (1, 0)):
            for number in range(40):
                person = {"email": f"p{number if first else number + 100}@example.com", "state": "CA"}
                phone = f"+1512867{number:04}" if second else f"+1512868{number:04}"
                market.post(fields=person | {"phone_1": phone})
                market.post(fields=person | {"phone_1": f"+1512869{number:04}"})
        with market.carrying(loops=4):
            market.wait_until_settled(60)
    emails = [request.body["email"] for request in sunrise.seen]
    assert len(emails) == len(set(emails))
    assert sorted(ends(market)).count("accepted") == len(emails)
    assert ends(market).count("duplicate") == 160 - len(emails)


def test_a_row_of_a_group_asks_too_and_says_why(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        rows = [buyer(market.connect(sunrise), "r1", duplicates=BY_EMAIL), buyer(market.connect(helio), "r2")]
        market.publish([group(*rows, mode="round_robin")])
        for _ in range(3):
            market.post(fields=ANA)
            market.carry()
    [*_, last] = market.leads()
    check = next(event for event in market.events(last.id) if event.effect == "check")
    assert {buyer: row["reason"] for buyer, row in check.result["rows"].items()} == {"r1": "duplicate", "r2": None}
    assert (len(sunrise.seen), len(helio.seen)) == (1, 2)


def test_a_test_lead_sees_a_duplicate_and_takes_no_claim(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates=BY_EMAIL)])
        market.post(fields=ANA, is_test=True)
        market.carry()
        market.post(fields=ANA)
        market.carry()
        market.post(fields=ANA, is_test=True)
        market.carry()
    assert ends(market) == ["accepted", "accepted", "duplicate"]


def test_nothing_but_keyed_hashes_is_stored(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates=BOTH)], fields=FIELDS)
        [lead_id] = market.post(fields=ANA)
        market.carry()
    with market.database.connect() as database:
        [claim] = database.execute(text("SELECT * FROM claim")).mappings()
    assert (claim["kind"], claim["lead_id"], len(claim["hash"])) == ("email+phone_1", lead_id, 32)
    assert "ana" not in str(dict(claim))
    asked = next(event for event in market.events(lead_id) if event.effect == "offer").asks["duplicates"]
    assert asked == {"by": ["email", "phone_1"], "together": True, "within": 30 * 86_400}


def test_a_flow_without_it_asks_for_nothing_and_claims_nothing(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        [lead_id] = market.post(fields=ANA)
        market.carry()
    assert market.count(text("SELECT count(*) FROM claim")) == 0
    assert "duplicates" not in next(event for event in market.events(lead_id) if event.effect == "offer").asks


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("passes", [1, 2, 3])
def test_a_worker_that_ends_at_any_commit_leaves_one_sale_and_no_stray_claim(
    market: Market, side: str, passes: int
) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), duplicates=BY_EMAIL, **quickly())])
        market.post(3, fields=ANA)
        assert exit_code(start_worker(market, f"{side} turn", passes)) == CRASHED
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert sorted(ends(market)) == ["accepted", "duplicate", "duplicate"]
    assert len({request.key for request in sunrise.seen}) == 1
