"""Buyers of a campaign join a group while leads are carried: they bid, win and lose, and nothing is sold twice."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection as Database
from sqlalchemy.orm import Session

from flowbuilder import config, ids
from rules import timeline
from rules.flow import parse_flow
from rules.flow_wording import Names
from tests.support import armed, cast
from tests.support.armed import exit_code
from tests.support.backtesting import assert_nothing_changes, by_number, live
from tests.support.bidders import a_bidder, auction, connect, posts
from tests.support.buyers import a_buyer, declining
from tests.support.flows import buyer, group
from tests.support.listing import a_list
from tests.support.market import Market
from tests.support.pinging import a_pinger
from workers import journal
from workers.crashpoints import CRASHED

FROM = {"buyers_from": {"campaign": "cmp_1"}}
TURNS = 6


@dataclass
class Fair:
    """Campaigns whose rows a test writes; it notes who asked."""

    there: list[dict[str, Any]]
    asked: list[tuple[UUID, str]] = field(default_factory=list)

    def rows(self, database: Database, account_id: UUID, campaign: str, now: datetime) -> Sequence[dict[str, Any]]:
        """Return the rows as they are now."""
        self.asked.append((account_id, campaign))
        return self.there


def opened(market: Market, *rows: dict[str, Any]) -> Fair:
    """Have the market's workers find these rows in any campaign."""
    fair = Fair([*rows])
    market.campaigns = fair
    return fair


def a_row(connection: str, name: str = "x", **settings: Any) -> dict[str, Any]:
    return {"id": name, "connection": connection, "price": 40, **settings}


def told(market: Market, **named: str) -> list[timeline.Entry]:
    """Return what the page of the newest lead tells, with the names of connections."""
    lead = market.leads()[-1]
    flow, _problems = parse_flow(live(market))
    return timeline.entries(flow, lead, market.events(lead.id), Names(named))


def reasons(market: Market, phase: str = "post") -> dict[str, tuple[str, str | None]]:
    """Return the state and the reason of each offer, or ping, of the newest lead."""
    found = market.offers(market.leads()[-1].id)
    return {row.buyer: (row.state, row.lost_reason) for row in found if row.phase == phase}


def test_buyers_of_a_campaign_buy_where_those_that_are_written_do_not(market: Market) -> None:
    with a_buyer(declining) as written, a_buyer() as sunrise:
        fair = opened(market, a_row(market.connect(sunrise)))
        market.publish([group(buyer(market.connect(written), "b1"), **FROM)])
        [lead_id] = market.post()
        market.carry()
        assert [len(one.seen) for one in (written, sunrise)] == [1, 1]
    assert fair.asked == [(market.account_id, "cmp_1")]
    assert market.lead(lead_id).revenue == 4000
    assert reasons(market) == {"b1": ("declined", "rejected"), "g:x": ("accepted", None)}
    assert [event.effect for event in market.events(lead_id)] == [
        "intake", "join", "offer", "offer", "settle", "close",
    ]  # fmt: skip
    assert {event.step: event.path for event in market.events(lead_id)}["g:x"] == "g/x"


def test_they_bid_beside_the_others_and_each_loser_has_its_reason(market: Market) -> None:
    with a_bidder(30) as helio, a_bidder(41) as sunrise, a_bidder(0) as bright:
        joining = ({"id": name, "connection": connect(market, one)} for name, one in (("x", sunrise), ("y", bright)))
        opened(market, *joining)
        market.publish([auction(connect(market, helio), **FROM)])
        [lead_id] = market.post()
        market.carry()
        assert [len(posts(one)) for one in (helio, sunrise, bright)] == [0, 1, 0]
    assert market.lead(lead_id).revenue == 4100
    assert reasons(market, "ping") == {
        "b1": ("accepted", "outbid"), "g:x": ("accepted", None), "g:y": ("declined", "no_bid"),
    }  # fmt: skip


def test_their_caps_are_kept_by_two_workers_at_once(market: Market) -> None:
    with a_buyer() as sunrise, a_buyer() as helio:
        opened(market, a_row(market.connect(sunrise), priority=1, caps=[{"limit": 7, "per": "day"}]))
        market.publish([group(buyer(market.connect(helio), "b1"), **FROM)])
        market.post(40)
        with market.carrying(loops=2):
            market.wait_until_settled()
    assert (market.count_offers("g:x", "accepted"), market.count_offers("b1", "accepted")) == (7, 33)
    assert market.used()["g:x/day"] == 7


