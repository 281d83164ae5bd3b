"""How a buyer is asked for a bid: what it may see, and which answers are bids."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from rules.delivery.bids import Bid, read_bid
from rules.delivery.destination import Destination, parse_destination
from rules.delivery.request import CannotBuild, Pings, build_ping
from rules.delivery.wire import Reply
from rules.fields import Field
from rules.problems import Problem
from tests.support.cases import rows

MakeDestination = Callable[..., Destination]
PING: dict[str, Any] = {"url": "https://api.sunrise.example.com/ping", "bid_path": "body.bid", "bid_id_path": "body.id"}
FIELDS = (
    Field("first_name", "name", sensitive=True),
    Field("email", "email", sensitive=True),
    Field("phone_1", "phone", region="US", sensitive=True),
    Field("address", "text"),
    Field("postal_code", "postal_code", region="US", sensitive=True),
    Field("state", "state"),
    Field("product", "choice", options=("solar",)),
    Field("bill", "money"),
    Field("income", "money", sensitive=True),
)
ANA = {
    "first_name": "Ana",
    "email": "ana@example.com",
    "phone_1": "+15125551234",
    "address": "1 Main St",
    "postal_code": "78701",
    "state": "TX",
    "product": "solar",
    "bill": Decimal(140),
    "income": Decimal(90_000),
}
OFFER = {
    "id": "01KAHOFFER", "lead_id": "01KAHLEAD", "attempt": 1, "is_test": False, "price": None,
    "received_at": "2026-11-20T18:41:58.120Z", "sent_at": "2026-11-20T18:41:58.300Z", "flow_name": "Solar",
    "source_name": "WebForms", "buyer": "Sunrise",
}  # fmt: skip


def replied(status: int, body: object) -> Reply:
    written = body if isinstance(body, bytes) else json.dumps(body, default=float).encode()
    return Reply(status, (("content-type", "application/json"),), written)


def asked(destination: Destination) -> Any:
    return json.loads(build_ping(destination, FIELDS, {"lead": ANA}, OFFER, {}).body)


@pytest.mark.parametrize(("body", "currency", "answer", "amount"), rows("bids.json"))
def test_an_answer_is_a_bid_or_none(
    a_destination: MakeDestination, body: Any, currency: str, answer: str, amount: int | None
) -> None:
    bid = read_bid(a_destination(ping=PING), replied(200, body), currency)
    assert (bid.answer, bid.amount) == (answer, amount)


@pytest.mark.parametrize("body", [b'{"bid": NaN}', b'{"bid": 1e999}', b'{"bid": 31, "bid": 99}', b"bid: 31", b""])
def test_what_cannot_be_read_is_no_bid(a_destination: MakeDestination, body: bytes) -> None:
    assert read_bid(a_destination(ping=PING), replied(200, body), "USD").answer == "no_bid"


@pytest.mark.parametrize(
    ("status", "answer"),
    [(200, "bid"), (201, "bid"), (204, "bid"), (302, "no_bid"), (400, "no_bid"), (401, "no_bid"), (404, "no_bid"),
     (418, "error"), (429, "error"), (500, "error"), (502, "error"), (503, "error")],
)  # fmt: skip
def test_a_status_that_is_no_yes_holds_no_bid(a_destination: MakeDestination, status: int, answer: str) -> None:
    destination = a_destination(ping=PING, errors=[418])
    assert read_bid(destination, replied(status, {"bid": 31}), "USD").answer == answer


def test_a_bid_has_the_buyers_own_number_and_words(a_destination: MakeDestination) -> None:
    destination = a_destination(ping=PING | {"reason_path": "body.why"})
    bid = read_bid(destination, replied(200, {"bid": 31, "id": 77, "why": "hot"}), "USD")
    assert bid == Bid("bid", 3100, "77", "hot")
    assert read_bid(destination, replied(200, {"why": "no budget"}), "USD") == Bid("no_bid", said="no budget")


@pytest.mark.parametrize(("own", "step", "most"), [(250, None, 25000), (250, 10000, 10000), (50, 10000, 5000)])
def test_the_lower_of_the_highest_bids_counts(
    a_destination: MakeDestination, own: int, step: int | None, most: int
) -> None:
    destination = a_destination(ping=PING | {"highest_bid": own})
    bids = [read_bid(destination, replied(200, {"bid": (most + more) / 100}), "USD", step).answer for more in (0, 1)]
    assert bids == ["bid", "no_bid"]


def test_before_buying_a_buyer_sees_what_the_lead_is_about_and_not_who_it_is(a_destination: MakeDestination) -> None:
    seen = {"phone_1": "+1512*******", "postal_code": "78701", "state": "TX", "product": "solar", "bill": 140}
    assert asked(a_destination(ping=PING)) == seen


def test_a_mapping_of_its_own_says_otherwise(a_destination: MakeDestination) -> None:
    mapping = [["who", {"var": "lead.first_name"}], ["zip3", {"var": "lead.postal_code"}]]
    assert asked(a_destination(ping=PING | {"mapping": mapping})) == {"who": "Ana", "zip3": "78701"}


def test_a_ping_goes_to_its_own_address_and_is_authorised_like_an_offer(a_destination: MakeDestination) -> None:
    destination = a_destination(ping=PING, auth={"type": "bearer"})
    request = build_ping(destination, FIELDS, {"lead": ANA}, OFFER, {"token": "tok"})
    assert request.url == PING["url"]
    assert ("Authorization", "Bearer tok") in request.headers
    assert ("Idempotency-Key", "01KAHOFFER") in request.headers


def test_bidders_on_one_lead_are_asked_as_each_alone_would_be(a_destination: MakeDestination) -> None:
    told = [["deal", {"var": "offer.id"}], ["of", "{{offer.buyer}}"], ["state", {"var": "lead.state"}]]
    key = {"type": "key", "in": "body", "name": "api_key"}
    settings: list[dict[str, Any]] = [
        {}, {"format": "xml"}, {"auth": {"type": "bearer"}}, {"auth": key}, {"format": "xml"}, {"format": "form"}, {},
    ]  # fmt: skip
    bidders = [a_destination(ping=PING, **one) for one in settings]
    bidders += [a_destination(ping=PING | {"mapping": told}), a_destination(ping=PING | {"mapping": []})]
    own = [{"id": f"01KAHOFFER{at}", "attempt": 1, "buyer": f"Buyer {at}"} for at in range(len(bidders))]
    secrets = {"token": "tok", "key": "k"}
    pings = Pings(FIELDS, {"lead": ANA}, {name: said for name, said in OFFER.items() if name not in own[0]})
    for destination, offer in zip(bidders, own, strict=True):
        alone = build_ping(destination, FIELDS, {"lead": ANA}, OFFER | offer, secrets)
        assert pings.build(destination, offer, secrets) == alone


def test_a_destination_without_a_ping_is_not_asked(a_destination: MakeDestination) -> None:
    with pytest.raises(CannotBuild, match="does not say how"):
        asked(a_destination())


@pytest.mark.parametrize(
    ("expression", "warned"),
    [({"var": "lead.first_name"}, True), ({"var": "raw.email"}, True), ("{{lead.phone_1}}", True),
     ({"phone": [{"var": "lead.phone_1"}, "national"]}, True), ({"phone": [{"var": "lead.phone_1"}, "masked"]}, False),
     ({"hash": [{"var": "lead.email"}, "sha256"]}, False), ({"var": "lead.state"}, False)],
)  # fmt: skip
def test_telling_who_it_is_before_buying_is_warned_of(expression: Any, warned: bool) -> None:
    problems: list[Problem] = []
    document = {"url": "https://a.example/leads", "ping": PING | {"mapping": [["x", expression]]}}
    assert parse_destination(document, "", problems) is not None
    assert [(problem.code, problem.path) for problem in problems] == (
        [("tells_a_person", "ping.mapping[0]")] if warned else []
    )


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"highest_bid": 0}, ("ping.highest_bid", "not_money")),
        ({"highest_bid": "x"}, ("ping.highest_bid", "not_money")),
        ({"timeout_ms": 99}, ("ping.timeout_ms", "not_a_whole_number")),
        ({"bid_path": "bid"}, ("ping.bid_path", "bad_path")),
        ({"speed": 1}, ("ping.speed", "unknown_setting")),
        ({"url": "ftp://a.example"}, ("ping.url", "bad_url")),
    ],
)
def test_what_is_wrong_with_a_ping_has_its_place(settings: dict[str, Any], problem: tuple[str, str]) -> None:
    problems: list[Problem] = []
    assert parse_destination({"url": "https://a.example/leads", "ping": PING | settings}, "", problems) is None
    assert problem in [(found.path, found.code) for found in problems]
