"""The door of a flow: pauses, rules of the source and of the flow, duplicates."""

from typing import Any

import pytest

from tests.support.buyers import a_buyer, accepting, declining
from tests.support.flows import buyer, only
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market

IS_CA = {"is": [{"var": "lead.state"}, "CA"]}
FAILS = {">": [{"+": [{"var": "lead.email"}]}, 1]}


def told(market: Market) -> list[tuple[str | None, str | None, str | None]]:
    return [(lead.outcome, lead.reason_code, lead.reason) for lead in market.leads()]


@pytest.mark.parametrize("table", ["flow", "source"])
def test_a_door_that_is_paused_turns_leads_away(market: Market, table: str) -> None:
    market.publish([only("CA")])
    market.execute(f"UPDATE {table} SET state = 'paused'")
    market.post(1)
    market.carry()
    assert told(market) == [("rejected", "paused", "The flow or its source is paused")]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"source": {"accept_if": IS_CA}}, ("rejected", "not_accepted", "Not accepted")),
        ({"intake": {"accept_if": IS_CA, "reason": "CA only"}}, ("rejected", "not_accepted", "CA only")),
    ],
)
def test_leads_that_the_source_or_the_flow_does_not_accept_are_rejected(
    market: Market, settings: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))], **settings)
        market.post(1, fields={"state": "NV"})
        market.post(1, fields={"state": "CA"})
        market.carry()
    assert told(market) == [expected, ("sold", None, None)]


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": [{"filter": {"id": "f", "continue_if": FAILS}}]},
        {"source": {"accept_if": FAILS}},
        {"intake": {"accept_if": FAILS}},
    ],
)
def test_a_rule_that_cannot_be_decided_is_an_error_of_that_lead_alone(market: Market, settings: dict[str, Any]) -> None:
    with a_buyer(accepting) as sunrise:
        steps = settings.pop("steps", [])
        market.publish([*steps, buyer(market.connect(sunrise))], **settings)
        market.post(2)
        market.carry()
    assert {(lead.outcome, lead.reason_code) for lead in market.leads()} == {("error", "rule_error")}
    assert all(lead.reason for lead in market.leads())
    assert sunrise.seen == []


def duplicates(match: str = "any", within: str = "1d", by: tuple[str, ...] = ("email",)) -> dict[str, Any]:
    return {"duplicates": {"by": list(by), "match": match, "within": within}}


def test_of_many_equal_leads_at_once_one_is_sold(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))], intake=duplicates())
        for _ in range(12):
            market.post(1, fields={"email": "twin@example.com"})
        with market.carrying(3):
            market.wait_until_settled()
    assert sorted(lead.outcome for lead in market.leads()) == ["duplicate"] * 11 + ["sold"]
    assert len(sunrise.seen) == 1


def test_the_same_again_after_the_window_is_no_duplicate(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))], intake=duplicates(within="1h"))
        for seconds in (0, 3000, 700):
            market.later(seconds)
            market.post(1)
            market.carry()
    assert [lead.outcome for lead in market.leads()] == ["sold", "duplicate", "sold"]


def test_a_lead_that_was_rejected_holds_nothing(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([only("CA"), buyer(market.connect(sunrise))], intake=duplicates())
        for state in ("NV", "NV", "CA", "CA"):
            market.post(1, fields={"state": state})
        market.carry()
    assert [lead.outcome for lead in market.leads()] == ["rejected", "rejected", "sold", "duplicate"]


@pytest.mark.parametrize(("match", "outcomes"), [("any", ["sold", "duplicate"]), ("all", ["sold", "sold"])])
def test_one_field_or_all_of_them_make_a_duplicate(market: Market, match: str, outcomes: list[str]) -> None:
    fields = [EMAIL_FIELD, STATE_FIELD, {"key": "phone", "type": "text"}]
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))], fields=fields, intake=duplicates(match, by=("email", "phone")))
        market.post(1, fields={"phone": "5550100"})
        market.carry()
        market.post(1, fields={"phone": "5550199"})
        market.carry()
    assert [lead.outcome for lead in market.leads()] == outcomes


def test_blank_fields_make_no_duplicates(market: Market) -> None:
    with a_buyer(declining) as sunrise:
        market.publish([buyer(market.connect(sunrise))], intake=duplicates())
        market.post(1, fields={"email": None})
        market.post(1, fields={"email": None})
        market.carry()
    assert {lead.outcome for lead in market.leads()} == {"rejected"}


def test_a_pause_takes_hold_within_a_second_of_a_running_loop(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        with market.carrying():
            market.post(1)
            market.wait_until_settled()
            market.execute("UPDATE source SET state = 'paused'")
            while market.leads()[-1].outcome != "rejected":
                market.post(1)
                market.wait_until_settled()
    assert market.leads()[-1].reason_code == "paused"


@pytest.mark.parametrize(
    ("scope", "outcomes"),
    [
        ("source", ["sold", "duplicate", "sold", "sold"]),
        ("flow", ["sold", "duplicate", "duplicate", "sold"]),
        ("seller", ["sold", "duplicate", "duplicate", "duplicate"]),
    ],
)
def test_a_duplicate_is_looked_for_among_the_leads_of_its_scope(
    market: Market, scope: str, outcomes: list[str]
) -> None:
    intake = {"duplicates": {"by": ["email"], "scope": scope}}
    with a_buyer(accepting) as sunrise:
        steps = [buyer(market.connect(sunrise))]
        market.publish(steps, intake=intake)
        for change in (None, None, market.add_source, lambda: market.publish(steps, intake=intake)):
            if change:
                change()
            market.post(1)
            market.carry()
    assert [lead.outcome for lead in market.leads()] == outcomes
