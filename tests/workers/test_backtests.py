"""Leads that real workers carried are run through documents again: an unchanged one changes nothing."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.flows import queries
from flowbuilder.models import Flow, Lead
from flowbuilder.review.backtests import backtest
from flowbuilder.review.recorded import newest_leads, windows_now
from rules.backtest import Around, Backtest, Fate, run_all
from rules.flow import parse_flow
from tests.support.bidders import a_bidder, auction, connect
from tests.support.buyers import ACCEPTS, DECLINES, Buyer, Reaction, Seen, a_buyer, accepting
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market

STATES = ("CA", "NV", "AZ")
FIELDS = [EMAIL_FIELD, STATE_FIELD, {"key": "bill", "type": "money"}, {"key": "grade", "type": "text"}]
IN_CA = {"is": [{"var": "lead.state"}, "CA"]}


def by_number(declines: Callable[[int], bool]) -> Reaction:
    """Decline leads by the number in their e-mail address, and accept the others."""

    def react(request: Seen) -> tuple[int, dict[str, Any]]:
        number = int("".join(filter(str.isdigit, request.body["email"])) or 0)
        return 200, DECLINES if declines(number) else ACCEPTS

    return react


@pytest.fixture
def buyers() -> Iterator[dict[str, Buyer]]:
    with ExitStack() as stack:
        yield {
            "yes": stack.enter_context(a_buyer(accepting)),
            "odd": stack.enter_context(a_buyer(by_number(lambda number: number % 2 == 0))),
            "third": stack.enter_context(a_buyer(by_number(lambda number: number % 3 != 0))),
        }


def post(market: Market, many: int, first: int = 0) -> None:
    """Post leads of several states and bills, some with the e-mail address of an earlier one."""
    for number in range(first, first + many):
        who = number - 7 if number % 10 == 9 else number
        fields = {"email": f"ana{who}@example.com", "state": STATES[number % 3], "bill": 40 + number * 7 % 300}
        market.post(fields=fields)
    market.carry()


def tried(market: Market, document: dict[str, Any], **how: Any) -> Backtest:
    """Return the backtest of a document."""
    with Session(market.database) as session:
        flow = session.get_one(Flow, market.flow_id)
        found = backtest(session, flow, document, now=clock.now(), **how)
    assert found is not None
    return found.backtest


def live(market: Market) -> dict[str, Any]:
    """Return a copy of the live document."""
    with Session(market.database) as session:
        version = queries.live_version(session, session.get_one(Flow, market.flow_id))
        assert version is not None
        return copy.deepcopy(version.document)


def fates(market: Market, document: dict[str, Any]) -> dict[str, Fate]:
    """Return what becomes of all leads under a document."""
    rules, problems = parse_flow(document)
    assert rules is not None, problems
    with Session(market.database) as session:
        recorded = newest_leads(session, session.get_one(Flow, market.flow_id), 1000)
        around = Around(clock.now(), windows_now(session, market.flow_id, [rules]), {}, {})  # type: ignore[arg-type]
        found, wanted = run_all(rules, recorded.pasts, recorded.read_for(rules), around, "accept")
    assert not wanted
    return found


def told(lead: Lead) -> tuple[str, int, int]:
    """Return how a lead stands."""
    return lead.outcome or "waiting", lead.revenue, lead.cost


def assert_nothing_changes(market: Market) -> None:
    """Fail unless every lead ends under the live document as it really ended, or waits as it does."""
    leads = {str(lead.id): told(lead) for lead in market.leads()}
    found = {lead: (fate.status, fate.revenue, fate.cost) for lead, fate in fates(market, live(market)).items()}
    assert found == leads
    assert tried(market, live(market)).differs == ()
    market.check()


def test_filters_caps_duplicates_lanes_and_a_wait_are_replayed(market: Market, buyers: dict[str, Buyer]) -> None:
    yes, odd, third = (market.connect(buyers[name]) for name in ("yes", "odd", "third"))
    big = {"at_least": [{"var": "lead.bill"}, 100]}
    market.publish(
        [
            {"transform": {"id": "t", "set": [["grade", "B"], ["grade", "A", {"when": big}]]}},
            {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.state"}, "AZ"]}, "reason": "Not AZ"}},
            {"cap": {"id": "k", "limit": 14, "per": "day", "when_full": "hold"}},
            {"split": {"id": "s", "cases": [{"name": "ca", "when": IN_CA, "steps": [
                {"buyer": {"id": "a", "connection": third, "price": 42, "caps": [{"limit": 3, "per": "day"}]}}]}],
                "else": []}},
            {"buyer": {"id": "b", "connection": odd, "price": 30, "caps": [{"spend": 200, "per": "day"}],
                       "duplicates": {"by": ["email"], "within": "30d"}}},
            {"buyer": {"id": "c", "connection": yes, "price": 20, "caps": [{"limit": 4, "per": "day"}],
                       "when_full": "hold"}},
        ],
        fields=FIELDS,
        intake={"duplicates": {"by": ["email"], "within": "30d"}, "caps": [{"limit": 30, "per": "day"}]},
    )  # fmt: skip
    post(market, 45)
    outcomes = {lead.outcome for lead in market.leads()}
    assert outcomes == {"sold", "rejected", "duplicate", None}
    assert_nothing_changes(market)
    market.later(26 * 3600)
    post(market, 5, first=50)
    assert_nothing_changes(market)


@pytest.mark.parametrize("mode", ["waterfall", "round_robin", "weighted", "least_loaded", "quota", "broadcast"])
def test_groups_in_every_mode_are_replayed(market: Market, buyers: dict[str, Buyer], mode: str) -> None:
    rows = [
        {"id": name, "connection": market.connect(buyers[name]), "price": 30 + at, "caps": [{"limit": 9, "per": "day"}]}
        for at, name in enumerate(buyers)
    ]
    mix = {"mix": {"by": {"var": "lead.state"}, "shares": {"CA": 50, "NV": 50}}} if mode == "quota" else {}
    several = {"sell_up_to": 2} if mode == "broadcast" else {}
    market.publish([{"group": {"id": "g", "mode": mode, "buyers": rows, **mix, **several}}], fields=FIELDS)
    post(market, 24)
    assert any(lead.outcome == "sold" for lead in market.leads())
    assert_nothing_changes(market)


def test_bids_look_ups_and_a_last_buyer_are_replayed(market: Market, buyers: dict[str, Buyer]) -> None:
    with a_bidder(31) as helio, a_bidder(28) as bright, a_bidder(0) as silent, a_buyer(grade_of) as service:
        rows = [connect(market, one) for one in (helio, bright, silent)]
        asks = {"id": "l", "connection": market.connect(service), "inputs": [["s", {"var": "lead.state"}]]}
        last = {"connection": market.connect(buyers["odd"]), "id": "z", "price": 5}
        market.publish(
            [
                {"look_up": {**asks, "outputs": [["grade", "body.grade"]]}},
                {"filter": {"id": "f", "continue_if": {"is": [{"var": "lead.grade"}, "A"]}, "otherwise": "fallback"}},
                auction(*rows, floor=20),
            ],
            fields=FIELDS,
            fallback={"id": "end", "do": "buyer", "buyer": last},
        )
        post(market, 18)
    assert {lead.outcome for lead in market.leads()} == {"sold", "rejected"}
    assert_nothing_changes(market)


def grade_of(request: Seen) -> tuple[int, dict[str, Any]]:
    """Answer as a service that grades by the state."""
    return 200, {"grade": "A" if request.body["s"] == "CA" else "B"}


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


def test_a_thousand_leads_take_two_seconds_at_most(market: Market, buyers: dict[str, Buyer]) -> None:
    yes, odd = market.connect(buyers["yes"]), market.connect(buyers["odd"])
    market.publish(
        [
            {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.state"}, "AZ"]}}},
            {"buyer": {"id": "a", "connection": odd, "price": 42, "caps": [{"limit": 300, "per": "day"}]}},
            {"buyer": {"id": "b", "connection": yes, "price": 20}},
        ],
        fields=FIELDS,
    )
    for number in range(1000):
        market.post(fields={"email": f"ana{number}@example.com", "state": STATES[number % 3], "bill": 90})
    market.carry(timeout=120)
    began = time.process_time()
    found = tried(market, live(market))
    took = time.process_time() - began
    assert (found.leads, found.differs) == (1000, ())
    assert took < 2, f"it took {took:.2f} s of this process"


def test_only_leads_of_the_flow_itself_are_asked(market: Market, buyers: dict[str, Buyer]) -> None:
    market.publish([{"buyer": {"id": "a", "connection": market.connect(buyers["yes"]), "price": 42}}], fields=FIELDS)
    market.post(fields={}, is_test=True)
    [real] = market.post(fields={})
    market.carry()
    assert list(fates(market, live(market))) == [str(real)]
    assert ids.show(real)
