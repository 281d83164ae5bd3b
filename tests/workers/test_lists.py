"""Steps that ask stored lists: looked up in the database, journaled, and gone on from there."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from flowbuilder import ids
from rules.stored_lists import ListForm
from tests.support.buyers import a_buyer, accepting
from tests.support.flows import buyer
from tests.support.listing import a_list
from tests.support.market import EMAIL_FIELD, Market

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PHONE_FIELD = {"key": "phone_1", "type": "phone", "region": "US"}


def blocked(listed: str, path: str = "lead.email") -> dict[str, Any]:
    return {"in_list": [{"var": path}, listed]}


def refusing(listed: str) -> dict[str, Any]:
    return {"filter": {"id": "f", "stop_if": blocked(listed), "reason": "Do not contact"}}


def ends(market: Market) -> list[tuple[str | None, str | None]]:
    return [(lead.outcome, lead.reason) for lead in market.leads()]


def test_leads_whose_value_is_in_the_list_are_stopped(market: Market) -> None:
    listed = a_list(market, "Ana1@Example.com")
    with a_buyer(accepting) as sunrise:
        market.publish([refusing(listed), buyer(market.connect(sunrise))])
        market.post(3)
        market.carry()
    assert ends(market) == [("sold", None), ("rejected", "Do not contact"), ("sold", None)]


def test_what_was_looked_up_is_in_the_journal_without_the_value(market: Market) -> None:
    listed = a_list(market, "ana0@example.com")
    market.publish([refusing(listed)])
    [lead_id] = market.post(1)
    market.carry()
    event = next(event for event in market.events(lead_id) if event.effect == "lists")
    assert (event.step, event.asks, event.result) == (
        "f",
        {"lists": [{"list": listed, "of": "lead.email"}]},
        {"in": [True]},
    )


@pytest.mark.parametrize(
    ("hashed", "entry"),
    [
        ("plain", "(512) 867-5309"),
        ("md5", hashlib.md5(b"+15128675309").hexdigest()),
        ("sha256", hashlib.sha256(b"5128675309").hexdigest().upper()),
    ],
)
def test_a_phone_number_is_found_however_it_was_written(market: Market, hashed: str, entry: str) -> None:
    listed = a_list(market, entry, form=ListForm("phone", hashed))
    market.publish(
        [{"filter": {"id": "f", "stop_if": blocked(listed, "lead.phone_1")}}], fields=[EMAIL_FIELD, PHONE_FIELD]
    )
    market.post(1, fields={"phone_1": "+15128675309"})
    market.post(1, fields={"phone_1": "+15128675310"})
    market.carry()
    assert [reason for _, reason in ends(market)] == ["Does not match", "No buyer available"]


def test_the_door_asks_before_it_takes_a_lead_in_and_still_knows_a_duplicate(market: Market) -> None:
    listed = a_list(market, "ana0@example.com")
    with a_buyer(accepting) as sunrise:
        intake = {"accept_if": {"!": blocked(listed)}, "duplicates": {"by": ["email"]}}
        market.publish([buyer(market.connect(sunrise))], intake=intake)
        market.post(2)
        market.post(1, fields={"email": "ana1@example.com"})
        market.carry()
    assert ends(market) == [("rejected", "Not accepted"), ("sold", None), ("duplicate", "Duplicate")]


def test_a_value_that_a_step_made_is_looked_up_in_the_step_after_it(market: Market) -> None:
    listed = a_list(market, "ana0@example.org")
    change = {"transform": {"id": "t", "set": [["email", {"cat": ["ana0@example.", "org"]}]]}}
    market.publish([change, refusing(listed)])
    market.post(1)
    market.carry()
    assert ends(market) == [("rejected", "Do not contact")]


def test_a_list_that_is_gone_or_another_accounts_is_an_error_of_the_lead(market: Market) -> None:
    gone = ids.show(ids.new_id(), "lst")
    foreign = a_list(market, "ana0@example.com")
    market.execute(
        "INSERT INTO account (id, kind, name, created_at) VALUES (:id, 'seller', 'Zoe', now())", id=ids.new_id()
    )
    market.execute("UPDATE stored_list SET account_id = (SELECT id FROM account WHERE name = 'Zoe')")
    for listed in (gone, foreign):
        market.publish([refusing(listed)])
        market.post(1)
    market.carry()
    assert [(lead.outcome, lead.reason_code) for lead in market.leads()] == [("error", "rule_error")] * 2
