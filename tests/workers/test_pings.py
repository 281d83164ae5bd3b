"""A supplier pings with part of a lead and is told what it would be paid; the post that follows goes on from there."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import FlowVersion
from rules import timeline
from rules.flow import parse_flow
from rules.flow_wording import Names
from tests.support.bidders import a_bidder, auction, connect, pings, posts
from tests.support.buyers import a_buyer, accepting, declining
from tests.support.flows import buyer, cap, only
from tests.support.market import Market
from tests.support.pinging import PART, WHOLE, a_pinger


def test_a_ping_is_told_the_price_and_the_post_sells_the_lead_for_it(market: Market) -> None:
    with a_bidder(30) as helio, a_bidder(42) as sunrise:
        with a_pinger(market, [auction(connect(market, helio), connect(market, sunrise))]) as supplier:
            answer = supplier.ping()
            assert (answer.status_code, answer.json["outcome"], answer.json["price"]) == (200, "success", 31.5)
            assert answer.json["ping"]["expires_at"].endswith("Z")
            assert posts(sunrise) == []
            told = supplier.post(answer.json["ping"]["id"])
        assert (told.status_code, told.json["status"], told.json["price"]) == (201, "sold", 31.5)
        assert told.json["lead"]["id"] == answer.json["ping"]["id"]
        assert [len(pings(one)) for one in (helio, sunrise)] == [1, 1]
        assert [request.body["email"] for request in posts(sunrise)] == ["ana@example.com"]
    lead = supplier.lead(told.json["lead"]["id"])
    assert (lead.kind, lead.revenue, lead.cost) == ("post", 4200, 3150)
    assert lead.pinged == {"posted": PART, "fields": PART, "invalid": []}
    effects = [event.effect for event in market.events(lead.id)]
    assert effects == ["intake", "check", "ping", "quote", "intake", "check", "offer", "settle", "close"]


def test_the_lead_tells_its_ping_and_its_post_by_the_data_that_each_had(market: Market) -> None:
    knows = {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.email"}, "bad@example.com"]}, "reason": "Known"}}
    with a_bidder(42) as sunrise, a_pinger(market, [knows, auction(connect(market, sunrise))]) as supplier:
        supplier.post(supplier.quoted(), WHOLE | {"email": "bad@example.com"})
    [lead] = market.leads()
    with Session(market.database) as session:
        version = session.scalars(select(FlowVersion)).one()
        flow, _problems = parse_flow(version.document)
    told = timeline.entries(flow, lead, market.events(lead.id), Names({}))
    assert "Told its supplier $31.50 for it: posted" in [entry.said for entry in told]
    first, second = (entry for entry in told if entry.kind == "filter")
    assert (first.outcome, second.outcome) == ("passed", "stopped")
    assert [line.verdict for entry in (first, second) for line in entry.conditions] == [False, True]


def test_nobody_bids(market: Market) -> None:
    with a_bidder(0) as helio, a_pinger(market, [auction(connect(market, helio))]) as supplier:
        answer = supplier.ping()
    assert (answer.status_code, answer.json) == (200, {"outcome": "failure", "reason": "no bid", "price": 0})
    [lead] = market.leads()
    assert (lead.kind, lead.state, lead.outcome) == ("ping", "done", "rejected")


def test_the_answers_are_xml_where_xml_is_wanted(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        answer = supplier.ping(headers={"Accept": "application/xml"})
    assert "<outcome>success</outcome>" in answer.text
    assert "<price>31.50</price>" in answer.text


def test_a_direct_buyer_has_a_price_as_well_and_one_that_cannot_be_asked_has_none(market: Market) -> None:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        resting = market.connect(sunrise, row={"state": "paused"})
        steps = [buyer(resting, "s1", price=99), buyer(market.connect(helio), "s2", price=20)]
        with a_pinger(market, steps) as supplier:
            answer = supplier.ping()
            assert answer.json["price"] == 15
            assert supplier.post(answer.json["ping"]["id"]).json["status"] == "sold"
        assert (len(sunrise.seen), len(helio.seen)) == (0, 1)


def test_the_flows_rules_are_asked_again_with_the_whole_lead(market: Market) -> None:
    knows = {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.email"}, "bad@example.com"]}, "reason": "Known"}}
    with a_bidder(42) as sunrise, a_pinger(market, [knows, auction(connect(market, sunrise))]) as supplier:
        told = supplier.post(supplier.quoted(), WHOLE | {"email": "bad@example.com"})
        assert (told.json["status"], told.json["reason"], told.json["price"]) == ("rejected", "Known", 0)
        assert posts(sunrise) == []


def test_a_service_is_asked_for_the_ping_and_again_with_the_whole_lead(market: Market) -> None:
    with a_buyer(lambda request: (200, {"grade": len(request.body)})) as grades, a_bidder(42) as sunrise:
        inputs = [[key, {"var": f"lead.{key}"}] for key in ("email", "state")]
        asks = {"id": "l", "connection": market.connect(grades), "inputs": inputs, "outputs": [["grade", "body.grade"]]}
        told = connect(market, sunrise, mapping=[["grade", {"var": "lead.grade"}]])
        with a_pinger(market, [{"look_up": asks}, auction(told)]) as supplier:
            supplier.post(supplier.quoted())
        assert [request.body for request in grades.seen] == [PART, WHOLE]
        assert [request.body for request in posts(sunrise)] == [{"grade": "2"}]
    [lead] = market.leads()
    assert [(row.phase, row.round) for row in market.offers(lead.id)] == [
        ("look_up", 0), ("ping", 1), ("look_up", 1), ("post", 1),
    ]  # fmt: skip


def test_a_ping_that_is_not_decided_yet_is_not_told_that_nobody_bids(market: Market) -> None:
    key = {"Idempotency-Key": "k-1"}
    with a_bidder(42, after=1.0) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        early = supplier.ping(headers=key, query_string={"wait": 0})
        assert (early.status_code, early.json) == (202, {"outcome": "pending", "reason": None, "price": 0})
        assert supplier.ping(headers=key).json["price"] == 31.5
        assert len(pings(sunrise)) == 1


def test_a_ping_that_could_not_be_decided_is_an_error_and_no_no(market: Market) -> None:
    undecidable = {"filter": {"id": "f", "continue_if": {">": [{"+": [{"var": "lead.state"}, 1]}, 1]}}}
    with a_bidder(42) as sunrise, a_pinger(market, [undecidable, auction(connect(market, sunrise))]) as supplier:
        answer = supplier.ping()
    [lead] = market.leads()
    assert (answer.status_code, answer.json) == (200, {"outcome": "error", "reason": lead.reason, "price": 0})


def test_a_filter_that_a_ping_does_not_pass_is_no_bid(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [only("NV"), auction(connect(market, sunrise))]) as supplier:
        assert supplier.ping().json["outcome"] == "failure"
        assert sunrise.seen == []


def test_the_next_bid_takes_what_the_best_declines_and_the_supplier_gets_what_it_was_told(market: Market) -> None:
    with ExitStack() as stack:
        first, second = stack.enter_context(a_bidder(42, then=declining)), stack.enter_context(a_bidder(40))
        steps = [auction(connect(market, first), connect(market, second))]
        told = (supplier := stack.enter_context(a_pinger(market, steps))).post(supplier.quoted())
    assert (told.json["status"], told.json["price"]) == ("sold", 31.5)
    [lead] = market.leads()
    assert (lead.revenue, lead.cost) == (4000, 3150)


def test_required_fields_are_asked_of_the_post_and_not_of_the_ping(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        ping = supplier.quoted()
        refused = supplier.post(ping, {"state": "CA"})
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "email")
        assert supplier.post(ping).json["status"] == "sold"


def test_what_the_ping_said_need_not_be_said_again(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [only("CA"), auction(connect(market, sunrise))]) as supplier:
        assert supplier.post(supplier.quoted(), {"email": "ana@example.com"}).json["status"] == "sold"


def test_a_ping_counts_once(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        ping = supplier.quoted()
        supplier.post(ping)
        again = supplier.post(ping)
        assert (again.status_code, again.json["errors"][0]["code"]) == (409, "ping_used")
        unknown = supplier.post(ids.show(ids.new_id()))
        assert (unknown.status_code, unknown.json["errors"][0]["code"]) == (422, "no_such_ping")


def test_of_fifty_posts_at_once_with_one_ping_one_sells_it(market: Market) -> None:
    together = threading.Barrier(50)
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        ping = supplier.quoted()

        def post(number: int) -> int:
            together.wait(30)
            return int(supplier.post(ping, WHOLE | {"email": f"ana{number}@example.com"}).status_code)

        with ThreadPoolExecutor(50) as pool:
            answers = Counter(pool.map(post, range(50)))
        assert answers == {201: 1, 409: 49}
        assert len(posts(sunrise)) == 1
    assert [lead.outcome for lead in market.leads()] == ["sold"]


def test_the_same_post_again_with_its_key_gets_the_same_answer(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        ping, key = supplier.quoted(), {"Idempotency-Key": "k-1"}
        first, second = (supplier.post(ping, headers=key) for _ in range(2))
        assert (second.status_code, second.json, second.headers["Idempotent-Replay"]) == (201, first.json, "true")
        other = supplier.post(ping, WHOLE | {"email": "bo@example.com"}, headers=key)
        assert (other.status_code, other.json["errors"][0]["code"]) == (422, "idempotency_key_reused")
        assert len(posts(sunrise)) == 1


def test_of_two_pings_posted_at_once_with_one_key_one_is_sold(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        for number in range(5):
            together, key = threading.Barrier(2), {"Idempotency-Key": f"k-{number}"}

            def post(ping: str, together: Any = together, key: dict[str, str] = key) -> int:
                together.wait(30)
                return int(supplier.post(ping, headers=key).status_code)

            with ThreadPoolExecutor(2) as pool:
                assert sorted(pool.map(post, [supplier.quoted(), supplier.quoted()])) == [201, 422]
        assert len(posts(sunrise)) == 5


def test_the_same_post_again_goes_to_the_same_page_and_says_what_was_not_taken(market: Market) -> None:
    thanks, flow = "https://www.example.com/thanks", {"source": {"redirect_hosts": ["www.example.com"]}}
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))], **flow) as supplier:
        ping, key = supplier.quoted(data={"state": "CA", "redirect_url": thanks}), {"Idempotency-Key": "k-1"}
        told = [supplier.post(ping, WHOLE | {"state": "nowhere"}, headers=key) for _ in range(2)]
    shown = [(one.status_code, one.headers["Location"], one.headers["Invalid-Fields"]) for one in told]
    assert shown == [(303, thanks, "state")] * 2


def test_a_ping_and_its_post_may_carry_the_same_number_and_the_same_key(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        for said in ({"lead_id": "A-1"}, {}):
            key = {} if said else {"Idempotency-Key": "A-2"}
            ping = supplier.quoted(data=PART | said, headers=key)
            told = supplier.post(ping, WHOLE | said, headers=key)
            assert (told.status_code, told.json["lead"]["id"]) == (201, ping)


def test_a_ping_again_with_its_key_is_the_same_ping_and_without_one_another(market: Market) -> None:
    key = {"Idempotency-Key": "k-1"}
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        first, second = (supplier.ping(headers=key) for _ in range(2))
        assert second.json == first.json
        assert len(pings(sunrise)) == 1
        numbered = [supplier.quoted(data=PART | {"lead_id": "A-1"}) for _ in range(2)]
        assert len({first.json["ping"]["id"], *numbered}) == 3
        supplier.post(first.json["ping"]["id"])
        used = supplier.ping(headers=key)
        assert (used.status_code, used.json["errors"][0]["code"]) == (409, "ping_used")


def test_a_ping_again_with_its_key_says_that_it_is_over_or_that_nobody_bid(market: Market) -> None:
    key, other = ({"Idempotency-Key": text} for text in ("k-1", "k-2"))
    with a_bidder(42) as sunrise, a_pinger(market, [only("CA"), auction(connect(market, sunrise))]) as supplier:
        supplier.quoted(headers=key)
        nobody = [supplier.ping(data={"state": "NV"}, headers=other).json for _ in range(2)]
        market.later(301)
        over = supplier.ping(headers=key)
        assert (over.status_code, over.json["errors"][0]["code"]) == (409, "ping_expired")
        assert nobody == [{"outcome": "failure", "reason": "no bid", "price": 0}] * 2


def test_a_ping_expires(market: Market) -> None:
    with a_bidder(42) as sunrise, a_bidder(0) as silent:
        rows = [connect(market, one, feedback={"url": one.url("/lost")}) for one in (sunrise, silent)]
        expire(market, auction(*rows))
        market.send_copies()
        assert posts(silent) == []
        [told] = posts(sunrise)
    assert (told.path, told.body["reason"], told.body["bid"]) == ("/lost", "ping_expired", 42)
    assert [(row.buyer, row.lost_reason) for row in market.offers(market.leads()[0].id)] == [
        ("b1", "ping_expired"), ("b2", "no_bid"),
    ]  # fmt: skip


def expire(market: Market, step: dict[str, Any]) -> None:
    """Ping a flow of one step, and post when it is too late."""
    with a_pinger(market, [step]) as supplier:
        ping = supplier.quoted()
        market.later(301)
        late = supplier.post(ping)
        assert (late.status_code, late.json["errors"][0]["code"]) == (409, "ping_expired")
        market.wait_until("EXISTS (SELECT FROM lead WHERE reason_code = 'ping_expired')")
        assert supplier.post(ping).status_code == 409


def test_how_long_a_quote_counts_is_the_flows_setting(market: Market) -> None:
    intake = {"pings_last": "1h"}
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))], intake=intake) as supplier:
        ping = supplier.quoted()
        market.later(3000)
        assert supplier.post(ping).json["status"] == "sold"


def test_a_ping_takes_no_place_and_claims_nothing(market: Market) -> None:
    with a_bidder(42) as sunrise:
        row = {"connection": connect(market, sunrise), "caps": [{"limit": 1, "per": "day"}]}
        intake = {"duplicates": {"by": ["state"], "within": "30d"}, "caps": [{"limit": 1, "per": "day"}]}
        with a_pinger(market, [cap(1), auction(row)], intake=intake) as supplier:
            first, second = supplier.quoted(), supplier.quoted()
            assert set(market.used().values()) <= {0}
            assert supplier.post(first).json["status"] == "sold"
            assert set(market.used().values()) == {1}
            assert supplier.post(second).json["status"] == "duplicate"
            assert supplier.ping().json["outcome"] == "failure"


def test_nobody_bids_for_a_person_whose_lead_came_before(market: Market) -> None:
    with a_bidder(42) as sunrise:
        intake = {"duplicates": {"by": ["state"], "within": "30d"}}
        with a_pinger(market, [auction(connect(market, sunrise))], intake=intake) as supplier:
            assert supplier.post(supplier.quoted()).json["status"] == "sold"
            asked = len(sunrise.seen)
            told = supplier.ping().json
            assert (told["outcome"], len(sunrise.seen)) == ("failure", asked)
            assert supplier.ping(data={**PART, "state": "NV"}).json["outcome"] == "success"


def test_a_test_ping_calls_nobody_and_its_post_is_a_test_too(market: Market) -> None:
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        ping = supplier.quoted(data=PART | {"is_test": True})
        refused = supplier.post(ping)
        assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "ping_of_other_mode")
        assert supplier.post(ping, WHOLE | {"is_test": True}).json["status"] == "sold"
        assert sunrise.seen == []


@pytest.mark.parametrize(
    ("asked", "outcome", "reason"),
    [
        ("rejected", "failure", "no bid"),
        ("duplicate", "failure", "no bid"),
        ("error", "error", "The test asked for this answer"),
    ],
)
def test_a_test_ping_that_asks_for_another_answer_than_a_price_gets_it(
    market: Market, asked: str, outcome: str, reason: str
) -> None:
    test = {"is_test": True, "test_outcome": asked}
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        answer = supplier.ping(PART | test)
        assert (answer.status_code, answer.json) == (200, {"outcome": outcome, "reason": reason, "price": 0})
        posted = supplier.post(supplier.quoted(data=PART | {"is_test": True}), WHOLE | test)
        assert (posted.status_code, posted.json["status"]) == (201, asked)
    assert [lead.outcome for lead in market.leads()] == [asked, asked]


@pytest.mark.parametrize("asked", ["sold", "waiting"])
def test_a_test_ping_that_asks_for_what_only_a_post_can_come_to_is_told_its_price(market: Market, asked: str) -> None:
    test = {"is_test": True, "test_outcome": asked}
    with a_bidder(42) as sunrise, a_pinger(market, [auction(connect(market, sunrise))]) as supplier:
        told = supplier.post(supplier.quoted(data=PART | test), WHOLE | {"is_test": True})
        assert told.json["status"] == asked


def test_a_ping_is_never_held(market: Market) -> None:
    fallback = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "24h"}
    with a_bidder(0) as helio, a_pinger(market, [auction(connect(market, helio))], fallback=fallback) as supplier:
        assert supplier.ping().json["outcome"] == "failure"
    assert [lead.state for lead in market.leads()] == ["done"]


@pytest.mark.parametrize("loops", [3])
def test_many_pings_and_posts_at_once_pass_no_cap(market: Market, loops: int) -> None:
    with ExitStack() as stack:
        best, second = (stack.enter_context(a_bidder(bid)) for bid in (40, 30))
        limited = {"connection": connect(market, best), "caps": [{"limit": 5, "per": "day"}]}
        supplier = stack.enter_context(a_pinger(market, [auction(limited, connect(market, second))]))
        stack.enter_context(market.carrying(loops))

        def trade(number: int) -> str:
            lead = WHOLE | {"email": f"ana{number}@example.com"}
            return str(supplier.post(supplier.quoted(), lead).json["status"])

        with ThreadPoolExecutor(12) as pool:
            assert Counter(pool.map(trade, range(24))) == {"sold": 24}
    assert market.count_offers("b1", "accepted") == 5
    assert market.count_offers("b2", "accepted") == 19