def test_a_cap_in_which_the_group_looks_first_is_kept_too(market: Market) -> None:
    with a_buyer() as sunrise, a_buyer() as helio:
        opened(market, a_row(market.connect(sunrise), priority=1, caps=[{"spend": 200, "per": "day"}]))
        market.publish([group(buyer(market.connect(helio), "b1"), mode="round_robin", **FROM)])
        market.post(20)
        with market.carrying(loops=2):
            market.wait_until_settled()
    assert (market.count_offers("g:x", "accepted"), market.count_offers("b1", "accepted")) == (5, 15)


def test_a_mix_that_joins_a_waterfall_is_known_at_once(market: Market) -> None:
    with a_buyer() as sunrise:
        kinds = {"by": {"var": "lead.state"}, "shares": {"CA": 50, "NV": 50}}
        opened(market, a_row(market.connect(sunrise), mix=kinds))
        market.publish([group(**FROM)])
        with market.carrying():
            for state in ("CA", "NV"):
                began = time.monotonic()
                market.post(fields={"state": state})
                market.wait_until_settled()
                assert time.monotonic() - began < 4.0
    assert market.count_offers("g:x", "accepted") == 2


def test_they_take_turns_by_number_however_many_there_are(market: Market) -> None:
    with a_buyer() as one:
        shown = market.connect(one)
        fair = opened(market, a_row(shown), a_row(shown, "y"))
        market.publish([group(buyer(shown, "b1"), mode="round_robin", **FROM)])
        with market.carrying():
            for number in range(6):
                if number == 3:
                    fair.there = []
                market.post()
                market.wait_until_settled()
    winners = [row.buyer for lead in market.leads() for row in market.offers(lead.id) if row.is_winner]
    assert winners == ["b1", "g:x", "g:y", "b1", "b1", "b1"]


@pytest.mark.parametrize("mode", ["waterfall", "round_robin", "highest_bid"])
def test_a_strangers_connection_is_never_called(market: Market, mode: str) -> None:
    with a_bidder(90) as strange, a_buyer() as helio:
        stranger = _of_another_account(market, connect(market, strange))
        price = {"price": 90} if mode != "highest_bid" else {}
        opened(market, {"id": "x", "connection": stranger, "priority": 1, **price})
        market.publish([group(buyer(market.connect(helio), "b1"), mode=mode, **FROM)])
        market.post()
        market.carry()
        assert strange.seen == []
    assert [lead.outcome for lead in market.leads()] == ["sold"]
    settled = next(event for event in market.events(market.leads()[0].id) if event.effect == "settle")
    assert settled.asks["lost"] == [{"buyer": "g:x", "reason": "not_connected"}]


def _of_another_account(market: Market, shown: str) -> str:
    """Give a connection to an account that has nothing to do with the market's."""
    with Session(market.database) as session:
        zoe = cast.a_seller(session, name="Zoe and Company", person="Zoe Stranger")
        session.commit()
        account_id = zoe.account.id
    market.execute("UPDATE connection SET account_id = :zoe WHERE id = :id", zoe=account_id, id=ids.read(shown, "con"))
    return shown


