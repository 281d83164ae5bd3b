"""The demo's suppliers, posting to a real HTTP server that is told how to answer."""

import threading
import time
from collections import Counter
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Request, Response

from flowbuilder.config import settings
from flowbuilder.demo.kept import SourceAccess
from flowbuilder.demo.leads import HOW_OFTEN, MadeUpLead, make_lead
from flowbuilder.demo.suppliers import SUPPLIERS, Clerk, Round, server_of, start_posting

SEARCH, QUOTES = SUPPLIERS
SOURCES = {
    supplier.source(flow): SourceAccess(f"/f/{flow}/{supplier.name}", f"live-{supplier.name}", f"test-{supplier.name}")
    for supplier in SUPPLIERS
    for flow in HOW_OFTEN
}
LEAD = MadeUpLead("solar", "fits", {"first_name": "Ana", "monthly_bill": 1210, "homeowner": True}, "search-7")
SOLD = '{"status": "sold"}'


def clerk(server: HTTPServer, supplier=SEARCH) -> Clerk:
    return Clerk(server.url_for("/"), SOURCES, Round(supplier, begin=0))


def requests_to(server: HTTPServer) -> list[Request]:
    return [request for request, _ in server.log]


def test_a_lead_is_posted_with_the_sources_key_and_its_own_idempotency_key(httpserver):
    httpserver.expect_request("/f/solar/search", method="POST").respond_with_data(SOLD, 201)
    assert clerk(httpserver).post(LEAD) == "sold"
    [request] = requests_to(httpserver)
    assert request.headers["X-API-Key"] == "live-search"
    assert request.headers["Idempotency-Key"] == "search-7"
    assert request.get_json() == {**LEAD.fields, "utm_campaign": "spring"}


def test_a_test_lead_is_posted_with_the_test_key(httpserver):
    httpserver.expect_request("/f/solar/search").respond_with_data(SOLD, 201)
    clerk(httpserver).post(MadeUpLead("solar", "test", LEAD.fields, "search-8", is_test=True))
    assert requests_to(httpserver)[0].headers["X-API-Key"] == "test-search"


def test_a_form_is_posted_in_the_suppliers_own_words_and_asked_about_later(httpserver, monkeypatch):
    monkeypatch.setattr("flowbuilder.demo.suppliers.ASK_AGAIN_AFTER", 0.01)
    where = {"Location": "/f/solar/quotes/leads/L1"}
    httpserver.expect_ordered_request("/f/solar/quotes", method="POST", query_string="wait=0").respond_with_data(
        '{"status": "waiting"}', 202, where
    )
    httpserver.expect_ordered_request("/f/solar/quotes/leads/L1", method="GET").respond_with_data(SOLD, 200)
    assert clerk(httpserver, QUOTES).post(LEAD) == "sold"
    posted, asked = requests_to(httpserver)
    assert parse_qs(posted.get_data(as_text=True)) == {
        "fname": ["Ana"], "monthly_bill": ["$1,210"], "homeowner": ["yes"]
    }  # fmt: skip
    assert asked.headers["X-API-Key"] == "live-quotes"
    assert "Idempotency-Key" not in asked.headers


@pytest.mark.parametrize("status", [429, 503])
def test_a_post_that_is_not_taken_now_is_repeated_under_its_key(httpserver, status):
    httpserver.expect_ordered_request("/f/solar/search").respond_with_data("", status, {"Retry-After": "0"})
    httpserver.expect_ordered_request("/f/solar/search").respond_with_data(SOLD, 201)
    assert clerk(httpserver).post(LEAD) == "sold"
    assert [request.headers["Idempotency-Key"] for request in requests_to(httpserver)] == ["search-7"] * 2


def test_a_server_that_was_away_gets_the_lead_when_it_is_back(httpserver):
    address = httpserver.url_for("/")
    httpserver.stop()
    waiting, results = Round(SEARCH, begin=0), []
    poster = threading.Thread(target=lambda: results.append(Clerk(address, SOURCES, waiting).post(LEAD)))
    poster.start()
    httpserver.expect_request("/f/solar/search").respond_with_data(SOLD, 201)
    httpserver.start()
    poster.join(60)
    assert results == ["sold"]


def test_a_post_that_is_refused_is_not_repeated(httpserver):
    httpserver.expect_request("/f/solar/search").respond_with_data('{"status": "invalid"}', 422)
    assert clerk(httpserver).post(LEAD) == "invalid"
    assert len(httpserver.log) == 1


def test_an_answer_in_no_language_we_know_is_told_by_its_number(httpserver):
    httpserver.expect_request("/f/solar/search").respond_with_data("<h1>Oh</h1>", 500)
    assert clerk(httpserver).post(LEAD) == "answered 500"


def test_both_suppliers_go_through_their_numbers_side_by_side_and_count(httpserver):
    seen, enough = Counter(), threading.Event()

    def answer(request: Request) -> Response:
        seen[request.headers["Idempotency-Key"]] += 1
        if len(seen) > 40:
            enough.set()
        return Response(SOLD, 201)

    for access in SOURCES.values():
        httpserver.expect_request(access.path).respond_with_handler(answer)
    rounds = start_posting(httpserver.url_for("/"), SOURCES, begin=500, every=0.01)
    assert enough.wait(60)
    for round_ in rounds:
        round_.ends.set()
        for posting in round_.clerks:
            posting.join(60)
    assert {make_lead(name, number).key for name in ("search", "quotes") for number in range(501, 511)} <= set(seen)
    assert [round_.told().split(" posted ")[0] for round_ in rounds] == ["Search Leads", "Quote Forms"]


def test_leads_come_no_faster_than_agreed():
    paced = Round(SEARCH, begin=0, every=0.05)
    begun = time.monotonic()
    assert all(paced.next_lead() for _ in range(4))
    assert time.monotonic() - begun >= 0.14
    paced.ends.set()
    assert paced.next_lead() is None


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000")],
)
def test_the_server_is_reached_over_this_machine(host, address):
    assert server_of(replace(settings(), web_host=host, web_port=8000)) == address
