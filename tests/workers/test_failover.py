"""What sellers ask for when buyers fail, each as a flow that is run: detection, a chain of others, and waiting."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from flowbuilder import clock
from tests.support.buyers import Buyer, a_buyer, accepting, declining, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer
from tests.support.loops import a_loop, turn
from tests.support.market import Market

ERRORS = [500, 502, 503, 504]
DETECTION = {"errors": ERRORS, "breaker": {"failures": 5, "within": "5m", "recover_after": "30m"}}
AN_HOUR_LATER = {"id": "end", "do": "hold", "retry_every": "1h", "for_up_to": "24h"}


@dataclass
class Chain:
    """The main buyer, whose failures are detected, and two that step in for it."""

    main: Buyer
    first: Buyer
    second: Buyer

    @property
    def asked(self) -> list[int]:
        """Return how often each was asked."""
        return [len(each.seen) for each in (self.main, self.first, self.second)]


@pytest.fixture
def chain() -> Iterator[Chain]:
    with ExitStack() as stack:
        yield Chain(*(stack.enter_context(a_buyer(accepting)) for _ in range(3)))


def is_open_now(opens: bool) -> dict[str, Any]:
    """Return business hours that hold this moment, or begin in three hours."""
    begins = clock.now() + timedelta(hours=-1 if opens else 3)
    return {"from": f"{begins:%H:%M}", "to": f"{begins + timedelta(hours=2):%H:%M}", "time_zone": "UTC"}


def publish(market: Market, chain: Chain, *, opens: bool = True, **main: Any) -> None:
    """Publish the chain: three attempts at the first, the second in business hours only, and again after an hour."""
    settings = {"on_ambiguous": "treat_as_failed", "retry": {"max_attempts": 1}} | main
    market.publish(
        [
            buyer(market.connect(chain.main, **DETECTION), "main", on_error={"buyer": "first"}, **settings),
            buyer(
                market.connect(chain.first), "first", retry={"max_attempts": 3, "after": "1s"},
                on_error={"buyer": "second"}, on_declined={"buyer": "second"},
            ),
            buyer(market.connect(chain.second), "second", hours=is_open_now(opens)),
        ],
        fallback=AN_HOUR_LATER,
    )  # fmt: skip


def carry(market: Market) -> Any:
    [lead_id] = market.post()
    market.carry()
    return market.lead(lead_id)


@pytest.mark.parametrize("status", ERRORS)
def test_a_status_of_the_list_is_a_failure_and_the_first_backup_steps_in(
    market: Market, chain: Chain, status: int
) -> None:
    chain.main.react = in_turn((status, {}))
    publish(market, chain)
    assert (carry(market).outcome, chain.asked) == ("sold", [1, 1, 0])


def test_a_timeout_is_a_failure_too(market: Market, chain: Chain) -> None:
    chain.main.delay = 2
    publish(market, chain, timeout="1s")
    lead = carry(market)
    assert (lead.outcome, chain.asked) == ("sold", [1, 1, 0])
    assert market.trail(lead.id)[1] == ("main", "error", "timeout")


def test_a_no_is_no_failure(market: Market, chain: Chain) -> None:
    chain.main.react = declining
    publish(market, chain, on_declined="reject")
    assert (carry(market).outcome, chain.asked) == ("rejected", [1, 0, 0])


def test_the_first_backup_is_tried_three_times(market: Market, chain: Chain) -> None:
    chain.main.react = in_turn(BUSY)
    chain.first.react = in_turn(BUSY)
    publish(market, chain)
    lead = carry(market)
    for _ in range(2):
        market.later(2)
        market.carry()
    assert (market.lead(lead.id).outcome, chain.asked) == ("sold", [1, 3, 1])


def test_the_second_backup_is_asked_in_business_hours_only_and_an_hour_later_all_are_again(
    market: Market, chain: Chain
) -> None:
    chain.main.react = in_turn(BUSY, YES)
    chain.first.react = in_turn(NO)
    publish(market, chain, opens=False)
    lead = carry(market)
    assert (lead.state, lead.waiting_for, chain.asked) == ("waiting", "retry", [1, 1, 0])
    assert timedelta(minutes=59) < lead.due_at - clock.now() < timedelta(minutes=61)
    market.later(3600)
    market.carry()
    assert (market.lead(lead.id).outcome, chain.asked) == ("sold", [2, 1, 0])


def test_a_single_buyer_is_asked_again_after_an_hour(market: Market, chain: Chain) -> None:
    chain.main.react = in_turn(BUSY, YES)
    market.publish([buyer(market.connect(chain.main), "main", on_error={"hold": "1h"}, retry={"max_attempts": 1})])
    lead = carry(market)
    assert (lead.state, lead.waiting_for) == ("waiting", "retry")
    assert timedelta(minutes=59) < lead.due_at - clock.now() < timedelta(minutes=61)
    market.later(3600)
    market.carry()
    assert (market.lead(lead.id).outcome, len({seen.key for seen in chain.main.seen})) == ("sold", 2)


def test_while_the_breaker_is_open_the_chain_begins_with_the_first_backup(market: Market, chain: Chain) -> None:
    chain.main.react = in_turn(SILENT)
    publish(market, chain)
    for _ in range(6):
        assert carry(market).outcome == "sold"
    assert chain.asked == [5, 6, 0]


@pytest.mark.parametrize(
    ("outside_hours", "state", "asked"),
    [("hold", "waiting", [0, 0, 0]), ("reject", "done", [0, 0, 0]), ({"buyer": "second"}, "done", [0, 0, 1])],
)
def test_outside_business_hours_a_lead_is_queued_rejected_or_for_another(
    market: Market, chain: Chain, outside_hours: Any, state: str, asked: list[int]
) -> None:
    first = buyer(market.connect(chain.main), "main", hours=is_open_now(False), outside_hours=outside_hours)
    market.publish([first, buyer(market.connect(chain.second), "second")])
    assert (carry(market).state, chain.asked) == (state, asked)


def test_over_the_caps_the_overflow_buyer_steps_in(market: Market, chain: Chain) -> None:
    caps = [{"limit": 3, "per": "day"}, {"limit": 2, "per": "hour"}]
    first = buyer(market.connect(chain.main), "main", caps=caps, when_full={"buyer": "second"}, on_declined="reject")
    market.publish([first, buyer(market.connect(chain.second), "second")])
    for _ in range(4):
        assert carry(market).outcome == "sold"
    assert chain.asked == [2, 0, 2]


@pytest.mark.parametrize(("fields", "asked"), [({"state": "CA"}, [1, 0, 0]), ({"state": None}, [0, 0, 1])])
def test_below_the_quality_asked_for_the_lead_is_for_the_buyer_of_such_leads(
    market: Market, chain: Chain, fields: dict[str, Any], asked: list[int]
) -> None:
    first = buyer(
        market.connect(chain.main), "main", requires=["email", "state"], when={"is": [{"var": "lead.state"}, "CA"]},
        when_not_met={"buyer": "second"},
    )  # fmt: skip
    market.publish([first, buyer(market.connect(chain.second), "second", price=5)])
    [lead_id] = market.post(fields=fields)
    market.carry()
    assert (market.lead(lead_id).outcome, chain.asked) == ("sold", asked)


def test_a_yes_that_ended_with_its_worker_is_asked_for_again_before_silence_counts(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        first = buyer(market.connect(sunrise), "sunrise", on_ambiguous="treat_as_declined")
        market.publish([first, buyer(market.connect(helio), "helio")])
        [lead_id] = market.post()
        with a_loop(market) as loop:
            turn(loop)
            sunrise.wait_for(1)
        market.execute("UPDATE lead SET due_at = now()")
        market.carry()
        keys = {request.headers["idempotency-key"] for request in sunrise.seen}
        assert (market.lead(lead_id).outcome, len(sunrise.seen), len(keys), helio.seen) == ("sold", 2, 1, [])
