"""Whom a buyer does not take: people on its suppression lists, and those whose consent it is not shown."""

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest

from flowbuilder import clock, ids
from rules.stored_lists import ListForm
from tests.support.buyers import a_buyer, accepting, silent_until
from tests.support.flows import buyer, group
from tests.support.listing import a_list
from tests.support.loops import a_loop, hear, turn
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market

PHONE_FIELD = {"key": "phone_1", "type": "phone", "region": "US"}
FIELDS = [EMAIL_FIELD, STATE_FIELD, PHONE_FIELD, {"key": "opt_in", "type": "boolean"}]
LISTED, FREE = "+15128675309", "+15128675310"


def offered(market: Market, step: str = "s1") -> list[str | None]:
    """Return of each lead why a buyer was not offered it, or what it answered."""
    told = [[said for at, *said in market.trail(lead.id) if at == step][-1] for lead in market.leads()]
    return [reason or outcome for outcome, reason in told]


def suppressing(listed: str, field: str = "phone_1") -> list[dict[str, str]]:
    return [{"list": listed, "field": field}]


@pytest.mark.parametrize(
    ("hashed", "entry"),
    [
        ("plain", "512 867 5309"),
        ("md5", hashlib.md5(b"15128675309").hexdigest()),
        ("sha256", hashlib.sha256(b"+15128675309").hexdigest()),
    ],
)
@pytest.mark.parametrize("of", ["step", "connection"])
def test_people_on_a_list_of_the_step_or_the_connection_are_not_offered(
    market: Market, of: str, hashed: str, entry: str
) -> None:
    listed = suppressing(a_list(market, entry, form=ListForm("phone", hashed)))
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        own, there = ({"suppress": listed}, {}) if of == "step" else ({}, {"suppress": listed})
        steps = [buyer(market.connect(sunrise, **there), "s1", **own), buyer(market.connect(helio), "s2")]
        market.publish(steps, fields=FIELDS)
        for phone in (LISTED, FREE, None):
            market.post(fields={"phone_1": phone})
        market.carry()
    assert offered(market) == ["suppressed", "accepted", "accepted"]
    assert (len(sunrise.seen), len(helio.seen)) == (2, 1)


def test_one_of_several_lists_is_enough(market: Market) -> None:
    phones, mails = a_list(market, LISTED, form=ListForm("phone")), a_list(market, "zoe@example.com")
    lists = [*suppressing(phones), *suppressing(mails, "email")]
    with a_buyer(accepting) as sunrise:
        connection = market.connect(sunrise, suppress=lists)
        market.publish([buyer(connection)], fields=FIELDS)
        market.post(2, fields={"phone_1": FREE})
        market.post(fields={"phone_1": FREE, "email": "zoe@example.com"})
        market.post(fields={"phone_1": LISTED})
        market.carry()
    assert offered(market) == ["accepted", "accepted", "suppressed", "suppressed"]


def test_the_journal_says_which_list_was_asked_and_no_value(market: Market) -> None:
    listed = a_list(market, LISTED, form=ListForm("phone"))
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), suppress=suppressing(listed))], fields=FIELDS)
        [lead_id] = market.post(fields={"phone_1": LISTED})
        market.carry()
    event = next(event for event in market.events(lead_id) if event.effect == "lists")
    assert (event.asks, event.result) == ({"lists": [{"list": listed, "of": "lead.phone_1"}]}, {"in": [True]})
    assert market.lead(lead_id).reason == "No buyer available"


@pytest.mark.parametrize("mode", ["round_robin", "broadcast"])
def test_rows_of_groups_suppress_too(market: Market, mode: str) -> None:
    listed = suppressing(a_list(market, LISTED, form=ListForm("phone")))
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio, a_buyer(accepting) as third:
        rows = [
            buyer(market.connect(sunrise), "r1", suppress=listed),
            buyer(market.connect(helio, suppress=listed), "r2"),
            buyer(market.connect(third), "r3"),
        ]
        market.publish([group(*rows, mode=mode)], fields=FIELDS)
        market.post(fields={"phone_1": LISTED})
        market.carry()
    assert [len(one.seen) for one in (sunrise, helio, third)] == [0, 0, 1]


def test_a_list_of_the_connection_that_is_gone_is_neither_a_yes_nor_a_no(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        gone = suppressing(ids.show(ids.new_id(), "lst"))
        market.publish([buyer(market.connect(sunrise, suppress=gone))], fields=FIELDS)
        market.post(fields={"phone_1": FREE})
        market.carry()
    assert offered(market) == ["error"]
    assert sunrise.seen == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"opt_in": True}, "accepted"), ({"opt_in": False}, "compliance_missing"), ({}, "compliance_missing")],
)
def test_a_connection_may_ask_for_consent(market: Market, fields: dict[str, Any], expected: str) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise, consent={"yes": "opt_in"}))], fields=FIELDS)
        market.post(fields=fields)
        market.carry()
    assert offered(market) == [expected]