def test_their_hours_go_by_the_clock_of_their_connection(market: Market) -> None:
    noon = {"from": "00:00", "to": "24:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    with a_buyer() as sunrise:
        shown = market.connect(sunrise, time_zone="Asia/Tokyo")
        opened(market, a_row(shown, hours=noon))
        market.publish([group(**FROM)])
        [lead_id] = market.post()
        market.carry()
    [joined] = [event for event in market.events(lead_id) if event.effect == "join"]
    assert joined.result is not None
    assert joined.result["zones"] == {shown: "Asia/Tokyo"}
    assert market.lead(lead_id).outcome == "sold"


def test_lists_and_duplicates_of_a_row_are_looked_up(market: Market) -> None:
    with a_buyer() as sunrise, a_buyer() as helio:
        listed = a_list(market, "ana1@example.com")
        wants = {"in_list": [{"var": "lead.email"}, listed]}
        once = {"duplicates": {"by": ["state"], "within": "1d"}}
        opened(market, a_row(market.connect(sunrise), priority=1, when=wants, **once))
        market.publish([group(buyer(market.connect(helio), "b1"), **FROM)])
        market.post(2)
        market.carry()
        market.post(fields={"email": "ana1@example.com"})
        market.carry()
        assert [request.body["email"] for request in sunrise.seen] == ["ana1@example.com"]
        assert len(helio.seen) == 2


def test_the_page_of_a_lead_tells_who_joined_and_who_could_not(market: Market) -> None:
    with a_buyer() as sunrise:
        shown = market.connect(sunrise)
        not_nv = {"is": [{"var": "lead.state"}, "NV"]}
        jumps = a_row(shown, "z", on_declined={"buyer": "b1"})
        opened(market, a_row(shown), a_row(shown, "y", when=not_nv, priority=1), jumps)
        market.publish([group(**FROM)])
        market.post()
        market.carry()
    named = {shown: "Sunrise Energy"}
    entries = {entry.kind + entry.step: entry for entry in told(market, **named) if entry.title != "Arrived"}
    joined, settled = (one for one in told(market, **named) if one.step == "g")
    assert (joined.title, joined.said) == ("Buyers of a campaign", "2 buyers of the campaign join, 1 cannot")
    assert [(one.name, one.why) for one in joined.contenders] == [
        ("Sunrise Energy", "“on_declined” is for the group to say, and not for a row of its campaign.")
    ]
    assert [(one.row, one.name, one.has_it, one.reason) for one in settled.contenders] == [
        ("g:x", "Sunrise Energy", True, None), ("g:y", "Sunrise Energy", False, "rule_not_met"),
    ]  # fmt: skip
    assert [line.verdict for line in settled.conditions] == [False]
    assert (entries["buyerg:x"].title, entries["buyerg:x"].path) == ("Sunrise Energy", "g/x")


def test_a_lead_is_told_the_same_after_the_campaign_changed_and_a_backtest_changes_nothing(market: Market) -> None:
    with a_buyer() as sunrise, a_buyer(by_number(lambda number: number % 3 == 0)) as helio:
        fair = opened(market, a_row(market.connect(sunrise), priority=1, caps=[{"limit": 3, "per": "day"}]))
        market.publish([group(buyer(market.connect(helio), "b1"), mode="round_robin", **FROM)])
        market.post(9)
        market.carry()
        before = [entry.said for entry in told(market)]
        fair.there = []
        market.check()
        assert [entry.said for entry in told(market)] == before
        assert_nothing_changes(market)
    assert market.count_offers("g:x", "accepted") == 3


def test_a_row_that_left_keeps_what_it_bought_while_the_lead_waits(market: Market) -> None:
    with a_buyer() as sunrise, a_buyer(declining) as helio, a_buyer() as other:
        fair = opened(market, a_row(market.connect(sunrise), priority=1))
        holds = buyer(market.connect(helio), "b1", on_declined={"hold": "1m"})
        market.publish([group(holds, sell_up_to=2, **FROM)])
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).state == "waiting"
        fair.there = [a_row(market.connect(other), "y", priority=1), a_row(market.connect(other), "z")]
        market.later(90)
        market.carry()
        assert [len(one.seen) for one in (sunrise, helio, other)] == [1, 1, 1]
    assert (market.lead(lead_id).outcome, market.lead(lead_id).revenue) == ("sold", 8000)


def test_what_a_supplier_was_quoted_is_what_the_post_brings(market: Market) -> None:
    with a_bidder(42) as sunrise:
        fair = opened(market, {"id": "x", "connection": connect(market, sunrise)})
        with a_pinger(market, [group(mode="highest_bid", **FROM)]) as supplier:
            ping = supplier.quoted()
            fair.there = []
            told = supplier.post(ping)
        assert (told.status_code, told.json["status"], told.json["price"]) == (201, "sold", 31.5)
    assert len(fair.asked) == 1


def test_there_are_no_campaigns_yet(market: Market) -> None:
    with a_buyer() as helio:
        market.publish([group(buyer(market.connect(helio), "b1"), **FROM), group(step="h", **FROM)])
        [lead_id] = market.post()
        market.carry()
        assert len(helio.seen) == 1
    assert [entry.said for entry in told(market)][1] == "Nobody is in the campaign now"
    assert market.lead(lead_id).revenue == 4200


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_may_end_around_any_turn(market: Market, monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)
    with ExitStack() as stack:
        written, joined, late = (stack.enter_context(a_bidder(bid)) for bid in (30, 41, 50))
        first, last = connect(market, joined), connect(market, late)
        market.publish([auction(connect(market, written), **FROM)])
        for turn in range(1, TURNS + 1):
            row = {"id": "x", "connection": first, "caps": [{"limit": 5, "per": "total"}], "weight": turn}
            market.post(2)
            own = config.child_environ(config.settings()) | market.environ | {armed.CAMPAIGN: json.dumps([row])}
            assert exit_code(armed.start(own, f"{side} turn", turn, "leads")) == CRASHED, turn
        opened(market, {"id": "late", "connection": last})
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0", 60)
        market.check_requests(written, joined, late)
    wins = Counter(row.lead_id for lead in market.leads() for row in market.offers(lead.id) if row.is_winner)
    assert set(wins.values()) == {1}
    assert 0 < market.count_offers("g:x", "accepted") <= 5
