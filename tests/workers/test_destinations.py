"""Leads reach buyers in every format and with every kind of credential, and no secret is kept with the attempt."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from sqlalchemy import text

from tests.support.buyers import Buyer
from tests.support.flows import buyer
from tests.support.hostile import Behaviour, Server, saying, serving
from tests.support.hostile import Connection as Asking
from tests.support.market import Market
from workers import book

SECRET = "sk_live_planted_7Q2F"
XML_YES = b"<response><status>accepted</status><price>31.50</price><id>SX-9</id></response>"


YES = saying(b'{"status":"accepted"}')


class At:
    """A server as a market connects to it."""

    def __init__(self, server: Server) -> None:
        self.port, self._url = server.port, server.url

    def url(self) -> str:
        return self._url


@contextmanager
def connected(market: Market, behaviour: Behaviour, secrets: dict[str, str], **destination: Any) -> Iterator[Server]:
    """Publish a flow with one buyer that answers like this, its secrets kept in the vault."""
    with serving(behaviour) as server:
        shown = market.connect(cast(Buyer, At(server)), **destination)
        market.seal(shown, secrets)
        market.publish([buyer(shown, "sunrise", retry={"max_attempts": 1})])
        yield server


def carried(market: Market) -> tuple[Any, Any, Any]:
    """Carry one lead; return it, its offer and its attempt."""
    [lead_id] = market.post()
    market.carry()
    return market.lead(lead_id), market.offers(lead_id)[0], market.attempts(lead_id)[0]


@pytest.mark.parametrize(
    ("settings", "secrets", "first_line", "holds"),
    [
        ({"format": "form"}, {}, b"POST /leads HTTP/1.1", b"email=ana0%40example.com"),
        ({"format": "form", "method": "PUT"}, {}, b"PUT /leads HTTP/1.1", b"email="),
        ({"format": "xml"}, {}, b"POST /leads HTTP/1.1", b"<lead><email>ana0@example.com</email></lead>"),
        ({"format": "query"}, {}, b"POST /leads?email=ana0%40example.com HTTP/1.1", b"Content-Length: 0"),
        ({"format": "query", "method": "GET"}, {}, b"GET /leads?email=ana0%40example.com HTTP/1.1", b"Idempotency-Key"),
        (
            {"auth": {"type": "key", "in": "query", "name": "k"}},
            {"key": SECRET},
            b"POST /leads?k=sk_live_planted_7Q2F HTTP/1.1",
            b'{"email"',
        ),
        (
            {"auth": {"type": "key", "in": "body", "name": "k"}},
            {"key": SECRET},
            b"POST /leads HTTP/1.1",
            b'"k":"sk_live_planted_7Q2F"',
        ),
        (
            {"auth": {"type": "headers", "headers": {"X-Client": "", "X-Secret": ""}}},
            {"header:x-client": "acme-client", "header:x-secret": SECRET},
            b"POST /leads HTTP/1.1",
            b"X-Secret: sk_live_planted_7Q2F\r\n",
        ),
    ],
)
def test_a_buyer_gets_the_lead_as_it_asked_for_it(
    market: Market, settings: dict[str, Any], secrets: dict[str, str], first_line: bytes, holds: bytes
) -> None:
    with connected(market, YES, secrets, **settings) as server:
        lead, _, attempt = carried(market)
    [request] = server.requests
    assert request.split(b"\r\n")[0] == first_line
    assert holds in request
    assert lead.outcome == "sold"
    assert "planted" not in json.dumps(attempt.request)


def test_an_answer_in_xml_sells_the_lead_at_its_price(market: Market) -> None:
    settings = {
        "accepted_if": {"is": [{"var": "body.response.status"}, "accepted"]},
        "price_path": "body.response.price",
        "reference_path": "body.response.id",
    }
    with connected(market, saying(XML_YES, "text/xml"), {}, **settings):
        lead, offer, _ = carried(market)
    assert (lead.outcome, lead.revenue, offer.reference) == ("sold", 3150, "SX-9")


def test_a_secret_that_the_buyers_words_repeat_is_kept_nowhere(market: Market) -> None:
    no = saying(f'{{"status":"no","reason":"unknown key {SECRET}","id":"{SECRET}"}}'.encode())
    settings = {"auth": {"type": "bearer"}, "reference_path": "body.id"}
    with connected(market, no, {"token": SECRET}, **settings):
        _, offer, _ = carried(market)
    assert (offer.reason, offer.reference) == ("unknown key ••••7Q2F", "••••7Q2F")
    with market.database.connect() as database:
        stored = database.execute(text("SELECT string_agg(to_jsonb(o)::text, ' ') FROM offer o")).scalar_one()
        stored += database.execute(text("SELECT string_agg(to_jsonb(e)::text, ' ') FROM lead_event e")).scalar_one()
    assert "planted" not in stored


def oauth2(token_url: str) -> dict[str, str]:
    return {"type": "oauth2", "token_url": token_url, "client_id": "acme"}


def test_a_token_is_fetched_for_the_lead_and_kept_nowhere_but_sealed(market: Market) -> None:
    with serving(saying(b'{"access_token":"tok_planted","expires_in":60}')) as tokens:
        market.allowed.append(("127.0.0.1", tokens.port))
        echo = saying(b'{"status":"accepted","you_sent":"Bearer tok_planted"}')
        with connected(market, echo, {"client_secret": SECRET}, auth=oauth2(tokens.url)) as server:
            lead, _, attempt = carried(market)
    assert lead.outcome == "sold"
    assert b"Authorization: Bearer tok_planted\r\n" in server.requests[0]
    assert ["Authorization", "Bearer ••••"] in attempt.request["headers"]
    with market.database.connect() as database:
        stored = database.execute(text("SELECT coalesce(jsonb_agg(to_jsonb(a))::text, '') FROM attempt a")).scalar_one()
        stored += database.execute(text("SELECT sealed FROM access_token")).scalar_one()
    assert "planted" not in stored


def test_a_client_that_is_not_known_any_more_is_an_error_and_nothing_is_sent(market: Market) -> None:
    with serving(saying(b'{"error":"invalid_client"}', status="401 Unauthorized")) as tokens:
        market.allowed.append(("127.0.0.1", tokens.port))
        with connected(market, YES, {"client_secret": SECRET}, auth=oauth2(tokens.url)) as server:
            lead, offer, attempt = carried(market)
    assert (lead.outcome, offer.state, offer.lost_reason) == ("rejected", "error", "credentials_expired")
    assert "invalid_client" in attempt.error
    assert server.requests == []


CLOSE = text("UPDATE credential SET sealed = 'v1:k9:AAAAAAAAAAAAAAAA:AAAA'")
"""Has every stored secret be one that no key opens."""


def test_a_secret_that_does_not_open_is_told_as_an_error(market: Market, caplog: pytest.LogCaptureFixture) -> None:
    with connected(market, YES, {"token": SECRET}, auth={"type": "bearer"}) as server:
        with market.database.begin() as database:
            database.execute(CLOSE)
        [lead_id] = market.post()
        market.carry()
    [offered] = [event.result for event in market.events(lead_id) if event.effect == "offer"]
    assert (offered["answer"], offered["reason"], server.requests) == ("not_asked", "error", [])
    assert [record.message for record in caplog.records if "does not open" in record.message]


def test_an_answer_is_read_whose_secret_does_not_open_any_more(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "FRESH", 0.0)

    def closes_and_accepts(connection: Asking) -> None:
        with market.database.begin() as database:
            database.execute(CLOSE)
        YES(connection)

    with connected(market, closes_and_accepts, {"token": SECRET}, auth={"type": "bearer"}):
        lead, offer, attempt = carried(market)
    assert (lead.outcome, offer.state, attempt.state) == ("sold", "accepted", "ok")
