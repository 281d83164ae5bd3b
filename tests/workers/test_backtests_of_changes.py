"""Leads that workers carried are run through a changed document: exactly those differ that it ends otherwise."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.backtesting import FIELDS, IN_CA, STATES, ended, live, post, three_buyers, told, tried
from tests.support.buyers import Buyer
from tests.support.market import Market


@pytest.fixture
def buyers() -> Iterator[dict[str, Buyer]]:
    """Give the three buyers."""
    with three_buyers() as running:
        yield running


def test_a_known_change_differs_in_exactly_the_leads_that_a_plain_replay_finds(
    market: Market, buyers: dict[str, Buyer]
) -> None:
    yes, third = market.connect(buyers["yes"]), market.connect(buyers["third"])
    first = {"id": "a", "connection": third, "price": 42, "caps": [{"limit": 100, "per": "day"}]}
    market.publish([{"buyer": first}, {"buyer": {"id": "b", "connection": yes, "price": 20}}], fields=FIELDS)
    post(market, 40)
    changed = live(market)
    changed["steps"][0]["buyer"]["caps"][0]["limit"] = 3
    changed["steps"].insert(0, {"filter": {"id": "f", "continue_if": {"!": [{"is": [{"var": "lead.state"}, "AZ"]}]}}})
    expected, places = {}, 3
    for lead in market.leads():
        number = int("".join(filter(str.isdigit, lead.fields["email"])))
        wants = number % 3 == 0
        before = "a" if wants else "b"
        after = "none" if lead.fields["state"] == "AZ" else "a" if wants and places else "b"
        places -= after == "a"
        if before != after:
            expected[str(lead.id)] = after == "none"
    found = tried(market, changed)
    assert {one.lead: one.after.status == "rejected" for one in found.differs} == expected
    assert 0 < len(expected) < 40
    assert found.before.sold - found.after.sold == sum(expected.values())
    assert {one.why.split(":")[0] for one in found.differs if one.after.status == "rejected"} == {"Step 1 stops it"}


CHANGES: dict[str, Callable[[list[Any]], object]] = {
    "a smaller cap": lambda steps: steps[1]["buyer"]["caps"][0].update(limit=2),
    "less money": lambda steps: steps[2]["buyer"]["caps"][0].update(spend=100),
    "another filter": lambda steps: steps[0].update(filter={"id": "f", "continue_if": IN_CA}),
    "the other order": lambda steps: steps.insert(1, steps.pop()),
    "a rule on a buyer": lambda steps: steps[1]["buyer"].update(when={"at_least": [{"var": "lead.bill"}, 150]}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_backtest_finds_exactly_what_the_same_leads_do_when_they_come_again(
    market: Market, buyers: dict[str, Buyer], change: str
) -> None:
    # The first buyer answers for every lead that gets to it, the second takes all: nothing has to be guessed.
    yes, third = market.connect(buyers["yes"]), market.connect(buyers["third"])
    market.publish(
        [
            {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.state"}, "AZ"]}}},
            {"buyer": {"id": "a", "connection": third, "price": 42, "caps": [{"limit": 100, "per": "day"}]}},
            {"buyer": {"id": "b", "connection": yes, "price": 20, "caps": [{"spend": 200, "per": "day"}]}},
        ],
        fields=FIELDS,
    )
    came = one_by_one(market)
    changed = live(market)
    CHANGES[change](changed["steps"])
    found = tried(market, changed)

    market.publish(changed["steps"], fields=FIELDS)
    come_again = dict(zip(came, one_by_one(market).values(), strict=True))
    expected = {lead: (came[lead], come_again[lead]) for lead in came if came[lead] != come_again[lead]}
    assert {one.lead: (ended(one.before), ended(one.after)) for one in found.differs} == expected
    assert 0 < len(expected) < len(came)


def one_by_one(market: Market) -> dict[str, tuple[str, int, int]]:
    """Post leads one after the other, and return how each ended, in their order."""
    ends = {}
    with market.carrying():
        for number in range(20):
            fields = {"email": f"ana{number}@example.com", "state": STATES[number % 3], "bill": 40 + number * 37 % 300}
            [lead_id] = market.post(fields=fields)
            market.wait_until_settled()
            ends[str(lead_id)] = told(market.lead(lead_id))
    return ends


def test_a_new_buyer_accepts_or_declines_as_is_assumed(market: Market, buyers: dict[str, Buyer]) -> None:
    yes, third = market.connect(buyers["yes"]), market.connect(buyers["third"])
    market.publish([{"buyer": {"id": "a", "connection": third, "price": 42}}], fields=FIELDS)
    post(market, 12)
    changed = live(market)
    changed["steps"].append({"buyer": {"id": "n", "connection": yes, "price": 38}})
    sold = sum(lead.outcome == "sold" for lead in market.leads())
    accepted, declined = tried(market, changed), tried(market, changed, new_buyers="decline")
    assert (accepted.before.sold, accepted.after.sold, accepted.assumed) == (sold, 12, 12 - sold)
    assert (declined.after.sold, declined.differs) == (sold, ())
    assert {one.why for one in accepted.differs} == {"Sunrise Energy buys it, as is assumed"}
    of_new = next(one for one in accepted.buyers if one.connection == yes)
    assert (of_new.sold, of_new.revenue) == ((0, 12 - sold), (0, 3800 * (12 - sold)))


def test_a_field_that_is_now_required_is_asked_for_at_the_door(market: Market, buyers: dict[str, Buyer]) -> None:
    market.publish([{"buyer": {"id": "a", "connection": market.connect(buyers["yes"]), "price": 42}}], fields=FIELDS)
    market.post(fields={"bill": "90"})
    market.post(fields={})
    market.carry()
    changed = live(market)
    changed["fields"] = [FIELDS[0], FIELDS[1], FIELDS[2] | {"required": True}]
    [differs] = tried(market, changed).differs
    assert (differs.after.status, differs.lead) == ("invalid", str(market.leads()[1].id))