def test_consent_that_was_given_too_long_ago_is_none(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        consent = {"yes": "opt_in", "max_age": "72h"}
        market.publish([buyer(market.connect(sunrise, consent=consent))], fields=FIELDS)
        for hours in (71, 73):
            market.post(fields={"opt_in": True}, received_at=clock.now() - timedelta(hours=hours))
        market.carry()
    assert offered(market) == ["accepted", "compliance_missing"]


def test_a_change_by_a_step_counts_as_it_stands_at_the_buyer(market: Market) -> None:
    listed = suppressing(a_list(market, LISTED, form=ListForm("phone")))
    change = {"transform": {"id": "t", "set": [["phone_1", LISTED], ["opt_in", True]]}}
    with a_buyer(accepting) as sunrise:
        connection = market.connect(sunrise, suppress=listed, consent={"yes": "opt_in"})
        market.publish([buyer(connection, "s1"), change, buyer(connection, "s2")], fields=FIELDS)
        market.post(fields={"phone_1": FREE})
        market.carry()
    assert (offered(market, "s1"), offered(market, "s2")) == (["compliance_missing"], ["suppressed"])


def test_a_list_that_holds_for_all_flows_is_asked_at_every_door(market: Market) -> None:
    a_list(market, LISTED, form=ListForm("phone"))
    a_list(market, "zoe@example.com")
    market.execute("UPDATE stored_list SET suppresses = true")
    with a_buyer(accepting) as sunrise:
        connection = market.connect(sunrise)
        for fields in (FIELDS, [*FIELDS, {"key": "phone_2", "type": "phone", "region": "US"}]):
            market.publish([buyer(connection)], fields=fields)
            market.post(fields={"phone_1": FREE})
            market.post(fields={"phone_1": LISTED})
            market.post(fields={"phone_1": FREE, "email": "zoe@example.com"})
            market.post(fields={"phone_1": FREE, "phone_2": LISTED})
        market.carry()
    told = [(lead.outcome, lead.reason_code) for lead in market.leads()]
    out, sold = ("rejected", "suppressed"), ("sold", None)
    # The first flow has no second phone number, so that nobody looks at one.
    assert told == [sold, out, out, sold, sold, out, out, out]
    assert market.trail(market.leads()[1].id)[0] == ("intake", "stopped", None)


def test_somebody_who_waited_is_asked_again_by_a_list_that_came_meanwhile(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        hold = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h"}
        cap = [{"limit": 1, "per": "hour", "when_full": "hold"}]
        market.publish([buyer(market.connect(sunrise))], fields=FIELDS, fallback=hold, intake={"caps": cap})
        market.post(2, fields={"phone_1": LISTED})
        market.carry()
        a_list(market, LISTED, form=ListForm("phone"))
        market.execute("UPDATE stored_list SET suppresses = true")
        market.later(3700)
        market.carry()
    assert [(lead.outcome, lead.reason_code) for lead in market.leads()] == [("sold", None), ("rejected", "suppressed")]


def test_a_list_of_another_seller_or_one_that_is_deleted_keeps_nobody_out(market: Market) -> None:
    listed = a_list(market, LISTED, form=ListForm("phone"))
    market.execute("UPDATE stored_list SET suppresses = true")
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))], fields=FIELDS)
        market.execute("DELETE FROM stored_list_entry; DELETE FROM stored_list")
        market.post(fields={"phone_1": LISTED})
        market.carry()
    assert (market.leads()[0].outcome, listed[:4]) == ("sold", "lst_")


def test_a_lead_that_queued_until_its_buyer_closed_is_not_offered(market: Market) -> None:
    speaks, now = threading.Event(), clock.now()
    open_now = {"from": f"{now - timedelta(hours=1):%H:%M}", "to": f"{now + timedelta(hours=1):%H:%M}"}
    with a_buyer(silent_until(speaks)) as sunrise:
        connection = market.connect(sunrise, row={"concurrency": 1})
        market.publish([buyer(connection, hours={"time_zone": "UTC", **open_now})])
        first, second = market.post(2)
        with a_loop(market) as loop:
            turn(loop)
            sunrise.wait_for(1)
            market.later(2 * 3600)
            speaks.set()
            hear(loop, 1)
            turn(loop)
            turn(loop)
        assert (market.lead(first).outcome, market.lead(second).outcome, len(sunrise.seen)) == ("sold", "rejected", 1)
    [offered] = [event.result for event in market.events(second) if event.effect == "offer"]
    assert (offered["answer"], offered["reason"]) == ("not_asked", "outside_hours")
